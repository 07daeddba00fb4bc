"""What the privacy floor itself keeps: mail on its way out, opt-outs, people's requests and their archives."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import models
from django.utils import timezone

from .encryption.blind_index import BlindIndexField
from .encryption.fields import SealedBinaryField, SealedEmailField, SealedTextField
from .purposes import Channel, Purpose
from .registry import Erasure, Retention, personal_data
from .sealed_models import SealedModel


@personal_data(
    label="Mail sent to you",
    purpose=Purpose.LEGAL_OBLIGATION,
    columns={"recipient": "address", "subject": "subject", "text": "text", "html": "formatted text"},
    other_columns="id kind about_model about_id recipient_index state refusal attempts queued_at due_at sent_at",
    found_by=("recipient_index",),
    retention=Retention(text="30 days after it was written", since="queued_at", days=30),
    erasure=Erasure.DELETE,
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

    class Meta:
        ordering = ["-queued_at"]
        verbose_name = "mail"
        verbose_name_plural = "outgoing mail"
        indexes = [models.Index(fields=["state", "due_at"])]


@personal_data(
    label="Your wish not to be contacted",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={"email_index": "a keyed fingerprint of your address, from which the address can't be read"},
    other_columns="id channel created_at",
    found_by=("email_index",),
    retention=Retention(text="until you ask to be contacted again"),
    erasure=Erasure.KEEP,
    kept_because="without it, this site could write to you again",
    source="your request",
    recipients="nobody",
)
class Suppression(SealedModel):
    """A person who asked not to be contacted through one channel. It holds no address."""

    email_index = BlindIndexField(normalise="email")
    channel = models.CharField(max_length=10, choices=Channel)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "opt-out"
        constraints = [models.UniqueConstraint(fields=["email_index", "channel"], name="one_opt_out_per_channel")]


class PrivacyRequestQuerySet(models.QuerySet["PrivacyRequest"]):
    def awaiting_confirmation(self, now: datetime) -> PrivacyRequestQuerySet:
        """Links that still work: not those of a person who was erased in the meantime, who can't be answered."""
        return self.filter(state=PrivacyRequest.State.UNCONFIRMED, link_expires_at__gt=now, email__isnull=False)

    def open(self) -> PrivacyRequestQuerySet:
        return self.filter(state=PrivacyRequest.State.CONFIRMED)


def new_reference() -> str:
    """Eight characters without look-alikes, easy to read out over a telephone."""
    return "".join(secrets.choice("ABCDEFGHJKMNPQRSTUVWXYZ23456789") for _ in range(8))


@personal_data(
    label="Your privacy requests",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={"email": "address", "details": "what you wrote"},
    other_columns=(
        "id reference kind channel state email_index link_digest link_expires_at"
        " received_at confirmed_at answered_at due_at keep_until"
    ),
    found_by=("email_index",),
    retention=Retention(text="24 months, as the law asks; 7 days if never confirmed", since="keep_until"),
    erasure=Erasure.REDACT,
    source="your request",
    recipients="nobody",
)
class PrivacyRequest(SealedModel):
    """A person exercises a right. Unconfirmed until the person has followed the link sent to the address."""

    class Kind(models.TextChoices):
        ACCESS = "access", "Send me everything you keep about me"
        CORRECTION = "correction", "Correct what you keep about me"
        DELETION = "deletion", "Delete what you keep about me"
        STOP_CONTACT = "stop_contact", "Stop contacting me"
        COMPLAINT = "complaint", "Complain about how you handle my data"

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", "not confirmed yet"
        CONFIRMED = "confirmed", "open"
        ANSWERED = "answered", "answered"

    reference = models.CharField(max_length=8, unique=True, default=new_reference, editable=False)
    kind = models.CharField(max_length=20, choices=Kind)
    channel = models.CharField(max_length=10, default="page", editable=False)
    state = models.CharField(max_length=12, choices=State, default=State.UNCONFIRMED)
    email = SealedEmailField(null=True)
    email_index = BlindIndexField("email", normalise="email", null=True)
    details = SealedTextField(blank=True, null=True)
    link_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    link_expires_at = models.DateTimeField(null=True, editable=False)
    received_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    keep_until = models.DateTimeField(db_index=True)

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        verbose_name = "privacy request"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.CONFIRMED


class AccessArchiveQuerySet(models.QuerySet["AccessArchive"]):
    def live(self, now: datetime) -> AccessArchiveQuerySet:
        return self.filter(expires_at__gt=now)


@personal_data(
    label="Archives made for you",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={"content": "a copy of all of the above"},
    other_columns="id request_id link_digest created_at expires_at",
    found_by=("request__email_index",),
    retention=Retention(text="7 days", since="expires_at"),
    erasure=Erasure.DELETE,
    source="made from what is stored",
    recipients="you",
    withheld=frozenset({"content"}),
)
class AccessArchive(SealedModel):
    """The answer to an access request, sealed, fetched only through its link."""

    request = models.OneToOneField(PrivacyRequest, on_delete=models.CASCADE, related_name="archive")
    content = SealedBinaryField()
    link_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    objects = AccessArchiveQuerySet.as_manager()

    class Meta:
        verbose_name = "archive"
