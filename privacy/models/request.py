"""The model of privacy requests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedCharField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.fingerprints import FingerprintField
from privacy.encryption.models import SealedModel
from privacy.encryption.readable_codes import SYMBOLS, random_code
from privacy.registry.deadlines import Deadlines, deadlines_of, local_day
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.purposes import Purpose


class PrivacyRequestQuerySet(models.QuerySet["PrivacyRequest"]):
    def awaiting_confirmation(self, now: datetime) -> PrivacyRequestQuerySet:
        """Requests from the page, or by mail, with an unconfirmed address, except those of people who have been
        erased."""
        unanswered = self.exclude(state=PrivacyRequest.State.ANSWERED)
        by_link = unanswered.filter(channel__in=PrivacyRequest.BY_LINK, confirmed_at=None, keep_until__gt=now)
        return by_link.filter(email__isnull=False)

    def without_link(self, now: datetime) -> PrivacyRequestQuerySet:
        """Unconfirmed requests whose confirmation link hasn't been mailed because of a rate limit."""
        return self.awaiting_confirmation(now).filter(link_mailed_at=None)

    def of_address(self, email: str) -> PrivacyRequestQuerySet:
        """Requests of an address or fingerprint, including records of erased people."""
        return self.filter(email_index=email)

    def open(self) -> PrivacyRequestQuerySet:
        return self.filter(state=PrivacyRequest.State.CONFIRMED)

    def overdue(self, now: datetime) -> PrivacyRequestQuerySet:
        """Open requests past the deadline for acknowledgment or answer."""
        return self.open().filter(Q(due_at__lt=now) | Q(acknowledged_at__isnull=True, acknowledge_by__lt=now))

    def correctable_with(self, digest: str, now: datetime) -> PrivacyRequestQuerySet:
        """The request whose correction link has this hash and is still valid."""
        return self.open().filter(correction_digest=digest, correction_expires_at__gt=now, email__isnull=False)


RECORD_LIFE = relativedelta(months=24)  # 11 CCR 7101
REFERENCE = re.compile(rf"[{SYMBOLS}]{{8}}")


def new_reference() -> str:
    return random_code(8)


@personal_data(
    label="Your privacy requests",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={
        "email": "address",
        "contact": "other contact details",
        "phone": "phone number",
        "details": "what you wrote",
        "answer": "what we answered",
        "fingerprint": "a sealed fingerprint of your address",
    },
    other_columns=(
        "id reference kind channel state email_index link_digest link_expires_at link_mailed_at"
        " correction_digest correction_expires_at identity received_at confirmed_at acknowledge_by acknowledged_at"
        " due_at extended_at extension_reason answered_at outcome refusal_ground handled_by_id keep_until"
        " report_mail_id keeps_purchases report_failed_at"
    ),
    found_by=("email_index",),
    retention=Retention(
        text="24 months, as required by law; 7 days after the link was mailed if never confirmed", since="keep_until"
    ),
    erasure=Erasure.REDACT,
    kept=frozenset({"fingerprint"}),
    circumstances={"keep_until": "kept until"},
    unlisted=frozenset({"link_expires_at", "link_mailed_at", "correction_expires_at", "keeps_purchases"}),
    kept_because="the law requires a record of each request: its date, kind, channel and outcome, under the fingerprint"
    " of your address",
    expiry=Erasure.DELETE,
    source="your request",
    recipients="nobody",
)
class PrivacyRequest(SealedModel):
    """A privacy request. Requests from the page are unconfirmed until the person uses the mailed link. Requests
    recorded by staff (email, call, letter), those that need no proof, and those that a received mail asks for are open
    immediately; the last ones wait for the link nevertheless."""

    class Kind(models.TextChoices):
        ACCESS = "access", "Send me all my data"
        CORRECTION = "correction", "Correct my data"
        DELETION = "deletion", "Delete my data"
        STOP_CONTACT = "stop_contact", "Stop contacting me"
        COMPLAINT = "complaint", "Complain about how you handle my data"

    class Way(models.TextChoices):
        PAGE = "page", "web page"
        EMAIL = "email", "email"
        CALL = "call", "phone call"
        LETTER = "letter", "letter"

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", "not confirmed yet"
        CONFIRMED = "confirmed", "open"
        ANSWERED = "answered", "answered"

    class Identity(models.TextChoices):
        LINK = "link", "link sent to the address"
        SIGNED_IN = "signed_in", "signed in"
        DOCUMENTS = "documents", "documents seen, none copied"
        KNOWN = "known", "known to staff"
        NOT_NEEDED = "not_needed", "not needed for this"

    class Outcome(models.TextChoices):
        ANSWERED = "answered", "answered"
        PARTLY = "partly", "partially fulfilled"
        REFUSED = "refused", "refused"
        ENDED = "ended", "ended with the deletion"

    class Ground(models.TextChoices):
        UNKNOWN_PERSON = "unknown_person", "We could not verify your identity."
        LEGAL_DUTY = "legal_duty", "We are legally required to keep this data."
        OTHERS = "others", "It would affect the rights of someone else."
        EXCESSIVE = "excessive", "The same request was made repeatedly within a short time."
        NOTHING_WRONG = "nothing_wrong", "We reviewed the data and found it to be correct."

    class ExtensionReason(models.TextChoices):
        COMPLEX = "complex", "Your request is complex and affects many records."
        MANY = "many", "We are handling an unusually large number of requests."
        IDENTITY = "identity", "We still have to verify your identity."

    # Confirmed by a link to the address, unless staff recorded the request as confirmed.
    BY_LINK = (Way.PAGE, Way.EMAIL)
    # Open with a deadline from the start, even if the address isn't confirmed.
    NEEDS_NO_PROOF = (Kind.COMPLAINT, Kind.STOP_CONTACT)

    reference = ComputedCharField(max_length=8, unique=True, default=new_reference, editable=False)
    kind = models.CharField(max_length=20, choices=Kind)
    channel = models.CharField("received by", max_length=10, choices=Way, default=Way.PAGE)
    state = models.CharField(max_length=12, choices=State, default=State.UNCONFIRMED)
    email = SealedEmailField("email address", null=True, blank=True)
    fingerprint = FingerprintField(null=True, editable=False)
    email_index = BlindIndexField("fingerprint", normalize="email_fingerprint", null=True)
    phone = SealedTextField("phone number", max_length=40, null=True, blank=True)
    contact = SealedTextField("other contact details", max_length=1000, null=True, blank=True)
    details = SealedTextField("details", blank=True, null=True)
    answer = SealedTextField(null=True, blank=True)
    identity = models.CharField("identity verified by", max_length=12, choices=Identity, blank=True)
    link_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    link_expires_at = models.DateTimeField(null=True, editable=False)
    link_mailed_at = models.DateTimeField(null=True, editable=False)  # when a mail first included this request
    correction_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    correction_expires_at = models.DateTimeField(null=True, editable=False)
    received_at = models.DateTimeField("received", default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    acknowledge_by = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField("acknowledged", null=True, blank=True)
    due_at = models.DateTimeField("answer due", null=True, blank=True)
    extended_at = models.DateTimeField("extended", null=True, blank=True)
    extension_reason = models.CharField(max_length=10, choices=ExtensionReason, blank=True)
    answered_at = models.DateTimeField("answered", null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    refusal_ground = models.CharField(max_length=15, choices=Ground, blank=True)
    # A deletion whose report is mailed first: the mail, the answer about purchases, and when the mail failed.
    report_mail_id = models.UUIDField(null=True, editable=False)
    keeps_purchases = models.BooleanField(default=False, editable=False)
    report_failed_at = models.DateTimeField("report not delivered", null=True, editable=False)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    keep_until = models.DateTimeField(db_index=True)

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        verbose_name = "privacy request"
        permissions = [("answer_privacyrequest", "Can answer privacy requests")]
        indexes = [models.Index(fields=["state", "due_at"])]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answered_at__isnull=False), name="an_answer_has_its_date"
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["refused", "partly"]) | ~Q(refusal_ground=""), name="a_refusal_has_its_ground"
            ),
            models.CheckConstraint(
                condition=Q(extended_at__isnull=True) | ~Q(extension_reason=""), name="an_extension_has_its_reason"
            ),
        ]

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Stores the address's fingerprint, so that the record can be found after the address is erased."""
        if update_fields is None or "email" in update_fields:
            if self.email:
                self.fingerprint = self.email
            update_fields = update_fields and {*update_fields, "fingerprint"}
        super().save(update_fields=update_fields, **options)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.CONFIRMED

    @property
    def is_being_deleted(self) -> bool:
        """Whether the report of the deletion is on its way, after which the data is deleted."""
        return self.is_open and self.report_mail_id is not None

    @property
    def staff_label(self) -> str:
        """What is asked, and by whom: "Delete my data, erin@example.org"."""
        person = self.email or (self.contact or "").partition("\n")[0][:60]
        return f"{self.get_kind_display()}, {person or self.reference}"

    @property
    def awaits_confirmation(self) -> bool:
        """In-memory equivalent of the queryset's `awaiting_confirmation()`, regardless of expiry."""
        by_link = self.channel in self.BY_LINK and self.confirmed_at is None
        return by_link and self.email is not None and self.state != self.State.ANSWERED

    def is_overdue(self, now: datetime) -> bool:
        """In-memory equivalent of the queryset's `overdue()`."""
        late = bool(self.due_at and self.due_at < now)
        unanswered = self.acknowledged_at is None and bool(self.acknowledge_by and self.acknowledge_by < now)
        return self.is_open and (late or unanswered)

    @property
    def is_identity_verified(self) -> bool:
        """Whether the person's identity was verified, as required to disclose or delete data."""
        return self.identity not in {"", self.Identity.NOT_NEEDED}

    @property
    def deadlines(self) -> Deadlines:
        return deadlines_of(self.received_at)

    @property
    def due_on(self) -> date | None:
        """The date of the deadline in the vendor's time zone."""
        return local_day(self.due_at) if self.due_at else None
