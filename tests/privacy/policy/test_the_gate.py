"""What the policy in effect does not cover can't be used, whichever way it is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, models
from django.db.models import F, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, Click
from contacts.models import Inquiry
from privacy.encryption.bulk_insert import insert_rows
from privacy.encryption.models import uuid7
from privacy.erasure.erase import erase_person
from privacy.erasure.retention import purge_expired
from privacy.mail.sending import MailRefused, queue_mail
from privacy.mails import REQUEST_CONFIRMATION
from privacy.models import OutgoingMail, PrivacyRequest, Suppression
from privacy.policy.checks import check_that_the_gate_sees_every_column
from privacy.policy.models import PolicyVersion
from privacy.registry import policy_gate
from privacy.registry.policy_gate import NotInEffect, is_open
from privacy.registry.policy_snapshot import running
from shop.models import Order, Product
from tests import factories

from .conftest import policy_in_effect

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PHONE = "contacts_inquiry.phone"
COOKIE = "affiliates_click.cookie_digest"
Policy = Callable[..., PolicyVersion]


def test_a_new_column_can_not_be_saved(lacks: Policy) -> None:
    lacks(PHONE)
    with pytest.raises(NotInEffect, match=r"contacts_inquiry\.phone can't be stored because"):
        factories.inquiry(phone="805-651-8516")
    assert not Inquiry.objects.exists()


def test_closed_column_can_not_be_changed_on_a_row(lacks: Policy) -> None:
    inquiry = factories.inquiry()
    lacks(PHONE)
    inquiry.phone = "805-651-8516"
    for names in (None, ["phone"]):
        with pytest.raises(NotInEffect):
            inquiry.save(update_fields=names)


@pytest.mark.parametrize("create", [Inquiry.objects.bulk_create, insert_rows], ids=["bulk_create", "insert_rows"])
def test_closed_column_can_not_be_created_in_bulk(lacks: Policy, create: Callable[[list[Inquiry]], Any]) -> None:
    lacks(PHONE)
    row = Inquiry(name="Dave", email="dave@example.org", message="Hello?", phone="805-651-8516")
    with pytest.raises(NotInEffect):
        create([row])


def test_closed_column_can_not_be_sealed_for_an_update(lacks: Policy) -> None:
    inquiry = factories.inquiry()
    lacks(PHONE)
    with pytest.raises(NotInEffect):
        Inquiry.objects.update(phone=inquiry.sealed("phone", "805-651-8516"))


@pytest.mark.parametrize(
    "write", ["save", "insert", "bulk_create", "insert_rows", "update", "expression", "other column", "bulk_update"]
)
def test_a_column_that_is_not_sealed_is_closed_too(lacks: Policy, alice: Affiliate, write: str) -> None:
    click = factories.click(alice)
    lacks(COOKIE)
    with pytest.raises(NotInEffect, match="cookie_digest"):
        write_cookie(click, write)


def test_personal_column_that_the_gate_does_not_see_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_that_the_gate_sees_every_column(None) == []
    monkeypatch.setattr(Click._meta.get_field("cookie_digest"), "__class__", models.CharField)
    [message] = check_that_the_gate_sees_every_column(None)
    assert (message.id, "affiliates.Click.cookie_digest" in message.msg) == ("privacy.E041", True)


def write_cookie(click: Click, write: str) -> None:
    click.cookie_digest = "another"
    if write == "save":
        click.save()
    elif write == "insert":
        click.pk = uuid7()
        click.insert()
    elif write == "bulk_create":
        click.pk = uuid7()
        Click.objects.bulk_create([click])
    elif write == "insert_rows":
        click.pk = uuid7()
        insert_rows([click])
    elif write == "bulk_update":
        Click.objects.bulk_update([click], ["cookie_digest"])
    else:
        values: dict[str, Any] = {"update": "x", "expression": Value("x"), "other column": F("landing_path")}
        Click.objects.update(cookie_digest=values[write])


def test_leaving_a_closed_column_empty_is_in_order(lacks: Policy) -> None:
    lacks(PHONE)
    inquiry = factories.inquiry(phone="")
    inquiry.name = "David"
    inquiry.save()
    assert Inquiry.objects.get().name == "David"


def test_stored_value_of_a_closed_column_stays_with_its_row(lacks: Policy) -> None:
    factories.inquiry(phone="805-651-8516")
    lacks(PHONE)
    inquiry = Inquiry.objects.get()
    inquiry.name = "David"
    inquiry.save()
    assert Inquiry.objects.get().phone == "805-651-8516"


def test_other_columns_stay_open(lacks: Policy) -> None:
    lacks(PHONE)
    assert is_open(Inquiry, "email")
    assert is_open(Inquiry, "state")
    assert not is_open(Inquiry, "phone")


@pytest.mark.parametrize(
    "before",
    [{"purpose": "quote"}, {"days": 365, "kept": "a year"}, {"recipients": "our lawyer"}, {"since": "answered_at"}],
)
def test_another_use_closes_a_column(says: Policy, before: dict[str, Any]) -> None:
    says(PHONE, **before)
    with pytest.raises(NotInEffect):
        factories.inquiry(phone="805-651-8516")


def test_a_shorter_retention_closes_nothing(says: Policy, product: Product) -> None:
    says("shop_order.phone", days=5000, kept="nearly 14 years")
    assert factories.order(product, phone="805-651-8516").phone
    assert [difference.widens for difference in policy_gate.waiting().differences] == [False]


def test_a_longer_retention_does_not_count_before_it_is_in_effect(says: Policy, product: Product) -> None:
    """Kept 7 years by the code, a year by the policy: what is 400 days old loses its buyer."""
    old, young = (timezone.now() - timedelta(days=days) for days in (400, 300))
    factories.order(product, email="old@example.org", placed_at=old)
    factories.order(product, email="young@example.org", placed_at=young)
    purge_expired(now=timezone.now())
    assert {order.email for order in Order.objects.all()} == {"old@example.org", "young@example.org"}
    says("shop_order.phone", days=365, kept="a year")
    purge_expired(now=timezone.now())
    assert {order.email for order in Order.objects.all()} == {None, "young@example.org"}


def test_protective_column_is_never_closed_by_a_longer_retention(says: Policy) -> None:
    says("privacy_suppression.fingerprint", kept="a year")
    Suppression.objects.create(fingerprint="dave@example.org", channel="email")
    assert [difference.widens for difference in policy_gate.waiting().differences] == [True]


def test_an_erasure_is_never_refused(lacks: Policy) -> None:
    factories.user("dave@example.org")
    lacks("accounts_user.password")
    with pytest.raises(NotInEffect):
        factories.user("erin@example.org")
    erase_person(email="dave@example.org")
    assert User.objects.get().password == "!"


def test_columns_of_notices_are_never_closed(says: Policy) -> None:
    says("privacy_outgoingmail.text", days=10, kept="10 days")
    factories.inquiry()
    assert [difference.widens for difference in policy_gate.waiting().differences] == [True]
    assert not policy_gate.waiting().closed


def test_mail_for_a_new_purpose_is_refused() -> None:
    old = {**running(), "purposes": [name for name in running()["purposes"] if name != "privacy_request"]}
    request = PrivacyRequest.objects.create(email="dave@example.org", kind="access", keep_until=timezone.now())
    policy_in_effect(old)
    with pytest.raises(MailRefused, match="does not cover its purpose"):
        queue_mail(REQUEST_CONFIRMATION, to="dave@example.org", about=request, context={"token": "t"})
    assert not OutgoingMail.objects.exists()


def test_gate_opens_at_once_after_another_process_put_a_version_in_effect(lacks: Policy) -> None:
    lacks(PHONE)
    assert not is_open(Inquiry, "phone")
    known = policy_gate._waiting
    policy_in_effect(running())
    policy_gate._waiting = known  # this process has heard nothing of it
    assert factories.inquiry(phone="805-651-8516").phone


def test_an_open_column_costs_no_query(lacks: Policy) -> None:
    lacks(PHONE)
    factories.inquiry()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        factories.inquiry(message="Hello again?")
    assert not [query for query in queries.captured_queries if "policyversion" in query["sql"]]


def test_nothing_is_open_without_a_policy(lacks: Policy) -> None:
    policy_in_effect({"columns": {}, "purposes": [], "promises": []})
    with pytest.raises(NotInEffect):
        factories.inquiry()
