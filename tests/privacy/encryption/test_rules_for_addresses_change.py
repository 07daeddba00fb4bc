"""What was stored under the former normal form of an address is told apart and listed; opt-outs keep holding."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import models
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from contacts.models import Inquiry
from privacy.consent.opt_out_backup import restore_opt_outs
from privacy.consent.opt_outs import is_opted_out, suppress
from privacy.consent.preference_links import _PLACE, preferences_token, read_token
from privacy.encryption.fingerprints import NormalForm
from privacy.encryption.keys import RootKey
from privacy.encryption.normalization import former_email_fingerprint, former_normal_form
from privacy.encryption.sealing import seal
from privacy.erasure.erase import erase_person
from privacy.erasure.reapply import reapply
from privacy.keystore.models import OptOutCopy, Tombstone
from privacy.mail import address_reindex
from privacy.mail.address_reindex import keep_address_indexes, reindex_addresses
from privacy.models import ErasureMark, PrivacyRequest, Suppression
from privacy.models.address_index import AddressChange, AddressIndexing
from shop.models import Order, Product
from tests import factories
from tests.privacy.stored import anew, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ANNA, LOOK_ALIKE, PUNYCODE = "anna@strasse.example", "anna@straße.example", "anna@xn--strae-oqa.example"


def as_before(row: models.Model, index: str = "email_index", address: str = "email") -> None:
    """The row as the former version stored it."""
    field: Any = row._meta.get_field(index)
    old = field.compute(former_normal_form(getattr(row, address)))
    type(row)._base_manager.filter(pk=row.pk).update(**{index: old})


@pytest.fixture
def mixed_up(product: Product) -> tuple[Order, Inquiry, User]:
    """Anna's order, and a message and an account of somebody whose domain looks like hers."""
    order, inquiry, user = factories.order(product, ANNA), factories.inquiry(LOOK_ALIKE), factories.user(LOOK_ALIKE)
    as_before(inquiry)
    as_before(user)
    assert Inquiry.objects.get(email_index=ANNA) == inquiry and User.objects.with_email(ANNA) == user
    return order, inquiry, user


def listed() -> set[tuple[str, str]]:
    return {(str(change.row_id), change.change) for change in AddressChange.objects.all()}


def test_each_row_is_found_by_its_own_address_and_staff_see_which_were_mixed_up(
    mixed_up: tuple[Order, Inquiry, User],
) -> None:
    order, inquiry, user = mixed_up
    assert reindex_addresses(now=timezone.now()) == 2
    assert (Inquiry.objects.get(email_index=LOOK_ALIKE), User.objects.with_email(LOOK_ALIKE)) == (inquiry, user)
    assert (Inquiry.objects.filter(email_index=ANNA).count(), User.objects.with_email(ANNA)) == (0, None)
    assert Order.objects.get(email_index=ANNA) == order
    assert listed() == {(str(inquiry.pk), "separated"), (str(user.pk), "separated")}


def test_second_run_changes_nothing_and_lists_nothing_twice(mixed_up: tuple[Order, Inquiry, User]) -> None:
    reindex_addresses(now=timezone.now())
    before = listed()
    assert reindex_addresses(now=timezone.now()) == 0
    assert listed() == before


def test_address_that_nobody_shared_is_indexed_anew_and_not_listed() -> None:
    inquiry = factories.inquiry(LOOK_ALIKE)
    as_before(inquiry)
    assert reindex_addresses(now=timezone.now()) == 1
    assert Inquiry.objects.get(email_index=LOOK_ALIKE) == inquiry
    assert listed() == set()


def test_rows_in_ascii_are_left_alone(product: Product) -> None:
    order = factories.order(product, ANNA)
    before = stored(order, "email_index")
    assert reindex_addresses(now=timezone.now()) == 0
    assert stored(order, "email_index") == before


def test_spelling_that_names_the_same_mailbox_is_joined_and_listed() -> None:
    punycode, letters = factories.inquiry(PUNYCODE), factories.inquiry(LOOK_ALIKE)
    as_before(letters)
    assert list(Inquiry.objects.filter(email_index=PUNYCODE)) == [punycode]
    reindex_addresses(now=timezone.now())
    assert Inquiry.objects.filter(email_index=PUNYCODE).count() == 2
    assert listed() == {(str(letters.pk), "joined")}


def test_two_accounts_of_one_mailbox_do_not_stop_the_run_and_are_listed() -> None:
    punycode = factories.user(PUNYCODE)
    letters = User(email="anna@other.example")
    letters.save()
    User.objects.filter(pk=letters.pk).update(email=letters.sealed("email", LOOK_ALIKE))
    as_before(anew(letters))
    later = factories.inquiry("zoe@große.example")
    as_before(later)
    assert reindex_addresses(now=timezone.now()) == 2
    assert User.objects.with_email(LOOK_ALIKE) == punycode
    assert User.objects.with_email(ANNA) is None  # not found by the look-alike's address either
    assert anew(letters).email_index is None
    assert listed() == {(str(letters.pk), "duplicate")}
    assert reindex_addresses(now=timezone.now()) == 0


def test_request_is_found_by_its_own_fingerprint_again() -> None:
    request = PrivacyRequest.objects.create(email=LOOK_ALIKE, kind="access", keep_until=timezone.now())
    index: Any = PrivacyRequest._meta.get_field("email_index")
    fingerprint = former_email_fingerprint(LOOK_ALIKE)
    PrivacyRequest.objects.filter(pk=request.pk).update(
        fingerprint=request.sealed("fingerprint", fingerprint), email_index=index.compute(fingerprint)
    )
    assert PrivacyRequest.objects.filter(email_index=ANNA).exists()
    assert reindex_addresses(now=timezone.now()) == 1
    assert not PrivacyRequest.objects.filter(email_index=ANNA).exists()
    assert PrivacyRequest.objects.get(email_index=LOOK_ALIKE) == request
    anew(request).save()
    assert PrivacyRequest.objects.get(email_index=LOOK_ALIKE) == request


def test_run_that_was_killed_goes_on(mixed_up: tuple[Order, Inquiry, User], monkeypatch: pytest.MonkeyPatch) -> None:
    swap, swapped = address_reindex._swap, list[Any]()

    def killed(*arguments: Any) -> bool:
        if swapped:
            raise KeyboardInterrupt
        swapped.append(arguments)
        return swap(*arguments)

    monkeypatch.setattr(address_reindex, "_swap", killed)
    AddressIndexing.objects.all().delete()
    with pytest.raises(KeyboardInterrupt):
        keep_address_indexes(now=timezone.now())
    monkeypatch.setattr(address_reindex, "_swap", swap)
    assert keep_address_indexes(now=timezone.now()) == 1
    assert len(listed()) == 2


def test_writer_in_between_wins(mixed_up: tuple[Order, Inquiry, User], monkeypatch: pytest.MonkeyPatch) -> None:
    _order, inquiry, _user = mixed_up
    swap = address_reindex._swap

    def after_a_writer(column: Any, row: Any, *arguments: Any) -> bool:
        if row.pk == inquiry.pk:
            current = anew(inquiry)
            current.email = "anna@moved.example"
            current.save()
        return swap(column, row, *arguments)

    monkeypatch.setattr(address_reindex, "_swap", after_a_writer)
    assert reindex_addresses(now=timezone.now()) == 1
    assert Inquiry.objects.get(email_index="anna@moved.example") == inquiry
    assert str(inquiry.pk) not in {row for row, _ in listed()}


def test_old_keys_do_not_count_as_old_rules(settings: Settings) -> None:
    inquiry = factories.inquiry(LOOK_ALIKE)
    settings.ENCRYPTION_KEYS = f"{RootKey(b'next', b'n' * 32).written_out()},{settings.ENCRYPTION_KEYS}"
    assert reindex_addresses(now=timezone.now()) == 0
    assert stored(inquiry, "email_index")[:4] == b"test"


def test_migrating_does_it_by_itself_and_housekeeping_once_more_a_day_later(
    mixed_up: tuple[Order, Inquiry, User], clock: time_machine.Traveller
) -> None:
    AddressIndexing.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert len(listed()) == 2
    late = factories.inquiry("zoe@große.example")  # by a process of the former version, still running
    as_before(late)
    assert keep_address_indexes(now=timezone.now()) == 0
    clock.shift(timedelta(days=1))
    assert keep_address_indexes(now=timezone.now()) == 1
    as_before(late)
    clock.shift(timedelta(days=1))
    assert keep_address_indexes(now=timezone.now()) == 0


def test_rotating_keys_does_it_too(mixed_up: tuple[Order, Inquiry, User]) -> None:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    assert "2 addresses were reindexed by new rules" in out.getvalue()
    assert LOOK_ALIKE not in out.getvalue() and len(listed()) == 2


def test_staff_see_ids_on_their_first_page_and_in_a_list_and_remove_what_they_reviewed(
    mixed_up: tuple[Order, Inquiry, User], staff: Client
) -> None:
    reindex_addresses(now=timezone.now())
    assert "rows to review because their addresses" in staff.get("/admin/").content.decode()
    page = staff.get("/admin/privacy/addresschange/").content.decode()
    assert f"/admin/contacts/inquiry/{mixed_up[1].pk}/change/" in page
    assert LOOK_ALIKE not in page and ANNA not in page
    entry = AddressChange.objects.first()
    assert entry is not None
    staff.post(f"/admin/privacy/addresschange/{entry.pk}/delete/", {"post": "yes"})
    assert AddressChange.objects.count() == 1


# --- Fingerprints, of which nothing else is left ----------------------------------------------------------------------


def former_opt_out(channel: str = "email") -> Suppression:
    """As the former version stored it: whose it is, Anna's or her look-alike's, can't be told."""
    fingerprint = former_email_fingerprint(LOOK_ALIKE)
    return Suppression.objects.create(fingerprint=fingerprint, channel=channel, normal_form=NormalForm.FORMER)


def test_former_opt_out_holds_for_whoever_may_have_asked() -> None:
    opt_out = former_opt_out()
    assert is_opted_out(ANNA, "email") and is_opted_out(LOOK_ALIKE, "email")
    assert not is_opted_out("anna@example.org", "email")
    assert anew(opt_out).normal_form == NormalForm.FORMER


@pytest.mark.parametrize(("asked", "other"), [(ANNA, LOOK_ALIKE), (LOOK_ALIKE, ANNA)])
def test_opt_out_of_today_holds_for_one_of_two_look_alikes(asked: str, other: str) -> None:
    suppress(asked, "email")
    assert is_opted_out(asked, "email")
    assert not is_opted_out(other, "email")


def test_look_alike_does_not_lift_a_former_opt_out(client: Client) -> None:
    former_opt_out()
    page = f"/privacy/choices/{preferences_token(LOOK_ALIKE, now=timezone.now())}/"
    client.post(page, {"open": ["order-email", "quote-email", "policy_notice-email"]})
    assert is_opted_out(ANNA, "email") and is_opted_out(LOOK_ALIKE, "email")


def former_token() -> str:
    import base64

    content = int(timezone.now().timestamp()).to_bytes(5) + bytes.fromhex(former_email_fingerprint(LOOK_ALIKE))
    return base64.urlsafe_b64encode(seal(content, place=_PLACE, row=b"")).decode().rstrip("=")


def test_link_in_an_old_mail_stops_us_and_opens_nothing(client: Client) -> None:
    link = read_token(former_token())
    assert link is not None and not link.may_reopen(timezone.now())
    page = f"/privacy/choices/{former_token()}/"
    client.post(page, {"stop": "1"})
    assert is_opted_out(LOOK_ALIKE, "email") and is_opted_out(ANNA, "email")
    client.post(page, {"open": ["order-email"]})
    assert is_opted_out(ANNA, "email", purpose="order")


def test_copy_of_a_former_opt_out_restores_it_as_one() -> None:
    opt_out = former_opt_out()
    values = {"fingerprint": opt_out.fingerprint, "channel": "email", "created_at": opt_out.created_at}
    copy = OptOutCopy.objects.create(
        id=opt_out.pk, point="fingerprint", source="page", normal_form=NormalForm.FORMER, **values
    )
    opt_out.delete()
    assert not is_opted_out(LOOK_ALIKE, "email")
    restore_opt_outs([copy])
    assert is_opted_out(LOOK_ALIKE, "email")


@pytest.fixture
def orders(product: Product) -> tuple[Order, Order]:
    return factories.order(product, ANNA), factories.order(product, LOOK_ALIKE)


def test_former_tombstone_erases_again_whoever_was_erased_with_it(orders: tuple[Order, Order]) -> None:
    tombstone = Tombstone.objects.create(
        fingerprint=former_email_fingerprint(LOOK_ALIKE), normal_form=NormalForm.FORMER, confirmed_at=timezone.now()
    )
    assert reapply([anew(tombstone)]) == 2
    assert [anew(order).email for order in orders] == [None, None]


def test_tombstone_of_today_erases_one_of_two_look_alikes(orders: tuple[Order, Order]) -> None:
    erase_person(email=ANNA)
    tombstone = Tombstone.objects.get()
    assert (tombstone.normal_form, anew(orders[0]).email, anew(orders[1]).email) == (2, None, LOOK_ALIKE)
    restored = orders[0]
    restored.email = ANNA
    restored.save()
    ErasureMark.objects.all().delete()
    assert reapply([tombstone]) == 1
    assert (anew(orders[0]).email, anew(orders[1]).email) == (None, LOOK_ALIKE)
