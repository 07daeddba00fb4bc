"""Agreements with clients: entered, ended and deleted by staff; a client's messages are kept with them."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from clients.models import Agreement
from contacts.models import IncomingMail, Inquiry
from privacy.erasure.consequences import consequences_for
from privacy.erasure.erase import erase_person
from privacy.erasure.retention import purge_expired
from tests import factories
from tests.cast import signed_in
from tests.staff_pages import Page

ADD = "/admin/clients/agreement/add/"
DAVE = {"name": "Dave Dorn", "email": "dave@example.org", "subject": "Maintenance of the site, each month"}


def enter(staff: Client, **changes: str) -> Page:
    return Page(staff, ADD).press("Save", **{**DAVE, "starts_on": "2026-02-01", **changes})


def kept_until(inquiry: Inquiry) -> datetime | None:
    return Inquiry._base_manager.get(pk=inquiry.pk).keep_until


@pytest.fixture
def inquiry(clock: time_machine.Traveller) -> Inquiry:
    return factories.inquiry()


def test_list_finds_an_agreement_by_the_clients_name_and_address(staff: Client) -> None:
    enter(staff)
    enter(staff, name="Erin Else", email="erin@example.org")
    for words in ("Dave Dorn", "dave@example.org"):
        found = Page(staff, f"/admin/clients/agreement/?q={words}").text
        assert "Dave Dorn" in found
        assert "Erin Else" not in found


def test_messages_of_a_client_outlive_two_years_and_end_with_the_records(
    staff: Client, bob: User, inquiry: Inquiry, clock: time_machine.Traveller
) -> None:
    stranger = factories.inquiry("erin@example.org")
    page = enter(staff)
    assert "was added successfully" in page.text
    assert kept_until(inquiry) is None
    later = factories.inquiry(message="Could you add a page?")
    mail = IncomingMail.objects.create(inquiry=later, content_digest="1" * 64, size=1)
    clock.shift(timedelta(days=3 * 365))
    purge_expired(now=datetime.now(UTC))
    assert set(Inquiry.objects.values_list("pk", flat=True)) == {inquiry.pk, later.pk}
    assert not Inquiry._base_manager.filter(pk=stranger.pk).exists()
    agreement = Agreement.objects.get()
    page = Page(signed_in(bob), f"/admin/clients/agreement/{agreement.pk}/end/").press("End", ends_on="2029-03-31")
    assert "The last day is recorded" in page.text
    end = datetime(2033, 4, 1, 6, 59, 59, 999999, UTC)  # four years later, in Ventura
    assert kept_until(inquiry) == kept_until(later) == end
    assert IncomingMail.objects.get(pk=mail.pk).keep_until == end
    clock.move_to(end)
    purge_expired(now=end)
    assert not Inquiry._base_manager.exists()
    assert not Agreement.objects.exists()
    assert not IncomingMail.objects.exists()


def test_an_agreement_never_shortens_what_is_kept_anyway(staff: Client, inquiry: Inquiry) -> None:
    anyway = kept_until(inquiry)
    enter(staff, starts_on="2019-01-01", ends_on="2019-12-31")
    assert kept_until(inquiry) == anyway


def test_an_agreement_that_was_entered_by_mistake_lets_messages_go(staff: Client, inquiry: Inquiry) -> None:
    anyway = kept_until(inquiry)
    enter(staff)
    assert kept_until(inquiry) is None
    agreement = Agreement.objects.get()
    Page(staff, f"/admin/clients/agreement/{agreement.pk}/delete/").press("Yes")
    assert not Agreement.objects.exists()
    assert kept_until(inquiry) == anyway


def test_a_corrected_address_frees_the_messages_of_the_other(staff: Client, inquiry: Inquiry) -> None:
    other = factories.inquiry("dan@example.org")
    anyway = kept_until(other)
    enter(staff, email="dan@example.org")
    assert kept_until(other) is None
    agreement = Agreement.objects.get()
    Page(staff, f"/admin/clients/agreement/{agreement.pk}/change/").press("Save", email="Dave@Example.org")
    assert kept_until(other) == anyway
    assert kept_until(inquiry) is None


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"ends_on": "2026-01-31"}, "It can't end before it begins."),
        ({"email": ""}, "Enter an email address, a phone number or a postal address."),
        ({"starts_on": "soon"}, "Enter a valid date."),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_mistake_is_named_and_the_rest_kept(staff: Client, typed: dict[str, str], message: str) -> None:
    page = enter(staff, **typed)
    assert message in page.text
    assert page.field("subject") == DAVE["subject"]
    assert not Agreement.objects.exists()


def test_an_agreement_ends_once_and_not_before_it_begins(staff: Client, inquiry: Inquiry) -> None:
    enter(staff)
    agreement = Agreement.objects.get()
    address = f"/admin/clients/agreement/{agreement.pk}/end/"
    page = Page(staff, address).press("End", ends_on="2025-12-31")
    assert "It can't end before it begins." in page.text
    Page(staff, address).press("End", ends_on="2026-02-01")
    agreement.refresh_from_db()
    assert agreement.ends_on == date(2026, 2, 1)


def test_a_client_gets_the_agreement_in_the_archive_and_has_it_erased(
    staff: Client, inquiry: Inquiry, tmp_path: Any
) -> None:
    enter(staff, notes="Pays in March")
    call_command("export_person", "dave@example.org", "--out", str(tmp_path / "dave.zip"), stdout=io.StringIO())
    with zipfile.ZipFile(tmp_path / "dave.zip") as archive:
        content = "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    assert "Maintenance of the site" in content
    assert "Pays in March" in content
    erase_person(email="dave@example.org")
    assert not Agreement.objects.exists()
    assert not Inquiry._base_manager.exists()


def test_whoever_asks_for_deletion_is_told_of_an_agreement_in_force(staff: Client, inquiry: Inquiry) -> None:
    enter(staff)
    reference = Agreement.objects.get().reference
    assert any(reference in each.text for each in consequences_for("dave@example.org"))
    assert not any(reference in each.text for each in consequences_for("erin@example.org"))


def test_staff_find_a_client_by_address_and_see_what_is_agreed(staff: Client, inquiry: Inquiry) -> None:
    enter(staff)
    page = Page(staff, f"/admin/contacts/inquiry/{inquiry.pk}/change/")
    assert "client: Maintenance of the site, each month" in page.text
    assert "Dave Dorn" in Page(staff, "/admin/clients/agreement/?q=Dave@EXAMPLE.org").text
    assert "Dave Dorn" not in Page(staff, "/admin/clients/agreement/?q=erin@example.org").text
    page = Page(staff, "/admin/clients/agreement/?state=in_force")
    assert "Dave Dorn" in page.text
    assert "Dave Dorn" not in Page(staff, "/admin/clients/agreement/?state=ended").text
