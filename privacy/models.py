"""What the privacy floor itself keeps: mail on its way out, opt-outs, people's requests and their archives."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .addresses.models import AddressChange, AddressIndexing
from .attack_models import Attempt, Breach
from .contact_models import ChoicesRequest, MailTally, Suppression, UndeliverableAddress
from .encryption.blind_index import BlindIndexField
from .encryption.fields import SealedBinaryField, SealedEmailField, SealedTextField
from .evidence_models import Measurement, PromiseState
from .expiring import LiveManager
from .form_keys.models import SubmittedForm
from .mail_kinds import kind_named
from .purposes import Purpose
from .registry import Erasure, Retention, not_personal, personal_data
from .request_models import PrivacyRequest, new_reference
from .sealed_models import SealedModel, UUID7Field

__all__ = [
    "AccessArchive",
    "AddressChange",
    "AddressIndexing",
    "Attempt",
    "Breach",
    "ChoicesRequest",
    "ErasureMark",
    "Heartbeat",
    "KeyCheck",
    "MailTally",
    "Measurement",
    "OutgoingMail",
    "PrivacyRequest",
    "PromiseState",
    "SubmittedForm",
    "Suppression",
    "UndeliverableAddress",
    "new_reference",
]


@personal_data(
    label="Mail sent to you",
    purpose=Purpose.LEGAL_OBLIGATION,
    columns={"recipient": "address", "subject": "subject", "text": "text", "html": "formatted text"},
    other_columns="id kind about_model about_id recipient_index state refusal attempts queued_at due_at sent_at",
    found_by=("recipient_index",),
    retention=Retention(text="30 days after it was written", since="queued_at", days=30),
    erasure=Erasure.DELETE,
    withheld=frozenset({"html"}),
    withheld_because="it is the text above, formatted for mail programs",
    circumstances={"queued_at": "written", "refusal": "why it was not sent"},
    unlisted=frozenset({"kind", "about_model", "attempts", "due_at"}),
    source="written by this site",
    recipients="your mail provider",
)
class OutgoingMail(SealedModel):
    """One message on its way out. Only `privacy.mail` makes and sends them."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        REFUSED = "refused", "refused"
        FAILED = "failed", "given up"
        BOUNCED = "bounced", "came back"

    kind = models.CharField(max_length=60)
    about_model = models.CharField("reason", max_length=60)
    about_id = models.UUIDField("reason's id")
    recipient = SealedEmailField()
    recipient_index = BlindIndexField("recipient", normalise="email")
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
        """Of the kind of mail; None where no app declares it any more."""
        try:
            return kind_named(self.kind).purpose
        except KeyError:
            return None

    class Meta:
        ordering = ["-queued_at"]
        verbose_name = "mail"
        verbose_name_plural = "outgoing mail"
        indexes = [models.Index(fields=["state", "due_at"])]


@personal_data(
    label="Archives and reports ready for you to fetch",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={"content": "the archive or report itself"},
    other_columns="id request_id link_digest created_at expires_at",
    found_by=("request__email_index",),
    retention=Retention(text="7 days", since="expires_at"),
    erasure=Erasure.DELETE,
    source="made by this site, in answer to your request",
    recipients="you",
    withheld=frozenset({"content"}),
    withheld_because="you fetch it through its own link, and a copy of everything would hold itself",
)
class AccessArchive(SealedModel):
    """The answer to a request, sealed, fetched only through its link: an archive, or the report of a deletion."""

    request = models.OneToOneField(PrivacyRequest, on_delete=models.CASCADE, related_name="archive")
    content = SealedBinaryField()
    link_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    objects = LiveManager()

    class Meta:
        verbose_name = "archive"


@not_personal("which erasures this database has seen, by random ids that lead to nobody", "id applied_at")
class ErasureMark(models.Model):
    """One erasure that this database took part in; its id is that of the tombstone in the key store.

    A database restored from a backup lacks the marks of later erasures: that is how it is told from the current one.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    applied_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"mark {str(self.pk)[-8:]}"


@not_personal("when the purge and housekeeping last ran, and when staff were told of a problem", "id name at told_at")
class Heartbeat(models.Model):
    """One row for each kind of work; a migration makes the purge's, so that a purge that never ran is late as well."""

    id = UUID7Field(primary_key=True)
    name = models.CharField(max_length=30, unique=True)
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"heartbeat of the {self.name}"


@not_personal("a text that everybody may know, sealed under each root key that this database needs", "key_id sealed")
class KeyCheck(models.Model):
    """Opens with the right root key alone; `privacy.key_checks` asks before anything starts."""

    key_id = models.CharField(max_length=8, primary_key=True, editable=False)
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"check of the root key {self.key_id}"
