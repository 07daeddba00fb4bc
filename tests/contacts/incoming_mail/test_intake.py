"""Receiving a message: once, in two steps, of which the second may fail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from contacts.incoming_mail import intake
from contacts.incoming_mail.digest import content_digest
from contacts.incoming_mail.intake import process_mail, process_received_mail, receive_message
from contacts.incoming_mail.message import Unreadable
from contacts.incoming_mail.not_filed import NotFiled
from contacts.models import Attachment, IncomingMail, Inquiry, SeenMessage
from privacy.encryption.keys import RootKey
from privacy.erasure.pruning import prune_old_rows
from privacy.erasure.retention import purge_expired
from privacy.mail.threads import message_id
from privacy.models import OutgoingMail

from .arriving import DAVE, arriving

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
State = IncomingMail.State
MINUTE = timedelta(minutes=1)


def receive(raw: bytes, **options: Any) -> IncomingMail:
    mail = receive_message(raw, **{"received_at": timezone.now(), **options})
    stored: IncomingMail = IncomingMail.objects.get(pk=mail.pk)
    return stored


def fails(*args: Any, **options: Any) -> Any:
    raise ValueError(f"can't cope with the mail of {DAVE}")


def dies(*args: Any, **options: Any) -> Any:
    """As kill -9: nothing after it happens."""
    raise KeyboardInterrupt


# --- Once -------------------------------------------------------------------------------------------------------------
TRACE = b"Received: from a by b;\r\n Mon, 2 Mar 2026 12:00:00 +0000\r\nDelivered-To: info@ait-pro.com\r\n"
SAME = {
    "again": arriving(),
    "by another way": TRACE + arriving(),
    "with other line ends": arriving().replace(b"\r\n", b"\n"),
    "from an mbox file": arriving().replace(b"\r\n", b"\n") + b"\n",
    "with the verdict of a filter": b"X-Spam-Status: No\r\nAuthentication-Results: mx; spf=pass\r\n" + arriving(),
}


@pytest.mark.parametrize("copy", SAME.values(), ids=SAME)
def test_a_message_that_arrives_again_is_one_message(copy: bytes) -> None:
    assert receive(arriving()).pk == receive(copy).pk
    assert Inquiry.objects.count() == IncomingMail.objects.count() == 1


OTHERS = {
    "another text under the same Message-ID": arriving("Send me everything"),
    "another sender": arriving(sender="erin@example.org"),
    "another file": arriving(file=b"\x89PNG"),
    "a header that programs set": arriving(Auto_Submitted="auto-replied"),
    "no Message-ID": arriving(message_id=""),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_message_never_passes_for_the_first(other: bytes) -> None:
    """Whoever knows a Message-ID can't keep the real message out by sending another one first."""
    assert receive(other).pk != receive(arriving()).pk


def test_a_message_is_known_under_each_root_key(settings: Any) -> None:
    old = settings.ENCRYPTION_KEYS
    receive(arriving())
    settings.ENCRYPTION_KEYS = f"{RootKey(b'new.', b'n' * 32).written_out()},{old}"
    receive(arriving())
    assert IncomingMail.objects.count() == SeenMessage.objects.count() == 1


def test_what_was_erased_does_not_come_back_with_its_mailbox() -> None:
    receive(arriving("My telephone number is 805 555 0142"))
    call_command("erase_person", DAVE)
    assert not IncomingMail.objects.exists()
    again = receive(arriving("My telephone number is 805 555 0142"))
    assert (again.state, again.reason, again.raw, again.sender) == (State.IGNORED, NotFiled.DELETED_BEFORE, None, None)
    assert not Inquiry.objects.exists()
    assert receive(arriving("My telephone number is 805 555 0142")).pk == again.pk


def test_the_hash_of_a_message_is_forgotten_in_the_end(clock: time_machine.Traveller) -> None:
    receive(arriving())
    clock.shift(timedelta(days=1096) + MINUTE)
    prune_old_rows(now=timezone.now())
    assert not SeenMessage.objects.exists()


def test_only_what_the_author_wrote_counts_for_the_digest() -> None:
    raw = arriving()
    assert content_digest(TRACE + raw, size=len(TRACE + raw)) == content_digest(raw, size=len(raw))
    assert content_digest(raw, size=len(raw)) != content_digest(raw, size=len(raw) + 1)
    assert content_digest(b"", size=0) != content_digest(b"\0", size=1)


# --- Stored, then read ------------------------------------------------------------------------------------------------


def test_the_original_is_kept_only_until_the_message_is_filed() -> None:
    mail = receive(arriving(file=b"\x89PNG"))
    assert (mail.state, mail.raw, mail.reason) == (State.FILED, None, "")
    assert mail.inquiry == Inquiry.objects.get()
    assert mail.keep_until == Inquiry.objects.get().keep_until
    assert Attachment.objects.get().inquiry == mail.inquiry


def test_a_failure_keeps_the_message_and_says_where_it_failed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(intake, "file_mail", fails)
    mail = receive(arriving())
    assert (mail.state, mail.reason, bytes(mail.raw)) == (State.FAILED, NotFiled.PROGRAM, arriving())
    assert "ValueError in fails, line" in caplog.text
    assert DAVE not in caplog.text


def test_one_failure_stops_none_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(intake, "file_mail", fails)
        receive(arriving())
    assert receive(arriving("Hello again", message_id="<2@example.org>")).state == State.FILED


def test_an_unreadable_message_is_kept_with_its_reason() -> None:
    mail = receive(b"\r\n\r\n")
    assert (mail.state, mail.reason) == (State.FAILED, Unreadable.EMPTY)
    assert bytes(mail.raw) == b"\r\n\r\n"


def test_a_message_whose_content_can_not_be_read_is_erased_with_its_sender() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(400))
    mail = receive(b"From: dave@example.org\r\nSubject: Deep\r\n" + deep)
    assert (mail.state, mail.sender, mail.subject) == (State.FAILED, DAVE, "Deep")
    call_command("erase_person", DAVE)
    assert not IncomingMail.objects.exists()


def test_what_a_crash_left_is_read_by_housekeeping_once(
    monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(intake, "file_mail", dies)
        receive(arriving())
    left = IncomingMail.objects.get()
    assert (left.state, bytes(left.raw)) == (State.RECEIVED, arriving())
    assert process_received_mail(now=timezone.now()) == 0  # somebody may be at it
    clock.shift(intake.STUCK_AFTER + MINUTE)
    assert process_received_mail(now=timezone.now()) == 1
    assert process_received_mail(now=timezone.now()) == 0
    assert IncomingMail.objects.get().state == State.FILED
    assert Inquiry.objects.count() == 1


def test_a_message_that_kills_the_program_does_so_three_times(
    monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    monkeypatch.setattr(intake, "parse_message", dies)
    for _ in range(intake.MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            receive(arriving())
        clock.shift(intake.STUCK_AFTER + MINUTE)
    mail = receive(arriving())
    assert (mail.state, mail.reason) == (State.FAILED, NotFiled.CRASHES)
    assert bytes(mail.raw) == arriving()


def test_a_message_waits_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    def away(*args: Any, **options: Any) -> Any:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "file_mail", away)
        assert receive(arriving()).state == State.RECEIVED
    clock.shift(intake.STUCK_AFTER + MINUTE)
    process_received_mail(now=timezone.now())
    assert IncomingMail.objects.get().state == State.FILED


def test_a_mail_is_not_read_twice_by_two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    receive(arriving())
    stale = IncomingMail.objects.get()
    stale.state, stale.attempts = State.RECEIVED, 0
    process_mail(stale)
    assert Inquiry.objects.count() == 1


# --- Without a reader -------------------------------------------------------------------------------------------------


def test_our_own_mail_that_comes_back_is_ignored(work: Any) -> None:
    receive(arriving())
    work()
    own = OutgoingMail.objects.get(kind="contacts/inquiry_received")
    mail = receive(arriving("Your message has arrived.", message_id=message_id(own), sender="info@ait-pro.com"))
    assert (mail.state, mail.reason, mail.text) == (State.IGNORED, NotFiled.OWN_MAIL, None)


def test_a_mail_in_our_own_name_is_held() -> None:
    mail = receive(arriving("Pay this bill", sender=settings.BUSINESS["email"].upper()))
    assert (mail.state, mail.reason) == (State.HELD, NotFiled.OUR_ADDRESS)
    assert not OutgoingMail.objects.exists()


def test_a_mail_without_a_readable_sender_is_held() -> None:
    mail = receive(arriving(sender="nobody at all"))
    assert (mail.state, mail.reason, mail.text) == (State.HELD, NotFiled.NO_SENDER, "Can you build us a shop?")


def test_a_bounce_of_somebody_elses_mail_is_ignored_without_its_text() -> None:
    report = arriving("I could not deliver", sender="MAILER-DAEMON@mx.example.org", subject="Undelivered Mail")
    header = report.partition(b"\r\n\r\n")[0].replace(b"text/plain", b"multipart/report; boundary=B; x=y")
    status = b"Reporting-MTA: dns; mx\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    body = b"--B\r\nContent-Type: message/delivery-status\r\n\r\n" + status + b"\r\n--B--\r\n"
    mail = receive(header + b"\r\n\r\n" + body)
    assert (mail.state, mail.reason, mail.text, mail.raw) == (State.IGNORED, NotFiled.FOREIGN_BOUNCE, None, None)


def test_a_flood_of_one_sender_is_held_and_nothing_of_it_lost(clock: time_machine.Traveller) -> None:
    for number in range(intake.PER_SENDER + 2):
        receive(arriving(f"Message {number}", message_id=f"<{number}@example.org>"))
    held = IncomingMail.objects.filter(state=State.HELD)
    assert {mail.text for mail in held} == {f"Message {intake.PER_SENDER}", f"Message {intake.PER_SENDER + 1}"}
    assert {mail.reason for mail in held} == {NotFiled.TOO_MANY}
    assert receive(arriving(sender="erin@example.org")).state == State.FILED
    clock.shift(timedelta(hours=1))
    assert receive(arriving("Much later", message_id="<later@example.org>")).state == State.FILED


def test_a_mailbox_of_a_week_holds_nobodys_mail() -> None:
    for number in range(intake.PER_SENDER + 2):
        at = timezone.now() - timedelta(hours=number)
        receive(arriving(f"Message {number}", message_id=f"<{number}@example.org>"), received_at=at)
    assert not IncomingMail.objects.exclude(state=State.FILED).exists()


# --- Retention --------------------------------------------------------------------------------------------------------


def test_a_held_mail_from_a_full_mailbox_is_kept_until_staff_had_their_time(clock: time_machine.Traveller) -> None:
    receive(arriving(sender="nobody"), received_at=timezone.now() - timedelta(days=200))
    purge_expired(now=timezone.now() + timedelta(days=89))
    assert IncomingMail.objects.get().state == State.HELD
    purge_expired(now=timezone.now() + timedelta(days=91))
    assert not IncomingMail.objects.exists()


def test_a_mail_that_is_older_than_we_keep_messages_is_not_read() -> None:
    mail = receive(arriving(), received_at=timezone.now() - timedelta(days=731))
    assert (mail.state, mail.reason, mail.raw, mail.text) == (State.IGNORED, NotFiled.TOO_OLD, None, None)
    assert not Inquiry.objects.exists()


def test_no_mail_arrives_in_the_future() -> None:
    assert receive(arriving(), received_at=timezone.now() + timedelta(days=3)).received_at == timezone.now()


def test_a_card_number_is_kept_nowhere() -> None:
    mail = receive(arriving("My card: 4111 1111 1111 1111", sender="nobody"))
    assert (mail.state, mail.raw) == (State.HELD, None)
    assert "1111" not in mail.text
