"""The mailbox that mails are fetched from, and which of its messages are stored here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from privacy.encryption.tokens import hash_token
from privacy.registry.declarations import not_personal
from privacy.registry.growth import Bounded

FETCH_LEASE = timedelta(minutes=2)  # longer than one message takes; a process that died blocks others as long


def mailbox_digest() -> str:
    """The `address_digest` of the mailbox in `MAIL_IN_URL`."""
    where = settings.MAIL_IN
    return hash_token(f"{where['user']}@{where['host']}:{where['port']}/{where['folder']}")


@not_personal(
    "the mailbox that mails are fetched from: when it was read, and how many messages in it are not stored here",
    "id address_digest uid_validity busy_until read_at unknown",
    growth=Bounded("one row per mailbox that `MAIL_IN_URL` has named"),
)
class Mailbox(models.Model):
    """The mailbox of `MAIL_IN_URL`. Another address is another row, because UIDs are those of one mailbox."""

    address_digest = models.CharField(max_length=64, unique=True)
    uid_validity = models.BigIntegerField(default=0, help_text="UIDs of another one name other messages (RFC 3501)")
    busy_until = models.DateTimeField(null=True, help_text="a process that fetches renews it")
    read_at = models.DateTimeField(null=True, help_text="the last time that it was read to its end")
    unknown = models.PositiveIntegerField(default=0, help_text="messages in it that are not stored, at that time")

    def __str__(self) -> str:
        return f"mailbox {self.pk}"

    def claim(self, *, now: datetime) -> bool:
        """Whether this process may fetch: no other does."""
        free = Q(busy_until=None) | Q(busy_until__lt=now)
        return bool(Mailbox.objects.filter(free, pk=self.pk).update(busy_until=now + FETCH_LEASE))

    def renew(self, *, now: datetime) -> None:
        Mailbox.objects.filter(pk=self.pk).update(busy_until=now + FETCH_LEASE)

    def release(self) -> None:
        Mailbox.objects.filter(pk=self.pk).update(busy_until=None)

    @transaction.atomic
    def require_validity(self, uid_validity: int) -> None:
        """Forgets all messages if the server has numbered them anew: they are fetched, and recognized, again."""
        if self.uid_validity != uid_validity:
            self.messages.all().delete()
            self.uid_validity = uid_validity
            self.save(update_fields=["uid_validity"])

    def forget(self, uids: Iterable[int]) -> None:
        """Forgets messages that are no longer in the mailbox."""
        gone = list(uids)
        for start in range(0, len(gone), 500):  # SQLite limits the number of parameters
            self.messages.filter(uid__in=gone[start : start + 500]).delete()


@not_personal(
    "which messages of the mailbox are stored here, by number",
    "id mailbox_id uid mail_id",
    despite_link="the mail server's number of a message; its sender's archive has the mail",
    growth=Bounded("one row per message in the mailbox: fetching forgets those that left it"),
)
class MailboxMessage(models.Model):
    """A message in the mailbox. Its `mail` is None once that was erased: then the message is deleted there, too."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="messages")
    uid = models.BigIntegerField()
    mail = models.ForeignKey("contacts.IncomingMail", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "uid"], name="contacts_mailbox_message_once")]

    def __str__(self) -> str:
        return f"message {self.uid} of mailbox {self.mailbox_id}"
