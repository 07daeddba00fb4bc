"""A former code stays its affiliate's: old links keep counting for them, and nobody else can get it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from affiliates.membership.account_state import anonymize_closed_affiliates, close_affiliate
from affiliates.models import Affiliate, AffiliateCode, Attribution, Click
from privacy.audit.models import AuditEntry
from privacy.encryption.keys import RootKey
from privacy.erasure.erase import erase_person
from shop.models import Product
from tests import factories
from tests.shop.purchases import place

ADD = "/admin/affiliates/affiliate/add/"
NEVER_AGAIN = "Another affiliate has or once had this code."


@pytest.fixture(autouse=True)
def _cast(clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    """Noon, Alice and the product."""


def change_code(staff: Client, affiliate: Affiliate, code: str) -> str:
    values = {"code": code, "payout_email": affiliate.payout_email or "", "website": ""}
    return staff.post(f"/admin/affiliates/affiliate/{affiliate.pk}/change/", values, follow=True).content.decode()


def add_erin(staff: Client, code: str) -> str:
    erin = factories.user("erin@example.org")
    return staff.post(ADD, {"user": str(erin.pk), "code": code, "website": ""}, follow=True).content.decode()


@pytest.fixture
def renamed(staff: Client, alice: Affiliate) -> Affiliate:
    """Alice, whose code was DEMO and is ALICE now."""
    assert "was changed successfully" in change_code(staff, alice, "ALICE")
    alice.refresh_from_db()
    return alice


@pytest.mark.parametrize("address", ["/go/DEMO/", "/?ref=demo", "/go/ALICE/", "/?ref=alice"])
def test_former_code_links_count_for_same_affiliate(renamed: Affiliate, client: Client, address: str) -> None:
    client.get(address)
    assert Click.objects.get().affiliate == renamed
    assert AuditEntry.objects.filter(action="affiliates.code.changed").count() == 1


@pytest.mark.usefixtures("paypal_down")
def test_former_code_at_checkout_counts_for_its_owner(renamed: Affiliate, client: Client) -> None:
    place(client, code="demo")
    assert Attribution.objects.get().affiliate == renamed


SPELLINGS = ["DEMO", "demo", "DeMo", " demo ", "ＤＥＭＯ", "ｄｅｍｏ", "DEMO/", "𝐃𝐄𝐌𝐎"]


@pytest.mark.parametrize("code", SPELLINGS)
def test_no_spelling_of_former_code_is_reassigned(renamed: Affiliate, staff: Client, code: str) -> None:
    page = add_erin(staff, code)
    assert "errornote" in page
    assert Affiliate.objects.get() == renamed


def test_reassigning_former_code_shows_reason(renamed: Affiliate, staff: Client) -> None:
    assert NEVER_AGAIN in add_erin(staff, "demo")
    frank = factories.affiliate("frank@example.org", "FRANK")
    assert NEVER_AGAIN in change_code(staff, frank, "DEMO")
    assert Affiliate.objects.all().spelled("DEMO").get() == renamed


@pytest.mark.parametrize("code", SPELLINGS)
def test_every_spelling_of_code_finds_owner(client: Client, code: str) -> None:
    client.get("/", {"ref": code})
    assert Click.objects.count() == 1
    assert Affiliate.objects.with_code(code) is not None


@pytest.mark.parametrize(("code", "owned"), [("demoı", "DEMOI"), ("ﬁt", "FIT"), ("ſtar", "STAR")])
def test_unicode_case_variants_of_code_find_same_owner(client: Client, code: str, owned: str) -> None:
    """Links took "demoı" for DEMOI, the checkout did not."""
    erin = factories.affiliate("erin@example.org", owned)
    client.get("/", {"ref": code})
    assert Click.objects.get().affiliate == erin
    assert Affiliate.objects.with_code(code) == erin


def test_owner_can_reuse_former_code(renamed: Affiliate, staff: Client) -> None:
    assert "was changed successfully" in change_code(staff, renamed, "DEMO")
    assert Affiliate.objects.get().code == "DEMO"


def test_staff_find_affiliate_by_former_code(renamed: Affiliate, staff: Client) -> None:
    factories.affiliate("erin@example.org", "ERIN")
    page = staff.get("/admin/affiliates/affiliate/?q=demo").content.decode()
    assert "ALICE" in page
    assert "ERIN" not in page
    staff.post(
        "/admin/affiliates/ledgerentry/adjust/",
        {"code": "demo", "amount": "1.00", "currency": "USD", "reason": "A gift."},
    )
    assert renamed.ledger.get().amount_minor == 100


def test_database_refuses_another_affiliates_former_code(renamed: Affiliate) -> None:
    frank = factories.affiliate("frank@example.org", "FRANK")
    frank.code = "Demo"
    with pytest.raises(IntegrityError), transaction.atomic():
        frank.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        AffiliateCode.objects.create(affiliate=frank, code="demo")
    assert Affiliate.objects.all().spelled("DEMO").get() == renamed


def test_database_refuses_to_move_or_delete_code(renamed: Affiliate) -> None:
    frank = factories.affiliate("frank@example.org", "FRANK")
    codes = AffiliateCode.objects.filter(code_index="DEMO")
    for attempt in (lambda: codes.update(affiliate=frank), codes.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert codes.get().affiliate == renamed


def test_former_code_works_during_key_rotation(renamed: Affiliate, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = f"{RootKey.generate().written_out()},{settings.ENCRYPTION_KEYS}"
    frank = factories.affiliate("frank@example.org", "FRANK")
    frank.code = "DEMO"
    with pytest.raises(IntegrityError), transaction.atomic():
        frank.save()
    assert Affiliate.objects.with_code("demo") == renamed


def columns_of(*tables: str) -> bytes:
    found = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            found += [bytes(v) if isinstance(v, (bytes, memoryview)) else str(v).encode() for r in cursor for v in r]
    return b" ".join(found)


def test_codes_stay_reserved_after_erasure(renamed: Affiliate, staff: Client) -> None:
    assert b"ALICE" in columns_of("affiliates_affiliate", "affiliates_affiliatecode")
    erase_person(email="alice@example.com")
    kept = columns_of("affiliates_affiliate", "affiliates_affiliatecode").upper()
    assert b"ALICE" not in kept
    assert b"DEMO" not in kept
    for code in ("demo", "ALICE"):
        someone = factories.user(f"{code}@example.org")
        page = staff.post(ADD, {"user": str(someone.pk), "code": code, "website": ""}).content.decode()
        assert NEVER_AGAIN in page
    client = Client()
    assert client.get("/go/DEMO/").status_code == 302
    assert not Click.objects.exists()


def test_code_of_anonymized_account_stays_reserved(
    alice: Affiliate, staff: Client, clock: time_machine.Traveller
) -> None:
    close_affiliate(affiliate=alice, actor=alice.user)
    clock.shift(timedelta(days=8))
    assert anonymize_closed_affiliates(now=timezone.now()) == 1
    alice.refresh_from_db()
    assert alice.code != "DEMO"
    assert NEVER_AGAIN in add_erin(staff, "DEMO")
