"""The staff's queue: what came by email, call or letter, each step of its way, and the record that stays."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from contacts.models import Inquiry
from privacy.audit.models import AuditEntry
from privacy.erasure.retention import purge_expired
from privacy.models import AccessArchive, OutgoingMail, PrivacyRequest, Suppression
from privacy.registry.deadlines import deadlines_of
from privacy.requests import delete_reported, receive_request
from tests import factories
from tests.privacy.conftest import ERIN
from tests.privacy.inbox import link_mailed_to
from tests.privacy.stored import anew, stored
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

LIST = "/admin/privacy/privacyrequest/"


def text(response: Any) -> str:
    page = BeautifulSoup(response.content, "html.parser")
    assert "UNDEFINED" not in str(page)
    return " ".join((page.find(id="container") or page).get_text(" ").split())


def typed(**fields: str) -> dict[str, str]:
    values = {
        "kind": "access",
        "channel": "letter",
        "received_at_0": "2026-03-02",
        "received_at_1": "01:00:00",
    }  # in California
    return {**values, "identity": "documents", "email": ERIN, "contact": "", "details": "A letter", **fields}


def entered(staff: Client, **fields: str) -> PrivacyRequest:
    response = staff.post(f"{LIST}add/", typed(**fields))
    assert response.status_code == 302, text(response)
    return PrivacyRequest.objects.latest("id")


def page_of(request: PrivacyRequest, step: str = "") -> str:
    return f"{LIST}{request.pk}/step/{step}/" if step else f"{LIST}{request.pk}/change/"


def do(staff: Client, request: PrivacyRequest, step: str, **fields: str) -> str:
    return text(staff.post(page_of(request, step), fields, follow=True))


def mails_to(address: str) -> list[str]:
    run_due_tasks()
    return [f"{message.subject}\n{message.body}" for message in mail.outbox if message.to == [address]]


def actions_about(request: PrivacyRequest) -> list[str]:
    entries = AuditEntry.objects.filter(object_id=str(request.pk), action__startswith="privacy.request.")
    return list(entries.order_by("number").values_list("action", flat=True))


def test_saving_the_identity_stays_on_the_request_and_names_it(staff: Client) -> None:
    request = entered(staff, identity="")
    page = staff.get(page_of(request))
    assert "Enter below how you verified" in text(page)
    form: Any = BeautifulSoup(page.content, "html.parser").select_one("#privacyrequest_form")
    hidden = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    saved = staff.post(
        page_of(request), {**hidden, "identity": "documents", "contact": "", "_save": "Save"}, follow=True
    )
    assert saved.redirect_chain == [(page_of(request), 302)]
    assert f"“{request.staff_label}” is saved." in text(saved)
    assert "Enter below how you verified" not in text(saved)


# --- Entering ---------------------------------------------------------------------------------------------------------


def test_a_letter_is_entered_with_its_identity_check_and_counts_from_receipt(staff: Client, bob: User) -> None:
    request = entered(staff)
    received_at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (request.channel, request.identity, request.state) == ("letter", "documents", "confirmed")
    assert (request.received_at, request.handled_by) == (received_at, bob)
    assert request.due_at == deadlines_of(received_at).answer_by
    assert request.acknowledge_by == deadlines_of(received_at).acknowledge_by
    assert PrivacyRequest.objects.get(email_index=ERIN.upper()) == request
    assert b"erin" not in stored(request, "email").lower()
    assert actions_about(request) == ["privacy.request.recorded"]


def test_form_is_filled_in_with_now_and_lands_on_the_request_with_its_next_step(staff: Client) -> None:
    page = BeautifulSoup(staff.get(f"{LIST}add/").content, "html.parser")
    shown = [str(page.select_one(f"[name=received_at_{part}]")["value"]) for part in (0, 1)]  # type: ignore[index]
    assert shown == ["2026-03-02", "04:00:00"]  # noon UTC, in California
    response = staff.post(f"{LIST}add/", typed(received_at_0=shown[0], received_at_1=shown[1], kind="complaint"))
    request = PrivacyRequest.objects.get()
    assert request.received_at == timezone.now()
    assert response["Location"] == page_of(request)
    landed = BeautifulSoup(staff.get(page_of(request)).content, "html.parser")
    assert "Next step: Tell the person that the request arrived." in text(staff.get(page_of(request)))
    assert [link.text for link in landed.select(".next-step-action")] == ["Acknowledge"]


@pytest.mark.parametrize(("day", "hour"), [("2026-03-08", "02:30:00"), ("2025-11-02", "01:30:00")])
def test_hour_that_the_clock_skips_or_repeats_is_refused_and_kept(
    staff: Client, clock: time_machine.Traveller, bob: User, day: str, hour: str
) -> None:
    clock.move_to(datetime(2026, 3, 20, 12, tzinfo=UTC))
    staff.force_login(bob)
    response = staff.post(f"{LIST}add/", typed(received_at_0=day, received_at_1=hour))
    assert "may be ambiguous or it may not exist" in text(response)
    page = BeautifulSoup(response.content, "html.parser")
    assert page.select_one("[name=received_at_1]")["value"] == hour  # type: ignore[index]
    assert not PrivacyRequest.objects.exists()


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"received_at_0": "2026-03-03"}, "in the future"),
        ({"channel": "page"}, "Select a valid choice"),
        ({"email": "", "contact": ""}, "how to reach the person"),
        ({"email": "erin at example"}, "valid email"),
        ({"identity": "link"}, "Select a valid choice"),
    ],
)
def test_bad_input_is_told(staff: Client, bad: dict[str, str], told: str) -> None:
    assert told in text(staff.post(f"{LIST}add/", typed(**bad)))
    assert not PrivacyRequest.objects.exists()


def test_a_person_without_an_address_is_entered_with_another_way(staff: Client) -> None:
    request = entered(staff, email="", contact="Erin Ellis, 1 Elm Street", kind="complaint")
    assert request.contact == "Erin Ellis, 1 Elm Street"
    assert b"Elm" not in stored(request, "contact")
    assert "please call or write" in do(staff, request, "acknowledge")
    assert anew(request).acknowledged_at == timezone.now()
    assert not OutgoingMail.objects.exists()


def test_an_address_and_the_identity_can_be_added_later(staff: Client) -> None:
    request = entered(staff, email="", contact="Elm Street", identity="")
    assert "This action is not available" in do(staff, request, "archive")
    response = staff.post(page_of(request), {"identity": "known", "email": ERIN, "contact": "Elm Street"})
    assert response.status_code == 302
    assert (anew(request).email, anew(request).identity) == (ERIN, "known")
    assert PrivacyRequest.objects.get(email_index=ERIN) == request
    staff.post(page_of(request), {"identity": "known", "email": "mallory@example.org", "contact": "x"})
    assert anew(request).email == ERIN  # entered once; another address would be another person


# --- The queue --------------------------------------------------------------------------------------------------------


def queue(staff: Client, query: str = "") -> list[str]:
    page = BeautifulSoup(staff.get(f"{LIST}?{query}").content, "html.parser")
    return [cell.get_text(strip=True) for cell in page.select("#result_list .field-reference")]


def test_open_ones_come_first_by_their_due_date(staff: Client) -> None:
    later, sooner = entered(staff), entered(staff, received_at_0="2026-02-20")
    answered = entered(staff, received_at_0="2026-02-01", kind="stop_contact")
    do(staff, answered, "stop")
    assert queue(staff) == [sooner.reference, later.reference, answered.reference]


def test_overdue_is_red_and_can_be_filtered(staff: Client, clock: time_machine.Traveller) -> None:
    late, fresh = entered(staff, received_at_0="2026-01-10"), entered(staff, kind="complaint", channel="call")
    page = BeautifulSoup(staff.get(LIST).content, "html.parser")
    assert [row.select_one(".field-due .overdue") is not None for row in page.select("#result_list tbody tr")] == [
        True,
        False,
    ]
    assert 'class="overdue"' in str(page)
    assert "style=" not in str(page.select_one("#result_list"))
    assert queue(staff, "queue=overdue") == [late.reference]
    assert set(queue(staff, "queue=open")) == {late.reference, fresh.reference}
    assert queue(staff, "queue=answered") == []
    assert queue(staff, "kind__exact=complaint") == queue(staff, "channel__exact=call") == [fresh.reference]
    clock.move_to(deadlines_of(fresh.received_at).acknowledge_by + timedelta(seconds=1))
    staff.force_login(User.objects.get(email_index="bob@example.com"))
    assert len(queue(staff, "queue=overdue")) == 2  # nobody told the person that it came


def test_the_queue_costs_the_same_with_more_rows(staff: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(6):
        entered(staff)
    with django_assert_max_num_queries(10):
        assert len(queue(staff)) == 6


def test_queue_names_kind_and_person_and_the_next_step_and_is_audited(staff: Client) -> None:
    entered(staff, kind="deletion")
    entered(staff, email="", contact="Erin Ellis\n1 Elm Street", kind="complaint")
    page = BeautifulSoup(staff.get(LIST).content, "html.parser")
    assert {cell.text for cell in page.select("#result_list .field-__str__")} == {
        f"Delete my data, {ERIN}",
        "Complain about how you handle my data, Erin Ellis",
    }
    assert {cell.text for cell in page.select("#result_list .field-next")} == {
        "Look at what is deleted and what is kept, then delete.",
        "Tell the person that the request arrived.",
    }
    assert AuditEntry.objects.filter(action="privacy.staff.listed", object_model="privacy.privacyrequest").count() == 1


def test_deadlines_are_in_words(staff: Client, clock: time_machine.Traveller, bob: User) -> None:
    request = entered(staff)
    for days, words in (
        (0, "in 45 days (Apr 16, 2026)"),
        (44, "tomorrow (Apr 16, 2026)"),
        (45, "today (Apr 16, 2026)"),
    ):
        clock.move_to(request.received_at + timedelta(days=days, hours=4))
        staff.force_login(bob)
        assert words in text(staff.get(LIST))
    clock.move_to(request.due_at + timedelta(days=3))  # type: ignore[operator]
    staff.force_login(bob)
    assert "3 days ago (Apr 16, 2026), overdue" in text(staff.get(LIST))


# --- Steps ------------------------------------------------------------------------------------------------------------


def test_acknowledging_mails_the_person_once(staff: Client) -> None:
    request = entered(staff, kind="complaint", channel="email")
    assert "An email is on its way" in do(staff, request, "acknowledge")
    [message] = mails_to(ERIN)
    assert request.reference in message
    assert "April 16, 2026" in message
    assert "This action is not available" in do(staff, request, "acknowledge")
    assert len(mails_to(ERIN)) == 1
    assert actions_about(request) == ["privacy.request.recorded", "privacy.request.acknowledged"]


def test_the_archive_is_mailed_as_a_link(staff: Client, client: Client, erin_and_frank: None) -> None:
    AccessArchive.objects.all().delete()
    request = entered(staff)
    do(staff, request, "archive")
    path = link_mailed_to(ERIN)
    assert client.get(path).status_code == 200
    with zipfile.ZipFile(io.BytesIO(client.get(f"{path}download/").content)) as archive:
        assert "erin asks" in archive.read("data.json").decode()
        assert "frank" not in archive.read("data.json").decode()
    assert (anew(request).state, anew(request).outcome) == ("answered", "answered")
    sent = OutgoingMail.objects.get(kind="privacy/request_archive")
    assert "/privacy/archive/" not in sent.text  # the link is nowhere kept after delivery


def test_an_archive_can_be_printed_and_handed_over_by_letter(staff: Client, erin_and_frank: None) -> None:
    request = entered(staff)
    response = staff.post(page_of(request, "print"))
    assert response["Content-Type"] == "application/zip"
    assert anew(request).is_open
    do(staff, request, "hand-over")
    assert anew(request).state == "answered"
    assert actions_about(request)[1:] == ["privacy.request.archive_opened", "privacy.request.answered"]


@pytest.mark.parametrize("step", ["archive", "print", "hand-over"])
@pytest.mark.parametrize("identity", ["", "not_needed"])
def test_nothing_is_handed_out_before_somebody_made_sure_who_asks(staff: Client, step: str, identity: str) -> None:
    request = entered(staff, identity=identity)
    assert "First record how you verified the person's identity" in do(staff, request, step)
    assert anew(request).is_open
    assert not AccessArchive.objects.exists()
    assert mails_to(ERIN) == []


def test_a_deletion_shows_first_what_goes_and_then_what_went(staff: Client, erin_and_frank: None) -> None:
    request = entered(staff, kind="deletion")
    asked = text(staff.get(page_of(request, "delete")))
    assert "Your messages to us: 1 deleted." in asked
    assert "Your orders: 1 anonymized, because tax records keep amounts and dates" in asked
    assert Inquiry.objects.filter(email_index=ERIN).exists()
    said = do(staff, request, "delete")
    assert "Your messages to us: 1 deleted." in said
    assert not Inquiry.objects.filter(email_index=ERIN).exists()
    record = anew(request)
    assert (record.state, record.email, record.details) == ("answered", None, None)
    assert mails_to(ERIN) == []


def test_report_is_mailed_first_and_then_the_address_is_forgotten(
    staff: Client, bob: User, erin_and_frank: None
) -> None:
    request = entered(staff, kind="deletion")
    page = BeautifulSoup(staff.get(page_of(request, "delete")).content, "html.parser")
    box = page.select_one("[name=mail_report]")
    assert box is not None
    assert box.has_attr("checked")
    assert "Once it has been sent" in do(staff, request, "delete", license="end", mail_report="on")
    assert Inquiry.objects.filter(email_index=ERIN).exists()
    assert "the report is being mailed" in text(staff.get(page_of(request)))
    assert delete_reported(now=timezone.now()) == 0  # it isn't sent yet
    assert "not available" in do(staff, request, "delete", license="end", mail_report="on")
    assert "not available" in do(staff, request, "refuse", ground="others")
    [message] = mails_to(ERIN)
    assert "Your messages to us: 1 deleted" in message
    assert "The license key is deleted" in message or "Your orders: 1 anonymized" in message
    assert delete_reported(now=timezone.now()) == 1
    assert not Inquiry.objects.filter(email_index=ERIN).exists()
    record = anew(request)
    assert (record.state, record.email, record.handled_by) == ("answered", None, bob)
    assert not OutgoingMail.objects.filter(recipient_index=ERIN).exists()
    assert len(mails_to(ERIN)) == 1
    assert delete_reported(now=timezone.now()) == 0
    assert actions_about(request)[1:] == ["privacy.request.report_mailed", "privacy.request.answered"]
    assert "Your messages to us: 1 deleted." in text(staff.get(f"{LIST}{request.pk}/report/"))


def test_report_that_cannot_be_mailed_deletes_nothing(staff: Client, erin_and_frank: None) -> None:
    request = entered(staff, kind="deletion")
    do(staff, request, "delete", license="keep", mail_report="on")
    OutgoingMail.objects.filter(recipient_index=ERIN).update(state=OutgoingMail.State.BOUNCED)
    assert delete_reported(now=timezone.now()) == 1
    assert Inquiry.objects.filter(email_index=ERIN).exists()
    assert "The report could not be mailed, and nothing is deleted" in text(staff.get(page_of(request)))
    page = BeautifulSoup(staff.get(page_of(request, "delete")).content, "html.parser")
    assert not page.select_one("[name=mail_report]").has_attr("checked")  # type: ignore[union-attr]
    do(staff, request, "delete", license="keep")
    assert not Inquiry.objects.filter(email_index=ERIN).exists()


def test_report_is_not_mailed_for_somebody_unknown(staff: Client) -> None:
    request = entered(staff, kind="deletion", identity="")
    assert "First record how you verified" in do(staff, request, "delete", mail_report="on")
    assert mails_to(ERIN) == []
    assert anew(request).report_mail_id is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "access", "identity": ""}, "how you verified the person's identity"),
        ({"kind": "access"}, "Send the person their data"),
        ({"kind": "deletion", "email": "", "contact": "Elm"}, "which email address the person used"),
        ({"kind": "stop_contact"}, "Opt the person out"),
        ({"kind": "correction"}, "Tell the person that the request arrived"),
    ],
)
def test_next_step_is_always_named(staff: Client, fields: dict[str, str], said: str) -> None:
    request = entered(staff, **fields)
    assert f"Next step: {said}" in text(staff.get(page_of(request))).replace("Enter below ", "").replace("Ask ", "")


def test_a_deletion_cancels_mail_that_waits(staff: Client) -> None:
    request = entered(staff, kind="deletion", channel="email")
    staff.post(page_of(request, "acknowledge"))
    assert OutgoingMail.objects.filter(recipient_index=ERIN).exists()
    do(staff, request, "delete")
    assert mails_to(ERIN) == []


def test_a_deletion_needs_to_know_the_person(staff: Client) -> None:
    request = entered(staff, kind="deletion", identity="")
    factories.inquiry(ERIN)
    assert "First record how you verified the person's identity" in do(staff, request, "delete")
    assert Inquiry.objects.exists()


def test_stopping_needs_no_proof(staff: Client) -> None:
    request = entered(staff, kind="stop_contact", identity="not_needed", channel="call")
    do(staff, request, "stop")
    assert Suppression.objects.filter(email_index=ERIN).count() == 3
    assert anew(request).outcome == "answered"


def test_extending_tells_the_person_why_and_works_once(staff: Client) -> None:
    request = entered(staff, kind="complaint")
    do(staff, request, "extend", reason="complex")
    assert anew(request).due_at == deadlines_of(request.received_at).extended_answer_by
    [message] = mails_to(ERIN)
    assert "is complex" in message
    assert "May 31, 2026" in message
    assert "This action is not available" in do(staff, request, "extend", reason="many")
    assert anew(request).extension_reason == "complex"


@pytest.mark.parametrize("profile", ["california", "gdpr"])
def test_extending_is_over_when_the_first_time_is_over(
    staff: Client, clock: time_machine.Traveller, settings: Settings, bob: User, profile: str
) -> None:
    settings.PRIVACY_PROFILE = profile
    request = entered(staff, kind="complaint")
    clock.move_to(deadlines_of(request.received_at).extend_by + timedelta(seconds=1))
    staff.force_login(bob)
    assert "This action is not available" in do(staff, request, "extend", reason="complex")
    assert anew(request).extended_at is None


def test_an_extension_without_a_reason_is_not_taken(staff: Client) -> None:
    request = entered(staff)
    for fields in ({}, {"reason": "because"}):
        staff.post(page_of(request, "extend"), fields)
    assert anew(request).extended_at is None


@pytest.mark.parametrize("kind", ["correction", "complaint"])
def test_an_answer_in_words_is_mailed_and_kept_sealed(staff: Client, kind: str) -> None:
    request = entered(staff, kind=kind)
    do(staff, request, "answer", text="We looked into it & fixed it.", ground="")
    [message] = mails_to(ERIN)
    assert "We looked into it & fixed it." in message
    assert "fixed" not in str(stored(request, "answer"))
    assert (anew(request).state, anew(request).outcome) == ("answered", "answered")


def test_a_part_can_be_refused_with_its_ground(staff: Client) -> None:
    request = entered(staff, kind="correction")
    do(staff, request, "answer", text="The name is corrected.", ground="legal_duty")
    assert (anew(request).outcome, anew(request).refusal_ground) == ("partly", "legal_duty")
    assert "only fulfill part" in mails_to(ERIN)[0]


def test_a_refusal_tells_the_ground_and_how_to_complain(staff: Client, bob: User) -> None:
    request = entered(staff, kind="deletion", identity="")
    do(staff, request, "refuse", ground="unknown_person", text="")
    [message] = mails_to(ERIN)
    assert "could not verify your identity" in message
    assert "kind=complaint" in message
    record = anew(request)
    assert (record.outcome, record.refusal_ground, record.handled_by) == ("refused", "unknown_person", bob)
    assert actions_about(request)[-1] == "privacy.request.refused"


def test_opted_out_person_still_gets_the_answer_to_a_request(staff: Client) -> None:
    Suppression.objects.create(fingerprint=ERIN, channel="email")
    request = entered(staff, kind="complaint")
    do(staff, request, "acknowledge")
    do(staff, request, "answer", text="Here it is.", ground="")
    assert len(mails_to(ERIN)) == 2


STEPS = ["acknowledge", "archive", "print", "hand-over", "delete", "stop", "answer", "extend", "refuse"]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_for_staff_with_the_permission_and_changes_nothing_by_looking(
    client: Client, staff: Client, step: str, vera: User
) -> None:
    request = entered(staff)
    assert client.post(page_of(request, step)).status_code == 302
    client.force_login(vera)
    assert client.post(page_of(request, step)).status_code == 403
    staff.get(page_of(request, step))
    assert anew(request).is_open
    assert anew(request).acknowledged_at is None


@pytest.mark.parametrize("step", STEPS)
def test_an_answered_request_has_no_steps(staff: Client, step: str) -> None:
    request = entered(staff, kind="stop_contact")
    do(staff, request, "stop")
    fields = {"text": "x", "ground": "others", "reason": "many"}
    assert "not available for this request" in do(staff, request, step, **fields)
    assert "staff-actions" not in staff.get(page_of(request)).content.decode()


def test_an_unknown_step_is_not_found(staff: Client) -> None:
    assert staff.post(page_of(entered(staff), "explode")).status_code == 404


def test_the_page_of_a_request_offers_its_steps(staff: Client) -> None:
    page = BeautifulSoup(staff.get(page_of(entered(staff, kind="complaint"))).content, "html.parser")
    assert [link.get_text() for link in page.select(".staff-actions a")] == [
        "Acknowledge",
        "Answer",
        "Extend the deadline",
        "Refuse…",
    ]


def test_requests_of_the_page_can_be_handled_too(staff: Client, client: Client) -> None:
    receive_request(email=ERIN, kind="complaint", details="You wrote to me", now=timezone.now())
    client.post(link_mailed_to(ERIN))
    request = PrivacyRequest.objects.get()
    assert "You wrote to me" in text(staff.get(page_of(request)))
    assert staff.post(page_of(request), {"identity": "link", "contact": ""}).status_code == 302
    do(staff, request, "answer", text="Never again.", ground="")
    assert "Never again." in mails_to(ERIN)[-1]


# --- The record -------------------------------------------------------------------------------------------------------


def test_the_record_is_kept_24_months_under_a_pseudonym_and_then_deleted(
    staff: Client, clock: time_machine.Traveller
) -> None:
    request = entered(staff, kind="deletion")
    clock.shift(timedelta(days=10))
    staff.force_login(User.objects.get(email_index="bob@example.com"))
    do(staff, request, "delete")
    record = PrivacyRequest.objects.get(email_index=ERIN)
    assert (record.kind, record.channel, record.outcome, record.received_at.date().isoformat()) == (
        "deletion",
        "letter",
        "answered",
        "2026-03-02",
    )
    assert record.keep_until == datetime(2028, 3, 12, 12, tzinfo=UTC)
    clock.move_to(record.keep_until - timedelta(seconds=1))
    purge_expired(now=timezone.now())
    assert PrivacyRequest.objects.exists()
    clock.shift(timedelta(seconds=1))
    purge_expired(now=timezone.now())
    assert not PrivacyRequest.objects.exists()


def test_the_history_of_the_admin_names_nobody(staff: Client) -> None:
    from django.contrib.admin.models import LogEntry

    request = entered(staff, contact="Elm Street")
    do(staff, request, "refuse", ground="others", text="Dear Erin")
    told = str(list(LogEntry.objects.values_list("object_repr", "change_message")))
    assert not [secret for secret in ("Elm", "rin@", "Dear") if secret in told]
