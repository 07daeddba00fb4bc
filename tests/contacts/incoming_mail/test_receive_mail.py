"""`receive_mail`: from a pipe, a Maildir and an mbox file; what it stores, says, and ends with."""

from __future__ import annotations

import io
import json
import mailbox
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from contacts.incoming_mail import intake
from contacts.incoming_mail.not_filed import NotFiled
from contacts.management.commands import receive_mail
from contacts.models import IncomingMail, Inquiry

from .arriving import DAVE, arriving

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
State = IncomingMail.State


def received(**options: Any) -> str:
    """Runs the command, and returns what it printed."""
    printed = io.StringIO()
    call_command("receive_mail", stdout=printed, stderr=printed, **options)
    return printed.getvalue()


def piped(raw: bytes, monkeypatch: pytest.MonkeyPatch, **options: Any) -> str:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    return received(**options)


def only() -> IncomingMail:
    mail: IncomingMail = IncomingMail.objects.get()
    return mail


@pytest.fixture
def maildir(tmp_path: Path) -> mailbox.Maildir:
    return mailbox.Maildir(tmp_path / "inbox")


def folder(box: mailbox.Maildir) -> Path:
    return Path(box._path)


# --- A pipe -----------------------------------------------------------------------------------------------------------


def test_a_piped_message_becomes_an_inquiry(monkeypatch: pytest.MonkeyPatch) -> None:
    assert piped(arriving(), monkeypatch) == "1 stored (1 filed), 0 not stored.\n"
    inquiry = Inquiry.objects.get()
    assert (inquiry.email, inquiry.channel) == (DAVE, Inquiry.Channel.EMAIL)
    assert "Can you build us a shop?" in inquiry.message
    assert only().inquiry == inquiry


def test_the_separator_of_a_pipe_is_no_part_of_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    piped(b"From dave@example.org  Mon Mar  2 11:59:00 2026\n" + arriving(), monkeypatch)
    piped(arriving(), monkeypatch)
    assert only().sender == DAVE


def test_the_address_that_the_mail_server_delivered_to_is_kept_with_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr(intake, "parse_message", seen.append)
    monkeypatch.setenv("ORIGINAL_RECIPIENT", "info+1@ait-pro.com\nBcc: x@example.org")
    piped(arriving(), monkeypatch)
    assert seen[0].startswith(b"Delivered-To: info+1@ait-pro.comBcc: x@example.org\nFrom: ")


def test_nothing_on_standard_input_is_a_failed_message(monkeypatch: pytest.MonkeyPatch) -> None:
    assert piped(b"", monkeypatch) == "1 stored (1 failed), 0 not stored.\n"


@pytest.mark.parametrize("option", ["maildir", "mbox"])
def test_a_mailbox_that_does_not_exist_is_tried_again(option: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="doesn't exist") as refusal:
        received(**{option: tmp_path / "nowhere"})
    assert refusal.value.returncode == 75


def test_a_pipe_ends_with_75_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(arriving())))
    monkeypatch.setattr(receive_mail, "receive_message", _away)
    with pytest.raises(SystemExit) as end:
        receive_mail.Command().run_from_argv(["manage.py", "receive_mail"])
    assert end.value.code == 75
    assert DAVE not in capsys.readouterr().err


def _away(*args: Any, **options: Any) -> Any:
    raise DatabaseError(f"could not store the mail of {DAVE}")


# --- A Maildir --------------------------------------------------------------------------------------------------------


def test_new_messages_of_a_maildir_are_received_once_and_marked_as_seen(maildir: mailbox.Maildir) -> None:
    for number in range(3):
        maildir.add(arriving(message_id=f"<{number}@example.org>", sender=f"dave{number}@example.org"))
    assert received(maildir=folder(maildir)) == "3 stored (3 filed), 0 not stored.\n"
    assert received(maildir=folder(maildir)) == "0 stored, 0 not stored.\n"
    assert [message.get_flags() for message in maildir] == ["S", "S", "S"]
    assert Inquiry.objects.count() == 3


def test_the_clock_of_a_message_starts_when_it_was_delivered(maildir: mailbox.Maildir) -> None:
    key = maildir.add(arriving())
    delivered = timezone.now() - timedelta(days=3)
    os.utime(folder(maildir) / "new" / key, (0, delivered.timestamp()))
    received(maildir=folder(maildir))
    assert only().received_at == Inquiry.objects.get().received_at == delivered


def test_a_message_that_can_not_be_opened_stops_none_of_the_next(
    maildir: mailbox.Maildir, caplog: pytest.LogCaptureFixture
) -> None:
    (folder(maildir) / "new" / "1.directory").mkdir()
    (folder(maildir) / "new" / "2.link").symlink_to("/etc/passwd")
    os.mkfifo(folder(maildir) / "new" / "3.pipe")
    maildir.add(arriving())
    with pytest.raises(CommandError, match="Not everything could be stored") as refusal:
        received(maildir=folder(maildir))
    assert refusal.value.returncode == 75
    assert only().state == State.FILED
    assert caplog.messages.count("receive_mail: a message can't be opened: it is not a file") == 3


def test_a_message_that_can_not_be_stored_stays_new_and_stops_none_of_the_next(
    maildir: mailbox.Maildir, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = maildir.add(arriving()), maildir.add(arriving(sender="erin@example.org"))
    for age, key in enumerate((second, first)):
        os.utime(folder(maildir) / "new" / key, (0, timezone.now().timestamp() - 60 * age))
    store = intake.store_message

    def fails_once(raw: bytes, **options: Any) -> IncomingMail:
        return _away() if DAVE.encode() in raw else store(raw, **options)

    monkeypatch.setattr(intake, "store_message", fails_once)
    with pytest.raises(CommandError):
        received(maildir=folder(maildir))
    assert only().sender == "erin@example.org"
    assert (folder(maildir) / "new" / first).exists()
    monkeypatch.undo()
    assert received(maildir=folder(maildir)) == "1 stored (1 filed), 0 not stored.\n"


# --- An mbox file -----------------------------------------------------------------------------------------------------


@pytest.fixture
def mbox(tmp_path: Path) -> Path:
    box = mailbox.mbox(tmp_path / "inbox")
    for number in range(3):
        message = mailbox.mboxMessage(arriving("From here on", message_id=f"<{number}@example.org>"))
        message.set_from("dave@example.org", (2026, 2, 27, 10, number, 0, 4, 58, 0))
        box.add(message)
    box.close()
    return tmp_path / "inbox"


def test_an_mbox_file_is_received_once_and_left_as_it_is(mbox: Path) -> None:
    before = mbox.read_bytes()
    assert received(mbox=mbox) == "3 stored (3 filed), 0 not stored.\n"
    assert received(mbox=mbox) == "3 stored (3 filed), 0 not stored.\n"
    assert mbox.read_bytes() == before
    assert IncomingMail.objects.count() == 3
    assert min(IncomingMail.objects.values_list("received_at", flat=True)) == datetime(2026, 2, 27, 10, tzinfo=UTC)


def test_a_message_of_an_mbox_file_is_known_from_the_pipe(mbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(arriving("From here on", message_id="<1@example.org>"), monkeypatch)
    received(mbox=mbox)
    assert IncomingMail.objects.count() == 3


def test_an_unreadable_separator_counts_as_now(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_bytes(b"From nobody at all\n" + arriving() + b"\n")
    received(mbox=tmp_path / "inbox")
    assert only().received_at == timezone.now()


# --- Counts -----------------------------------------------------------------------------------------------------------


def test_the_counts_add_up_to_what_arrived(maildir: mailbox.Maildir) -> None:
    maildir.add(arriving())
    maildir.add(b"")
    maildir.add(arriving(sender="nobody", message_id="<2@example.org>"))
    received(maildir=folder(maildir))
    counts = json.loads(received(count=True))
    assert counts == {"received": 0, "filed": 1, "held": 1, "failed": 1, "ignored": 0}


def test_a_large_message_is_listed_with_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "LARGEST", 100_000)
    monkeypatch.setattr(receive_mail, "LARGEST", 100_000)
    monkeypatch.setattr(intake, "BEGINNING", 50_000)
    raw = arriving(file=b"\x89PNG" * 100_000)
    piped(raw, monkeypatch)
    mail = only()
    assert (mail.state, mail.reason, mail.size) == (State.FAILED, NotFiled.TOO_LARGE, len(raw))
    assert (mail.sender, mail.subject, len(mail.raw)) == (DAVE, "A question", 50_000)
    assert not mail.attachments.exists()
    piped(raw, monkeypatch)
    assert only().pk == mail.pk
