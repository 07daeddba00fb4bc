"""Fetches mail from the mailbox of `MAIL_IN_URL` (IMAP4rev1, RFC 3501).

A message is stored here, with its UID, before anything is changed in the mailbox, and each on its own: one that can't
be fetched or stored stays there and stops no other. Which messages are stored is never read from flags, because people
who read the mailbox set and remove them too. No transaction is open while the server is waited for.

What is erased here is deleted there: a copy in the mailbox would outlive the erasure.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from ssl import SSLContext, SSLSocket

from django.conf import settings
from django.utils import timezone
from imapclient import SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS, create_default_context

from contacts.models import IncomingMail, Mailbox, MailboxMessage
from contacts.models.mailbox import mailbox_digest
from privacy.web.bounded_sockets import BoundedSocket, bounded_tls, connect, deadline

from .intake import LARGEST, receive_message
from .not_filed import NotFiled

logger = logging.getLogger(__name__)

AT_ONCE = 1000  # messages of one run; the next one goes on
TIMEOUT = SocketTimeout(connect=10, read=30)  # seconds, read: without a byte
WITHIN = 300  # seconds for a whole run; what was not fetched is the next one's


class MailboxUnreachable(Exception):
    """The server doesn't answer, or refuses the password, the folder or a command. Without its words: they may hold
    addresses."""


def fetch_mail(*, now: datetime) -> int:
    """Stores the messages of the mailbox that are not stored yet. Returns how many there were.

    0 without a mailbox, and while another process fetches. Raises `MailboxUnreachable`.
    """
    if not settings.MAIL_IN:
        return 0
    mailbox, _ = Mailbox.objects.get_or_create(address_digest=mailbox_digest())
    if not mailbox.claim(now=now):
        return 0
    try:
        with deadline(WITHIN), _folder(mailbox) as client:
            return _fetch(client, mailbox)
    except (OSError, IMAPClientError) as error:
        raise MailboxUnreachable(f"the mailbox could not be read: {type(error).__name__}") from None
    finally:
        mailbox.release()


class BoundedIMAPClient(IMAPClient):  # type: ignore[misc,unused-ignore]
    """On bounded sockets: within a `deadline`, the whole conversation ends."""

    def _create_IMAP4(self) -> IMAP4WithTimeout | IMAP4_TLS:
        if self.ssl:
            return _OverTLS(self.host, self.port, self.ssl_context, TIMEOUT.connect)
        return _Plain(self.host, self.port, TIMEOUT.connect)


class _Plain(IMAP4WithTimeout):  # type: ignore[misc,unused-ignore]
    def _create_socket(self, timeout: float | None = None) -> BoundedSocket:
        return connect(self.host, self.port, timeout=self._timeout)


class _OverTLS(IMAP4_TLS):  # type: ignore[misc,unused-ignore]
    def _create_socket(self, timeout: float | None = None) -> SSLSocket:
        line = connect(self.host, self.port, timeout=self._timeout)
        context: SSLContext = self.ssl_context
        return context.wrap_socket(line, server_hostname=self.host)


@contextmanager
def _folder(mailbox: Mailbox) -> Iterator[IMAPClient]:
    """A connection with the mailbox's folder selected."""
    where = settings.MAIL_IN
    uses_tls, context = where["encryption"] == "tls", bounded_tls(create_default_context())
    server = {"host": where["host"], "port": where["port"]}
    with BoundedIMAPClient(**server, ssl=uses_tls, ssl_context=context, timeout=TIMEOUT) as client:
        client.normalise_times = False  # with their time zone
        if where["encryption"] == "starttls":
            client.starttls(context)
        client.login(where["user"], where["password"])
        mailbox.require_validity(client.select_folder(where["folder"])[b"UIDVALIDITY"])
        yield client


def _fetch(client: IMAPClient, mailbox: Mailbox) -> int:
    there = set(client.search("ALL"))
    known = dict(mailbox.messages.values_list("uid", "mail_id"))
    mailbox.forget(known.keys() - there)
    new = sorted(there - known.keys())[:AT_ONCE]
    stored = [mail for uid in new if (mail := _store(client, mailbox, uid))]
    _delete_stored(client, mailbox, there)
    _witness(client, mailbox, there)
    return len(stored)


def _store(client: IMAPClient, mailbox: Mailbox, uid: int) -> IncomingMail | None:
    """Stores one message; None if it can't be fetched or stored, or is gone."""
    now = timezone.now()
    mailbox.renew(now=now)
    try:
        # PEEK doesn't set \Seen. Of a message above the limit, one byte more shows that it is.
        parts = ["INTERNALDATE", "RFC822.SIZE", f"BODY.PEEK[]<0.{LARGEST + 1}>"]
        answer = client.fetch([uid], parts).get(uid, {})
    except IMAPClientAbortError:  # the connection is lost
        raise
    except IMAPClientError as error:
        logger.error("message %s of the mailbox can't be fetched: %s", uid, type(error).__name__)
        return None
    raw = answer.get(b"BODY[]<0>")
    if raw is None:
        return None
    size = answer[b"RFC822.SIZE"] if len(raw) > LARGEST else len(raw)
    try:
        mail = receive_message(raw, received_at=min(answer.get(b"INTERNALDATE", now), now), size=size)
        is_erased = mail.reason == NotFiled.DELETED_BEFORE
        MailboxMessage.objects.create(mailbox=mailbox, uid=uid, mail=None if is_erased else mail)
    except Exception as error:  # its text may quote the message
        logger.error("message %s of the mailbox can't be stored: %s", uid, type(error).__name__)
        return None
    if settings.MAIL_IN_AFTER == "seen":
        client.add_flags([uid], [SEEN], silent=True)
    return mail


def _delete_stored(client: IMAPClient, mailbox: Mailbox, there: set[int]) -> None:
    """Deletes messages whose mail was erased here; with `MAIL_IN_AFTER=delete`, all stored ones."""
    stored = mailbox.messages if settings.MAIL_IN_AFTER == "delete" else mailbox.messages.filter(mail=None)
    uids = sorted(there & set(stored.values_list("uid", flat=True)))
    for start in range(0, len(uids), 500):  # servers limit the length of a command
        _delete(client, uids[start : start + 500])


def _delete(client: IMAPClient, uids: Sequence[int]) -> None:
    client.delete_messages(uids, silent=True)
    if client.has_capability("UIDPLUS"):
        client.uid_expunge(uids)
    else:  # also deletes what a person has marked as deleted
        client.expunge()


def _witness(client: IMAPClient, mailbox: Mailbox, there: set[int]) -> None:
    """Counts the messages that were there at the beginning, still are, and are not stored here."""
    known = set(mailbox.messages.exclude(mail=None).values_list("uid", flat=True))
    mailbox.read_at = timezone.now()
    mailbox.unknown = len((there & set(client.search("ALL"))) - known)
    mailbox.save(update_fields=["read_at", "unknown"])
