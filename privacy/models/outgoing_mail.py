"""The model of outgoing mail."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.mail_kinds import kind_named
from privacy.registry.purposes import Purpose


@personal_data(
    label="Mail sent to you",
    purpose=Purpose.LEGAL_OBLIGATION,
    columns={"recipient": "address", "subject": "subject", "text": "text", "html": "formatted text"},
    other_columns="id kind about_model about_id recipient_index state refusal attempts queued_at due_at sent_at",
    found_by=("recipient_index",),
    retention=Retention(text="30 days after it was created", since="queued_at", days=30),
    erasure=Erasure.DELETE,
    withheld=frozenset({"html"}),
    withheld_because="it is the same text, formatted for mail programs",
    circumstances={"queued_at": "created", "refusal": "reason it was not sent"},
    unlisted=frozenset({"kind", "about_model", "attempts", "due_at"}),
    source="written by this site",
    recipients="your mail provider",
)
class OutgoingMail(SealedModel):
    """An outgoing mail. Only `privacy.mail.sending` creates and sends them."""

    class State(models.TextChoices):
        QUEUED = "queued", "pending"
        SENDING = "sending", "sending"
        SENT = "sent", "sent"
        REFUSED = "refused", "refused"
        FAILED = "failed", "failed"
        BOUNCED = "bounced", "bounced"

    kind = models.CharField(max_length=60)
    about_model = models.CharField("reason", max_length=60)
    about_id = models.UUIDField("reason's id")
    recipient = SealedEmailField()
    recipient_index = BlindIndexField("recipient", normalize="email")
    subject = SealedTextField()
    text = SealedTextField()
    html = SealedTextField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    refusal = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(default=timezone.now, db_index=True)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    @property
    def purpose(self) -> Purpose | None:
        """The purpose of the mail kind; None if no app declares the kind anymore."""
        try:
            return kind_named(self.kind).purpose
        except KeyError:
            return None

    class Meta:
        ordering = ["-queued_at"]
        verbose_name = "mail"
        verbose_name_plural = "outgoing mail"
        indexes = [
            models.Index(fields=["state", "due_at"]),
            # For the start page, which counts those that failed lately. SQLite uses no partial index for a parameter.
            models.Index(fields=["state", "queued_at"]),
            models.Index(fields=["state", "kind"]),  # for the evidence, which counts what was sent
            models.Index(fields=["kind", "queued_at"]),
        ]
