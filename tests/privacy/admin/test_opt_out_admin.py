"""Opt-outs that staff write down, and the lists of whom they may call or write to."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from contacts.models import Inquiry
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.consent.contact_permission import may_contact
from privacy.consent.opt_outs import is_opted_out, suppress
from privacy.models import Suppression
from privacy.registry.purposes import Channel, Purpose
from tests import factories
from tests.accounts.test_roles import member
from tests.cast import signed_in
from tests.privacy.stored import stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ADD = "/admin/privacy/suppression/add/"
CALLS = "/admin/privacy/suppression/phone-list/"
LETTERS = "/admin/privacy/suppression/letter-list/"
DAVE, PHONE, HOME = "dave@example.org", "+18055550123", "12 Main St\nVentura, CA 93001"


def write_down(staff: Client, **fields: object) -> str:
    values = {"source": "call", "channels": ["phone"], "purpose": "", **fields}
    return staff.post(ADD, values, follow=True).content.decode()


def test_a_person_without_e_mail_is_known_by_the_number(staff: Client, bob: User) -> None:
    assert "It applies immediately" in write_down(staff, phone="(805) 555-0123")
    [row] = Suppression.objects.all()
    assert (row.channel, row.purpose, row.source, row.recorded_by) == ("phone", "", "call", bob)
    assert not may_contact(channel=Channel.PHONE, purpose=Purpose.QUOTE, phone=PHONE)
    assert may_contact(channel=Channel.PHONE, purpose=Purpose.QUOTE, phone="+18055550199")


def test_a_person_with_nothing_but_a_letter_is_known_by_the_postal_address(staff: Client) -> None:
    write_down(staff, source="letter", channels=["letter"], address="12 Main Street, Ventura CA 93001")
    assert not may_contact(channel=Channel.LETTER, purpose=Purpose.ORDER, address=HOME)
    assert may_contact(channel=Channel.LETTER, purpose=Purpose.ORDER, address="13 Main St\nVentura, CA 93001")


def test_one_purpose_is_closed_by_every_contact_point_that_is_known(staff: Client) -> None:
    write_down(staff, email=DAVE, phone=PHONE, channels=["email", "phone"], purpose="quote")
    assert Suppression.objects.count() == 4
    assert is_opted_out(DAVE, "phone", purpose="quote")
    assert not is_opted_out(DAVE, "phone", purpose="order")


def test_nothing_that_was_typed_is_stored(staff: Client) -> None:
    write_down(staff, phone=PHONE)
    [row] = Suppression.objects.all()
    for column in ("phone_fingerprint", "phone_index"):
        assert b"5550123" not in stored(row, column)
    assert PHONE not in str(AuditEntry.objects.values_list("action", "object_id"))


def test_opt_out_recorded_by_staff_is_audited_with_its_author(staff: Client, bob: User) -> None:
    write_down(staff, email=DAVE)
    entry = AuditEntry.objects.get(action="privacy.optout.recorded")
    assert (entry.actor, entry.object_id) == (bob.pk, str(Suppression.objects.get().pk))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Enter an email address"),
        ({"phone": "ask my wife"}, "Enter a valid phone number"),
        ({"email": "dave at example"}, "Enter a valid email address"),
        ({"email": DAVE, "channels": []}, "This field is required"),
        ({"email": DAVE, "source": "link"}, "Select a valid choice"),
        ({"email": DAVE, "purpose": "site_traffic"}, "Select a valid choice"),
    ],
)
def test_unreadable_contact_point_gets_an_error_and_stays_in_the_form(
    staff: Client, fields: dict[str, object], told: str
) -> None:
    page = write_down(staff, **fields)
    assert told in page
    for name in ("phone", "email"):
        assert str(fields.get(name, "")) in page
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("page", [ADD, CALLS, LETTERS])
def test_nobody_else_gets_there(client: Client, page: str) -> None:
    assert client.get(page).status_code == 302
    helper = factories.user("grace@example.com", is_staff=True)
    client.force_login(helper)
    assert client.get(page).status_code == 403


def test_an_opt_out_is_found_by_the_number_as_well(staff: Client) -> None:
    suppress(phone=PHONE, source="call")
    suppress(email=DAVE, source="page")
    found = staff.get("/admin/privacy/suppression/", {"q": "805 555 0123"})
    assert [row.source for row in found.context["cl"].result_list] == ["call"] * 3


# --- Lists ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def inquiry(clock: time_machine.Traveller) -> Inquiry:
    return factories.inquiry(DAVE, name="Dave", phone=PHONE, address=HOME)


@pytest.mark.parametrize(("page", "shown"), [(CALLS, PHONE), (LETTERS, "12 Main St<br>Ventura, CA 93001")])
def test_a_list_shows_who_waits_and_what_alone_it_may_be_about(
    staff: Client, inquiry: Inquiry, page: str, shown: str
) -> None:
    text = staff.get(page).content.decode()
    assert shown in text
    assert "answering a question" in text
    assert f"/admin/contacts/inquiry/{inquiry.pk}/change/" in text


@pytest.mark.parametrize("page", [CALLS, LETTERS])
def test_looking_at_a_list_is_recorded(staff: Client, bob: User, inquiry: Inquiry, page: str) -> None:
    staff.get(page)
    assert AuditEntry.objects.get(action="privacy.staff.listed").actor == bob.pk


@pytest.mark.parametrize("point", [{"email": DAVE}, {"phone": PHONE}, {"address": HOME}])
def test_opted_out_person_is_on_no_call_or_letter_list(staff: Client, inquiry: Inquiry, point: dict[str, str]) -> None:
    assert "Dave" in staff.get(CALLS).content.decode()
    suppress(**point)  # type: ignore[arg-type]
    for page in (CALLS, LETTERS):
        text = staff.get(page).content.decode()
        assert "There is nobody to" in text
        assert "Dave" not in text


def test_opt_out_of_letters_leaves_person_on_the_call_list(staff: Client, inquiry: Inquiry) -> None:
    suppress(DAVE, Channel.LETTER)
    assert "Dave" in staff.get(CALLS).content.decode()
    assert "Dave" not in staff.get(LETTERS).content.decode()


def test_an_inquiry_that_is_over_is_on_no_list(staff: Client, inquiry: Inquiry) -> None:
    assert "Dave" in staff.get(CALLS).content.decode()
    Inquiry.objects.update(keep_until=timezone.now())
    assert "Dave" not in staff.get(CALLS).content.decode()
    assert Inquiry._base_manager.exists()  # the purge has not been there


def test_a_role_that_may_not_read_messages_finds_nobody_of_theirs_on_a_list(inquiry: Inquiry) -> None:
    mail, officer = signed_in(member(Role.MAIL)), signed_in(member(Role.PRIVACY_OFFICER, "pia@example.com"))
    assert inquiry.name in mail.get(CALLS).content.decode()
    response = officer.get(CALLS)
    assert response.status_code == 200
    assert inquiry.name not in response.content.decode()


def test_person_without_phone_number_is_not_on_the_call_list(staff: Client) -> None:
    factories.inquiry("grace@example.org", name="Grace", address=HOME)
    assert "Grace" not in staff.get(CALLS).content.decode()
    assert "Grace" in staff.get(LETTERS).content.decode()


def test_a_long_list_has_pages_and_costs_no_more_queries(
    staff: Client, inquiry: Inquiry, django_assert_max_num_queries: object
) -> None:
    for number in range(60):
        factories.inquiry(f"p{number}@example.org", name=f"Person {number:02}", phone=f"+1805555{number:04}")
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        first = staff.get(CALLS).content.decode()
    assert "Page 1 of 2" in first
    assert "Person 59" not in first
    assert "Person 59" in staff.get(CALLS, {"p": "2"}).content.decode()


def test_the_lists_are_found_from_the_opt_outs(staff: Client) -> None:
    page = staff.get("/admin/privacy/suppression/").content.decode()
    assert CALLS in page
    assert LETTERS in page
    assert ADD in page


def test_the_day_is_kept_as_said(staff: Client) -> None:
    write_down(staff, email=DAVE)
    assert Suppression.objects.get().created_at == timezone.now()
