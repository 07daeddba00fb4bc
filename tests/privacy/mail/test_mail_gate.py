"""The mail gate: nothing leaves without a live reason, nor to somebody who does not want it at that very moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.core import mail as django_mail

from contacts.mails import INQUIRY_ANSWERED, INQUIRY_RECEIVED, INQUIRY_WAITS
from contacts.models import Inquiry
from privacy.consent.opt_outs import is_opted_out
from privacy.erasure.erase import erase_person
from privacy.mail.sending import MailKind, MailRefused, NotARecipient, deliver_mail, queue_mail
from privacy.mails import REQUEST_CONFIRMATION
from privacy.models import OutgoingMail, PrivacyRequest, Suppression
from tests import factories
from tests.privacy.stored import anew

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

State = OutgoingMail.State


@pytest.fixture
def inquiry(clock: time_machine.Traveller) -> Inquiry:
    return factories.inquiry("dave@example.org", reference="Q-234567")


def queue(inquiry: Inquiry, kind: MailKind = INQUIRY_ANSWERED) -> OutgoingMail:
    context = {"reply": factories_reply(inquiry)} if kind is INQUIRY_ANSWERED else {}
    return queue_mail(kind, to="dave@example.org", about=inquiry, context=context)


def factories_reply(inquiry: Inquiry) -> object:
    return inquiry.replies.create(body="Good day to you.")


def opt_out(channel: str = "email") -> None:
    Suppression.objects.create(fingerprint="DAVE@example.org", channel=channel)


def refused(mail: OutgoingMail, why: str) -> bool:
    deliver_mail.call(str(mail.pk))
    now = anew(mail)
    return (now.state, now.refusal, django_mail.outbox) == (State.REFUSED, why, [])


def test_a_mail_with_a_live_reason_is_sent(inquiry: Inquiry, work: Callable[[], int]) -> None:
    mail = queue(inquiry)
    work()
    assert [message.to for message in django_mail.outbox] == [["dave@example.org"]]
    assert anew(mail).state == State.SENT
    assert anew(mail).sent_at is not None


def test_a_mail_waits_sealed(inquiry: Inquiry) -> None:
    from tests.privacy.stored import stored

    mail = queue(inquiry)
    for column in ("recipient", "subject", "text", "html"):
        assert b"dave" not in stored(mail, column).lower()
        assert b"Good day" not in stored(mail, column)
    assert anew(mail).state == State.QUEUED


def test_nothing_is_written_when_the_reason_is_closed(inquiry: Inquiry) -> None:
    inquiry.state = Inquiry.State.CLOSED
    with pytest.raises(MailRefused, match="the reason no longer applies"):
        queue(inquiry)
    assert not OutgoingMail.objects.exists()


def test_nothing_is_written_about_another_kind_of_thing() -> None:
    with pytest.raises(MailRefused, match="has been deleted"):
        queue_mail(INQUIRY_ANSWERED, to="dave@example.org", about=factories.user("dave@example.org"), context={})


def test_nothing_is_written_to_somebody_who_opted_out(inquiry: Inquiry) -> None:
    opt_out()
    with pytest.raises(MailRefused, match="opted out"):
        queue(inquiry)


def test_a_reason_closed_in_the_meantime_stops_the_mail(inquiry: Inquiry) -> None:
    mail = queue(inquiry)
    Inquiry.objects.update(state=Inquiry.State.CLOSED)
    assert refused(mail, "the reason no longer applies")


def test_a_reason_deleted_in_the_meantime_stops_the_mail(inquiry: Inquiry) -> None:
    mail = queue(inquiry)
    inquiry.delete()
    assert refused(mail, "what this message was about has been deleted")


def test_a_reason_of_the_wrong_kind_stops_the_mail(inquiry: Inquiry) -> None:
    mail = queue(inquiry)
    user = factories.user("dave@example.org")
    OutgoingMail.objects.update(about_model="accounts.User", about_id=user.pk)
    assert refused(mail, "what this message was about has been deleted")


def test_an_opt_out_in_the_meantime_stops_the_mail(inquiry: Inquiry) -> None:
    mail = queue(inquiry)
    opt_out()
    assert refused(mail, "this person opted out of email")


def test_an_opt_out_of_another_channel_does_not_stop_it(inquiry: Inquiry) -> None:
    mail = queue(inquiry)
    opt_out("phone")
    deliver_mail.call(str(mail.pk))
    assert anew(mail).state == State.SENT


def test_requested_mail_is_sent_despite_an_opt_out(inquiry: Inquiry) -> None:
    opt_out()
    deliver_mail.call(str(queue(inquiry, INQUIRY_RECEIVED).pk))
    assert len(django_mail.outbox) == 1


def test_a_mail_to_somebody_who_was_erased_is_gone_and_not_sent(inquiry: Inquiry) -> None:
    mail = queue(inquiry)
    erase_person(email="dave@example.org")
    deliver_mail.call(str(mail.pk))
    assert django_mail.outbox == []


def test_a_refused_mail_stays_refused(inquiry: Inquiry) -> None:
    mail = queue(inquiry)
    opt_out()
    deliver_mail.call(str(mail.pk))
    Suppression.objects.all().delete()
    deliver_mail.call(str(mail.pk))
    assert django_mail.outbox == []


def test_a_confirmed_request_is_not_asked_to_be_confirmed() -> None:
    request = PrivacyRequest(state=PrivacyRequest.State.CONFIRMED)
    with pytest.raises(MailRefused):
        queue_mail(REQUEST_CONFIRMATION, to="dave@example.org", about=request, context={"token": "t"})


def test_an_opt_out_counts_for_an_address_however_it_is_typed() -> None:
    opt_out()
    assert is_opted_out(" dave@EXAMPLE.org", "email")
    assert not is_opted_out("dave@example.com", "email")


@pytest.mark.parametrize(
    "subject", ["Hi\r\nBcc: all@example.org", "Hi\nBcc: x", "Hi\x0bBcc: x", "Hi\u2028Bcc: x", "a\x85b"]
)
def test_a_subject_is_one_line(inquiry: Inquiry, subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No template takes a subject from what people type; one that did could still not add a header."""
    monkeypatch.setattr("privacy.mail.sending._render", lambda *args: f"<title>{subject}</title><body></body>")
    deliver_mail.call(str(queue(inquiry).pk))
    [message] = django_mail.outbox
    assert message.subject == " ".join(subject.split())
    assert message.message()["Bcc"] is None


def test_a_recipient_that_is_several_lines_is_never_mailed(inquiry: Inquiry) -> None:
    inquiry.email = "dave@example.org\nBcc: all@example.org"
    inquiry.save()
    mail = queue_mail(INQUIRY_RECEIVED, to=inquiry.email, about=inquiry, context={})
    assert refused(mail, "this is not a valid email address")


@pytest.mark.parametrize("typed", ["mallory@example.net", "dave@example.com", "dave@еxample.org", ""])
def test_nothing_is_written_to_an_address_that_is_not_stored_with_the_reason(inquiry: Inquiry, typed: str) -> None:
    with pytest.raises((NotARecipient, MailRefused)):
        queue_mail(INQUIRY_RECEIVED, to=typed, about=inquiry, context={})
    assert not OutgoingMail.objects.exists()
    assert queue_mail(INQUIRY_RECEIVED, to="Dave@example.org", about=inquiry, context={})


def test_message_to_staff_goes_to_the_business_and_to_nobody_else(inquiry: Inquiry) -> None:
    with pytest.raises(NotARecipient):
        queue_mail(INQUIRY_WAITS, to=inquiry.email, about=inquiry, context={})
    assert queue_mail(INQUIRY_WAITS, to="info@ait-pro.com", about=inquiry, context={})
