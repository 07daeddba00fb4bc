"""Mail is fetched from a real IMAP server: each message is stored once, and nothing is changed there before."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from imapclient import SEEN, IMAPClient, SocketTimeout
from pytest_django import Settings

from aitpro.housekeeping import housekeep
from contacts.incoming_mail import intake, mailbox
from contacts.incoming_mail.mailbox import MailboxUnreachable, fetch_mail
from contacts.models import IncomingMail, Mailbox, MailboxMessage
from privacy.erasure.erase import erase_person
from tests.imap_server import PASSWORD, IMAPServer, imap_server
from tests.trickle import trickle

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.one_database]

ALICE = "alice@example.org"


def written(subject: str, sender: str = ALICE, text: str = "Do you build shops?") -> bytes:
    lines = (f"From: Alice <{sender}>", "To: office@business.example", f"Subject: {subject}", "", text, "")
    return "\r\n".join([f"Message-ID: <{subject.replace(' ', '.')}@example.org>", *lines]).encode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IMAPServer]:
    with imap_server(tmp_path_factory.mktemp("imap")) as server:
        yield server


@pytest.fixture
def server(running: IMAPServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> IMAPServer:
    """With an empty mailbox, which the settings name."""
    with running.client() as client:
        client.delete_messages(client.search("ALL"), silent=True)
        client.expunge()
    settings.MAIL_IN, settings.MAIL_IN_AFTER = running.settings, "seen"
    monkeypatch.setenv("SSL_CERT_FILE", str(running.certificate))
    return running


def fetch() -> int:
    return fetch_mail(now=timezone.now())


def subjects() -> list[str]:
    return sorted(str(mail.subject) for mail in IncomingMail.objects.all())


def the_mailbox() -> Mailbox:
    return Mailbox.objects.get()


def test_messages_are_stored_and_marked_as_seen(server: IMAPServer) -> None:
    server.deliver(written("A shop"))
    server.deliver(written("A blog"))
    assert fetch() == 2
    assert subjects() == ["A blog", "A shop"]
    assert list(server.messages().values()) == [(SEEN,), (SEEN,)]
    assert the_mailbox().unknown == 0


def test_the_command_fetches_and_says_what_it_did(server: IMAPServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.deliver(written("A shop"))
    call_command("receive_mail", imap=True)
    assert capsys.readouterr().out == "1 stored, 0 not stored.\n"
    assert subjects() == ["A shop"]


def test_the_command_ends_with_try_again_if_the_mailbox_cannot_be_read(server: IMAPServer, settings: Settings) -> None:
    settings.MAIL_IN = {**server.settings, "password": "another"}
    with pytest.raises(CommandError, match="could not be read: LoginError. Try again") as refusal:
        call_command("receive_mail", imap=True)
    assert refusal.value.returncode == 75


def test_housekeeping_fetches(server: IMAPServer) -> None:
    server.deliver(written("A shop"))
    assert housekeep(now=timezone.now())["mailbox read"] == 1
    assert subjects() == ["A shop"]


def test_without_a_mailbox_nothing_is_fetched(settings: Settings) -> None:
    settings.MAIL_IN = {}
    assert fetch() == 0
    assert not Mailbox.objects.exists()


def test_each_message_is_fetched_once(server: IMAPServer) -> None:
    server.deliver(written("A shop"))
    assert fetch() == 1
    server.deliver(written("A blog"))
    assert fetch() == 1
    assert fetch() == 0
    assert subjects() == ["A blog", "A shop"]


def test_flags_that_people_set_in_their_mail_program_change_nothing(server: IMAPServer) -> None:
    """A message that somebody has read there is fetched all the same; one marked as unread isn't fetched again."""
    server.deliver(written("A shop"))
    with server.client() as client:
        client.add_flags([*server.messages()], [SEEN])
    assert fetch() == 1
    with server.client() as client:
        client.remove_flags([*server.messages()], [SEEN])
    assert fetch() == 0
    assert subjects() == ["A shop"]


def test_stored_messages_are_deleted_if_the_setting_says_so(server: IMAPServer, settings: Settings) -> None:
    settings.MAIL_IN_AFTER = "delete"
    server.deliver(written("A shop"))
    assert fetch() == 1
    assert server.messages() == {}
    assert subjects() == ["A shop"]
    assert the_mailbox().unknown == 0
    fetch()
    assert not MailboxMessage.objects.exists()


@pytest.mark.parametrize("after", ["seen", "delete"])
def test_message_that_is_not_stored_stays_as_it_is_and_stops_no_other(
    server: IMAPServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    after: str,
) -> None:
    settings.MAIL_IN_AFTER = after
    server.deliver(written("A shop"))
    server.deliver(written("A blog"))
    with monkeypatch.context() as patched:
        patched.setattr(mailbox, "receive_message", refusing(b"A shop"))
        assert fetch() == 1
    assert subjects() == ["A blog"]
    assert the_mailbox().unknown == 1
    [flags] = [flags for uid, flags in server.messages().items() if uid == min(server.messages())]
    assert SEEN not in flags
    assert "can't be stored: RuntimeError" in caplog.text
    assert "A shop" not in caplog.text
    assert fetch() == 1
    assert subjects() == ["A blog", "A shop"]
    assert the_mailbox().unknown == 0


def refusing(words: bytes) -> Any:
    former = intake.receive_message

    def receive(raw: bytes, **options: Any) -> IncomingMail:
        if words in raw:
            raise RuntimeError(words.decode())
        return former(raw, **options)

    return receive


def test_a_lost_connection_costs_nothing_that_was_stored(server: IMAPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for subject in ("A shop", "A blog", "A logo"):
        server.deliver(written(subject))
    former = IMAPClient.fetch

    def fetch_and_hang_up(client: IMAPClient, uids: Any, data: Any) -> Any:
        if IncomingMail.objects.exists():
            client.shutdown()
        return former(client, uids, data)

    with monkeypatch.context() as patched:
        patched.setattr(IMAPClient, "fetch", fetch_and_hang_up)
        with pytest.raises(MailboxUnreachable):
            fetch()
    assert subjects() == ["A shop"]
    assert fetch() == 2
    assert subjects() == ["A blog", "A logo", "A shop"]


def test_a_program_that_was_killed_after_storing_a_message_stores_it_once(server: IMAPServer) -> None:
    server.deliver(written("A shop"))
    fetch()
    MailboxMessage.objects.all().delete()  # it was not yet noted
    Mailbox.objects.update(busy_until=timezone.now() + timedelta(minutes=1))  # nor was the claim given up
    assert fetch() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert fetch() == 1
    assert subjects() == ["A shop"]
    assert the_mailbox().unknown == 0


def test_two_processes_do_not_fetch_at_once(server: IMAPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.deliver(written("A shop"))
    former, at_once = intake.receive_message, list[int]()

    def receive(raw: bytes, **options: Any) -> IncomingMail:
        at_once.append(fetch())
        return former(raw, **options)

    monkeypatch.setattr(mailbox, "receive_message", receive)
    assert fetch() == 1
    assert at_once == [0]


def test_messages_that_the_server_numbers_anew_are_recognized(server: IMAPServer) -> None:
    server.deliver(written("A shop"))
    fetch()
    Mailbox.objects.update(uid_validity=1)  # as if the mailbox had been restored since
    server.deliver(written("A blog"))
    assert fetch() == 2
    assert subjects() == ["A blog", "A shop"]
    assert the_mailbox().unknown == 0


def test_what_is_erased_here_is_deleted_in_the_mailbox(server: IMAPServer) -> None:
    server.deliver(written("A shop"))
    server.deliver(written("A blog", "bob@example.org"))
    fetch()
    assert erase_person(email=ALICE)
    assert subjects() == ["A blog"]
    fetch()
    assert len(server.messages()) == 1
    assert subjects() == ["A blog"]
    assert the_mailbox().unknown == 0


def test_what_is_erased_does_not_come_back_when_it_is_delivered_again(server: IMAPServer) -> None:
    server.deliver(written("A shop"))
    fetch()
    assert erase_person(email=ALICE)
    assert subjects() == []
    server.deliver(written("A shop"))
    fetch()
    [mail] = IncomingMail.objects.all()
    assert (mail.raw, mail.sender, mail.subject, mail.text) == (None, None, None, None)
    assert server.messages() == {}


def test_message_that_is_gone_meanwhile_is_no_error(server: IMAPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.deliver(written("A shop"))
    former = IMAPClient.fetch

    def fetch_too_late(client: IMAPClient, uids: Any, data: Any) -> Any:
        client.delete_messages(uids, silent=True)
        client.expunge()
        return former(client, uids, data)

    monkeypatch.setattr(IMAPClient, "fetch", fetch_too_late)
    assert fetch() == 0
    assert the_mailbox().unknown == 0


def test_of_a_message_that_is_too_large_only_the_beginning_is_fetched(
    server: IMAPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (intake, mailbox):
        monkeypatch.setattr(module, "LARGEST", 1_000_000)
    server.deliver(written("A shop", text="All about it.\r\n" * 200_000))
    fetched = []
    former = intake.receive_message

    def receive(raw: bytes, **options: Any) -> IncomingMail:
        fetched.append((len(raw), options["size"]))
        return former(raw, **options)

    monkeypatch.setattr(mailbox, "receive_message", receive)
    assert fetch() == 1
    [(fetched_bytes, size)] = fetched
    assert fetched_bytes == 1_000_001
    assert size > 2_000_000
    assert IncomingMail.objects.get().state == IncomingMail.State.FAILED
    assert the_mailbox().unknown == 0


def test_mail_is_received_when_the_server_got_it_and_never_in_the_future(server: IMAPServer) -> None:
    now = timezone.now()
    arrived = datetime(2026, 2, 27, 9, 30, tzinfo=UTC)
    server.deliver(written("A shop"), at=arrived)
    server.deliver(written("A blog"), at=now + timedelta(days=400))
    fetch()
    received = {str(mail.subject): mail.received_at for mail in IncomingMail.objects.all()}
    assert received["A shop"] == arrived
    assert received["A blog"] <= timezone.now()


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_server_is_waited_for(
    server: IMAPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(written("A shop"))
    former, blocks = IMAPClient._raw_command, []

    def command(client: IMAPClient, *args: Any, **options: Any) -> Any:
        blocks.append(connection.in_atomic_block)
        return former(client, *args, **options)

    monkeypatch.setattr(IMAPClient, "_raw_command", command)
    assert fetch() == 1
    assert blocks
    assert not any(blocks)


def test_a_wrong_password_is_reported_without_it(
    server: IMAPServer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    settings.MAIL_IN = {**server.settings, "user": "nobody@business.example"}
    with pytest.raises(MailboxUnreachable, match="could not be read: LoginError") as refusal:
        fetch()
    assert refusal.value.__cause__ is None
    assert PASSWORD not in f"{refusal.value}{caplog.text}"
    assert the_mailbox().busy_until is None
    assert the_mailbox().read_at is None


def test_a_server_with_an_unknown_certificate_gets_no_password(
    server: IMAPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setattr(IMAPClient, "login", lambda *args: pytest.fail("the password was sent"))
    with pytest.raises(MailboxUnreachable, match="SSLCertVerificationError"):
        fetch()


def test_a_server_that_says_nothing_is_given_up(
    server: IMAPServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "TIMEOUT", SocketTimeout(connect=1, read=1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.MAIL_IN = {**server.settings, "port": silent.getsockname()[1], "encryption": ""}
        with pytest.raises(MailboxUnreachable):
            fetch()
    assert the_mailbox().busy_until is None


@pytest.mark.parametrize(
    ("encryption", "said"),
    [("", b"* OK "), ("", b"* OK ready\r\n* CAPABILITY "), ("starttls", b"* OK "), ("tls", b"\x16\x03\x03\x40\x00")],
)
def test_a_server_that_drips_its_answer_is_given_up(
    server: IMAPServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, encryption: str, said: bytes
) -> None:
    monkeypatch.setattr(mailbox, "WITHIN", 0.5)
    with trickle(said) as port:
        settings.MAIL_IN = {**server.settings, "port": port, "encryption": encryption}
        with pytest.raises(MailboxUnreachable):
            fetch()
    assert the_mailbox().busy_until is None


def test_another_mailbox_is_not_taken_for_the_former_one(
    server: IMAPServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The UIDs of one mailbox are given to other messages in another one."""
    server.deliver(written("A shop"))
    fetch()
    with imap_server(tmp_path) as other:
        other.deliver(written("A blog"))
        Mailbox.objects.update(uid_validity=uid_validity(other))
        settings.MAIL_IN = other.settings
        monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
        assert fetch() == 1
    assert subjects() == ["A blog", "A shop"]


def uid_validity(server: IMAPServer) -> int:
    with server.client() as client:
        return int(client.select_folder("INBOX")[b"UIDVALIDITY"])
