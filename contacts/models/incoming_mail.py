"""Mail that people and programs send to the business."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedDateTimeField
from privacy.encryption.fields import SealedBinaryField, SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.models import PrivacyRequest
from privacy.registry.deadlines import local_day
from privacy.registry.declarations import ByOthers, Erasure, Retention, personal_data
from privacy.registry.purposes import Purpose

from .others_mail import ConversationKey, detach_or_delete

KEPT = timedelta(days=90)  # a mail that is in no thread
THREAD_DELETED = "the conversation in which it was filed has been deleted"


def kept_by_default() -> datetime:
    """From its storage, not its arrival: staff need their time for a mail that lay in the mailbox for months."""
    return timezone.now() + KEPT


def leave_others_mails(collector: Any, field: Any, rows: Any, using: str) -> None:
    """A mail of somebody else than the inquiry's sender waits for staff again, with what it asks for, and without what
    it says about the inquiry and quotes of it."""
    changes = {
        "state": IncomingMail.State.HELD,
        "reason": THREAD_DELETED,
        "quoted": None,
        "answers": None,
        "about_model": "",
        "about_id": None,
        "is_from_other": False,
        "keep_until": kept_by_default(),
    }
    others = list(rows.filter(is_from_other=True))
    detach_or_delete(collector, field, rows, using, staying=others, changes=changes)


@personal_data(
    label="Emails you sent us",
    purpose=Purpose.ANSWER_INQUIRY,
    also_for=(Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST),
    columns={
        "raw": "the mail as it arrived, until it is filed",
        "content_digest": "a fingerprint of the mail",
        "message_id": "the mail's id",
        "sender": "email address",
        "sender_name": "name",
        "subject": "subject",
        "text": "what you wrote",
        "quoted": "what your mail quoted",
    },
    other_columns=(
        "id content_index message_id_index size sender_index received_at sent_at state reason inquiry_id"
        " starts_inquiry wish wish_settled_at privacy_request_id is_automatic answers about_model about_id keep_until"
        " attempts tried_at is_from_other"
    ),
    found_by=("sender_index", "inquiry__email_index"),
    retention=Retention(text="as long as the message they belong to; others 90 days", since="keep_until"),
    erasure=Erasure.DELETE,
    circumstances={"size": "size in bytes", "wish": "what we took it to ask for", "keep_until": "kept until"},
    by_others=ByOthers(
        author="sender_index",
        label="Emails that others wrote in your conversations with us",
        source="emails of other people who answered an email of ours to you",
        given=frozenset({"subject", "text", "quoted", "received_at"}),
        withheld="their senders' names and addresses, what they ask for, and their files",
    ),
    unlisted=frozenset({"about_model", "is_from_other"}),
    withheld=frozenset({"raw", "content_digest", "message_id"}),
    withheld_because="it is technical, or the same text as it was sent",
    source="your email",
    recipients="nobody",
)
class IncomingMail(SealedModel):
    """One received mail. It is stored sealed before anything is read from it, and once: its content is unique."""

    class State(models.TextChoices):
        RECEIVED = "received", "not read yet"
        FILED = "filed", "filed"
        HELD = "held", "held for review"
        FAILED = "failed", "could not be read"
        IGNORED = "ignored", "needs no answer"

    TO_REVIEW = (State.HELD, State.FAILED)

    # SHA-256 of the mail as it arrived, in hex.
    content_digest = SealedTextField(max_length=64)
    content_index = BlindIndexField("content_digest", unique=True)
    message_id = SealedTextField("Message-ID", max_length=1000, null=True)
    message_id_index = BlindIndexField("message_id", null=True)
    raw = SealedBinaryField(null=True, editable=False)  # emptied once it is filed
    size = models.PositiveIntegerField(help_text="bytes")
    sender = SealedEmailField(null=True)
    sender_index = BlindIndexField("sender", normalize="email", null=True)
    sender_name = SealedTextField("name", max_length=200, null=True)
    subject = SealedTextField(max_length=1000, null=True)
    text = SealedTextField(null=True)
    quoted = SealedTextField("quoted text", null=True)
    received_at = models.DateTimeField("received", default=timezone.now, db_index=True)
    sent_at = models.DateTimeField("sent", null=True)
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    reason = models.CharField(max_length=100, blank=True)  # from a list in code, never from the mail
    inquiry = ConversationKey(
        "contacts.Inquiry", on_delete=leave_others_mails, null=True, related_name="incoming_mails"
    )
    starts_inquiry = models.BooleanField(default=False)
    is_from_other = models.BooleanField(default=False, editable=False)  # its sender isn't the inquiry's
    wish = models.CharField("asks for", max_length=20, choices=PrivacyRequest.Kind, blank=True)
    wish_settled_at = models.DateTimeField("wish settled", null=True, editable=False)  # by staff: a request, or none
    privacy_request = models.ForeignKey(
        PrivacyRequest, on_delete=models.SET_NULL, null=True, editable=False, related_name="incoming_mails"
    )
    is_automatic = models.BooleanField("written by a program", default=False)
    answers = models.UUIDField("the mail that it answers", null=True)
    # The row that the answered mail was about, such as an order.
    about_model = models.CharField(max_length=60, blank=True)
    about_id = models.UUIDField(null=True)
    # Of a filed one: as of its inquiry.
    keep_until = ComputedDateTimeField(default=kept_by_default, null=True, db_index=True)
    attempts = models.PositiveSmallIntegerField("times read", default=0)
    tried_at = models.DateTimeField("last read", null=True)

    class Meta:
        ordering = ["-received_at"]
        verbose_name = "incoming mail"
        verbose_name_plural = "incoming mail"
        indexes = [
            models.Index(fields=["state", "received_at"]),
            models.Index(fields=["wish"], name="mails_with_a_wish"),
        ]

    def __str__(self) -> str:
        return f"incoming mail {self.pk}"

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """A filed mail is kept as long as its inquiry; one of somebody else at least as long as if it were in none."""
        if self.inquiry is not None:
            self.is_from_other = bool(self.sender) and not self.starts_inquiry and not self.inquiry.is_from(self.sender)
            self.keep_until = self.inquiry.keep_until
            if self.is_from_other and self.keep_until is not None:
                self.keep_until = max(self.keep_until, kept_by_default())
        if update_fields is not None and "inquiry" in update_fields:
            update_fields = {*update_fields, "keep_until", "is_from_other"}
        super().save(update_fields=update_fields, **options)

    @property
    def staff_label(self) -> str:
        """For pages of the staff, never for logs."""
        return f"{self.shown_sender}, {local_day(self.received_at):%b %-d, %Y}"

    @property
    def shown_sender(self) -> str:
        return self.sender_name or self.sender or "unknown sender"
