"""The staff inbox: its list, a message's page, answers by mail, and the reasons why one may not go."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client

from accounts.models import User
from contacts.models import Draft, Inquiry, Reply
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.models import OutgoingMail, Suppression
from privacy.registry.purposes import Channel
from tests import factories
from tests.accounts.test_roles import member
from tests.contacts.conftest import form_of, page_of, send

pytestmark = pytest.mark.django_db

Work = Callable[[], int]


@pytest.fixture
def inquiry() -> Inquiry:
    return factories.inquiry(phone="805-651-8516", address="1 Main Street")


def test_inquiry_page_shows_the_whole_message(staff: Client, inquiry: Inquiry) -> None:
    page = staff.get(page_of(inquiry)).content.decode()
    for text in (inquiry.reference, "Dave", "dave@example.org", "805-651-8516", "1 Main Street", "Hello?"):
        assert text in page


def test_list_names_sender_first_line_and_age(staff: Client, inquiry: Inquiry) -> None:
    factories.inquiry("erin@example.org", name="Erin", message="\n  \nDoes it work with multisite?\nThank you.")
    page = staff.get("/admin/contacts/inquiry/").content.decode()
    for text in ("Dave", "Hello?", "Erin", "Does it work with multisite?", inquiry.reference, ">new<"):
        assert text in page
    assert "Thank you." not in page
    assert "dave@example.org" not in page


def test_opening_the_list_is_one_audit_entry(staff: Client, inquiry: Inquiry) -> None:
    factories.inquiry("erin@example.org")
    staff.get("/admin/contacts/inquiry/")
    [entry] = AuditEntry.objects.filter(action__startswith="privacy.staff")
    assert (entry.action, entry.object_model, entry.object_id) == ("privacy.staff.listed", "contacts.inquiry", "")


def test_a_message_is_new_until_somebody_who_may_answer_opens_it(staff: Client, inquiry: Inquiry) -> None:
    staff.get(page_of(inquiry))
    page = staff.get("/admin/contacts/inquiry/").content.decode()
    assert ">new<" not in page
    assert ">open<" in page


def test_an_answer_is_stored_and_mailed(staff: Client, bob: User, inquiry: Inquiry, work: Work) -> None:
    assert f"Your answer to {inquiry.reference} has been sent" in send(staff, inquiry, "Good day to you, Dave.")
    reply = Reply.objects.get()
    assert (reply.inquiry, reply.author, reply.body) == (inquiry, bob, "Good day to you, Dave.")
    assert inquiry.state == "answered"
    assert inquiry.answered_at is not None
    work()
    assert mail.outbox[0].to == ["dave@example.org"]
    assert inquiry.reference in mail.outbox[0].subject
    assert "Good day to you, Dave." in str(mail.outbox[0].body)
    assert "Good day to you, Dave." in staff.get(page_of(inquiry)).content.decode()


def test_answer_goes_to_the_stored_address_only(staff: Client, inquiry: Inquiry, work: Work) -> None:
    send(staff, inquiry, "Good day to you.", email="mallory@example.org", to="mallory@example.org")
    work()
    assert [message.to for message in mail.outbox] == [["dave@example.org"]]


def test_greeting_signature_and_quote_are_in_the_box_and_can_be_changed(
    staff: Client, bob: User, inquiry: Inquiry
) -> None:
    User.objects.filter(pk=bob.pk).update(name=bob.sealed("name", "Bob Bell"))
    box = form_of(staff, inquiry).field("answer")
    assert box.startswith("Hello Dave,\n")
    assert "Best regards,\nBob Bell\nAITpro" in box
    assert box.endswith("you wrote:\n> Hello?")
    send(staff, inquiry, "Hi. We do. Bob")
    assert Reply.objects.get().body == "Hi. We do. Bob"


def test_a_long_message_is_quoted_in_part(staff: Client) -> None:
    long = factories.inquiry(message="word " * 4000)
    assert len(form_of(staff, long).field("answer")) < 2_300


@pytest.mark.parametrize("button", ["_send", "_send_close"])
def test_box_without_an_answer_is_not_sent(staff: Client, inquiry: Inquiry, button: str) -> None:
    untouched = form_of(staff, inquiry).field("answer")
    for text in (untouched, untouched.replace("\n", "\r\n"), "", "   "):
        assert "Not sent: write your answer" in send(staff, inquiry, text, button)
    assert not Reply.objects.exists()
    assert inquiry.state == "open"


def test_a_refused_answer_says_why_stores_nothing_and_stays_in_the_form(staff: Client, inquiry: Inquiry) -> None:
    Suppression.objects.create(fingerprint="Dave@Example.org", channel=Channel.EMAIL)
    page = send(staff, inquiry, "Good day to you.")
    assert "Not sent: this person opted out of email." in page
    assert "Good day to you.</textarea>" in page
    assert not Reply.objects.exists()
    assert not OutgoingMail.objects.exists()
    assert inquiry.state == "open"
    assert Draft.objects.get().body == "Good day to you."


def test_an_answer_that_closes_the_message_is_mailed(staff: Client, inquiry: Inquiry, work: Work) -> None:
    assert "has been sent" in send(staff, inquiry, "Good day to you.", "_send_close")
    assert (inquiry.state, Reply.objects.get().body) == ("closed", "Good day to you.")
    work()
    assert "Good day to you." in str(mail.outbox[0].body)


@pytest.mark.parametrize(("state", "word"), [("closed", "closed"), ("spam", "spam"), ("held", "held for review")])
def test_an_answer_to_a_message_that_is_not_open_is_refused_and_kept(
    staff: Client, inquiry: Inquiry, state: str, word: str
) -> None:
    Inquiry.objects.filter(pk=inquiry.pk).update(state=state)
    page = send(staff, inquiry, "Good day to you.")
    assert f"Not sent: this message is {word}." in page
    assert "Good day to you.</textarea>" in page
    assert inquiry.state == state
    assert not Reply.objects.exists()


def test_an_answer_of_20_001_characters_is_refused_and_stays_in_the_form(staff: Client, inquiry: Inquiry) -> None:
    page = send(staff, inquiry, "x" * 20_001)
    assert "at most 20000 characters (it has 20001)" in page
    assert "x" * 20_001 in page
    assert not Reply.objects.exists()


def test_line_ends_count_once(staff: Client, inquiry: Inquiry) -> None:
    assert "has been sent" in send(staff, inquiry, "x\r\n" * 9_999)
    assert Reply.objects.get().body == ("x\n" * 9_999).strip()


def test_page_of_a_message_that_is_gone_says_so(staff: Client, inquiry: Inquiry) -> None:
    address = page_of(inquiry)
    inquiry.delete()
    assert "This message no longer exists" in staff.get(address, follow=True).content.decode()


def test_mail_role_can_read_and_answer(client: Client, inquiry: Inquiry) -> None:
    client.force_login(member(Role.MAIL))
    assert "has been sent" in send(client, inquiry, "Good day to you.")


def test_colleague_who_may_only_read_gets_no_form(client: Client, inquiry: Inquiry) -> None:
    rea = factories.user("rea@example.com", is_staff=True)
    rea.user_permissions.add(Permission.objects.get(codename="view_inquiry"))
    client.force_login(rea)
    page = client.get(page_of(inquiry)).content.decode()
    assert "Hello?" in page
    assert "textarea" not in page
    assert client.post(page_of(inquiry), {"answer": "Hi.", "_send": ""}).status_code == 403


def test_visitors_message_is_read_only(staff: Client, inquiry: Inquiry) -> None:
    send(staff, inquiry, "", "_save", name="Mallory", email="mallory@example.org", message="Something else")
    assert (inquiry.name, inquiry.email, inquiry.message) == ("Dave", "dave@example.org", "Hello?")


def test_a_message_is_found_by_address_and_by_number(staff: Client, inquiry: Inquiry) -> None:
    other = factories.inquiry("erin@example.org")
    for term in ("DAVE@example.org", inquiry.reference):
        page = staff.get(f"/admin/contacts/inquiry/?q={term}").content.decode()
        assert inquiry.reference in page
        assert other.reference not in page


@pytest.mark.parametrize("who", ["nobody", "dave@example.org"])
def test_only_staff_read_inquiries(client: Client, inquiry: Inquiry, who: str) -> None:
    if who != "nobody":
        client.force_login(factories.user(who))
    response = client.get(page_of(inquiry), follow=True)
    assert "Hello?" not in response.content.decode()
    assert response.status_code in {200, 403}


def test_inquiry_page_requires_the_permission(client: Client, inquiry: Inquiry, vera: User) -> None:
    client.force_login(vera)
    assert client.get(page_of(inquiry)).status_code == 403


@pytest.mark.parametrize("typed", ["805-651-8516", "+1 (805) 651 8516", " 8056518516 "])
def test_inquiry_is_found_by_phone_number(staff: Client, inquiry: Inquiry, typed: str) -> None:
    other = factories.inquiry(phone="805-651-0000")
    page = staff.get("/admin/contacts/inquiry/", {"q": typed}).content.decode()
    assert inquiry.reference in page
    assert other.reference not in page


def test_sealed_columns_are_not_offered_for_sorting(staff: Client, inquiry: Inquiry) -> None:
    page = staff.get("/admin/contacts/inquiry/").content.decode()
    assert "sortable column-age" in page
    assert "sortable column-name" not in page
