"""Messages from people, however they reached us: by the contact form, email, telephone or letter."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedCharField, ComputedDateTimeField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.encryption.normalization import normalize_email
from privacy.encryption.readable_codes import SYMBOLS, random_code
from privacy.models import PrivacyRequest
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.purposes import Channel, Purpose

from .live_threads import is_kept

KEPT = timedelta(days=730)  # after it was received; a client's messages are kept longer (`clients.agreements`)


REFERENCE = re.compile(rf"Q-[{SYMBOLS}]{{6}}")


def kept_by_default() -> datetime:
    """For rows that are stored without `save`."""
    return timezone.now() + KEPT


def new_reference() -> str:
    return "Q-" + random_code(6)


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def live(self, now: datetime) -> InquiryQuerySet:
        """Unexpired messages, whether or not the purge has run."""
        return self.filter(is_kept("keep_until", now))

    def waiting(self) -> InquiryQuerySet:
        """Messages that need an answer or a review, snoozed ones included: their senders wait, too."""
        return self.filter(state__in=Inquiry.WAITING)

    def snoozed(self, now: datetime) -> InquiryQuerySet:
        return self.waiting().filter(snoozed_until__gt=now)

    def to_do(self, now: datetime) -> InquiryQuerySet:
        """Waiting messages that aren't snoozed, and overdue ones even if they are."""
        return self.waiting().filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now) | Q(due_at__lt=now))

    def overdue(self, now: datetime) -> InquiryQuerySet:
        return self.waiting().filter(due_at__lt=now)

    def of_person(self, email: str | None) -> InquiryQuerySet:
        """None without an address: messages that came without one have nothing in common."""
        return self.filter(email_index=email) if email else self.none()

    def of_the_same_sender(self, inquiry: Inquiry) -> InquiryQuerySet:
        """This message and all others from its address."""
        return self.of_person(inquiry.email) if inquiry.email else self.filter(pk=inquiry.pk)


class LiveInquiries(models.Manager.from_queryset(InquiryQuerySet)):  # type: ignore[misc]
    """Hides expired messages. The purge uses `_base_manager`, which includes them."""

    def get_queryset(self) -> Any:
        return super().get_queryset().live(timezone.now())


@personal_data(
    label="Your messages to us",
    purpose=Purpose.ANSWER_INQUIRY,
    also_for=(Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST),
    asked_when={
        "phone": "if you give it",
        "address": "if you give it",
        "project": "for a quote",
        "budget": "for a quote",
        "deadline": "for a quote",
        "order_reference": "about an order",
    },
    columns={
        "name": "name",
        "email": "email address",
        "phone": "phone number",
        "address": "postal address",
        "project": "your project",
        "budget": "budget",
        "deadline": "deadline",
        "order_reference": "order number",
        "message": "message",
    },
    other_columns=(
        "id reference kind email_index phone_index state received_at due_at answered_at assigned_to_id"
        " privacy_request_id opened_at snoozed_until merged_into_id channel entered_by_id keep_until"
    ),
    found_by=("email_index",),
    retention=Retention(
        text="2 years after you wrote; for clients with an agreement, as long as its records", since="keep_until"
    ),
    erasure=Erasure.DELETE,
    circumstances={"channel": "how it reached us", "keep_until": "kept until"},
    correctable={"name": "name", "phone": "tel", "address": "street-address"},
    source="the contact form, your email, call or letter",
    recipients="nobody",
)
class Inquiry(SealedModel):
    class Kind(models.TextChoices):
        QUESTION = "question", "A question"
        QUOTE = "quote", "A quote for a project"
        ORDER = "order", "A question about an order"
        COMPLAINT = "complaint", "A complaint about privacy"

    class Channel(models.TextChoices):
        FORM = "form", "contact form"
        EMAIL = "email", "email"
        CALL = "call", "phone call"
        LETTER = "letter", "letter"

    class State(models.TextChoices):
        HELD = "held", "held for review"
        OPEN = "open", "waiting for an answer"
        ANSWERED = "answered", "answered"
        CLOSED = "closed", "closed"
        SPAM = "spam", "spam"

    WAITING = (State.OPEN, State.HELD)
    PURPOSES = {
        Kind.QUESTION: Purpose.ANSWER_INQUIRY,
        Kind.QUOTE: Purpose.QUOTE,
        Kind.ORDER: Purpose.ORDER,
        Kind.COMPLAINT: Purpose.PRIVACY_REQUEST,
    }

    reference = ComputedCharField(max_length=8, unique=True, default=new_reference, editable=False)
    kind = models.CharField("about", max_length=10, choices=Kind, default=Kind.QUESTION)
    name = SealedTextField(max_length=150)
    channel = models.CharField("received by", max_length=6, choices=Channel, default=Channel.FORM)
    email = SealedEmailField("email address", null=True)
    email_index = BlindIndexField("email", normalize="email", null=True)
    phone = SealedTextField("phone number", max_length=40, blank=True)
    phone_index = BlindIndexField("phone", normalize="phone", null=True)
    address = SealedTextField("postal address", max_length=400, blank=True)
    project = SealedTextField(max_length=200, blank=True, null=True)
    budget = SealedTextField(max_length=60, blank=True, null=True)
    deadline = SealedTextField(max_length=100, blank=True, null=True)
    order_reference = SealedTextField("order", max_length=20, blank=True, null=True)
    message = SealedTextField(max_length=100_000)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    due_at = models.DateTimeField("answer due", null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, db_index=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    opened_at = models.DateTimeField("first opened", null=True, editable=False)
    snoozed_until = models.DateTimeField(null=True, editable=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, editable=False, related_name="merged", verbose_name="merged into"
    )
    privacy_request = models.ForeignKey(
        PrivacyRequest, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    # None: while an agreement is in force.
    keep_until = ComputedDateTimeField(default=kept_by_default, null=True, db_index=True, editable=False)

    objects = LiveInquiries()

    class Meta:
        ordering = ["-received_at"]
        verbose_name_plural = "inquiries"
        indexes = [models.Index(fields=["state", "due_at"])]

    def __str__(self) -> str:
        return f"inquiry {self.reference}"

    def save(self, **options: Any) -> None:
        if self._state.adding:
            self.keep_until = self.received_at + KEPT
        super().save(**options)

    @property
    def staff_label(self) -> str:
        """For pages of the staff, never for logs."""
        return f"{self.name}, {self.reference}"

    @property
    def purpose(self) -> Purpose:
        """The purpose for which this message's contact points were given."""
        return self.PURPOSES[self.Kind(self.kind)]

    def contact_point(self, channel: str) -> str:
        """The address or number given with this message; empty if none."""
        points = {Channel.EMAIL: self.email or "", Channel.PHONE: self.phone, Channel.LETTER: self.address}
        return str(points[Channel(channel)])

    def is_from(self, address: str | None) -> bool:
        """Whether this is the inquiry's own address, in whatever spelling."""
        return bool(address and self.email) and normalize_email(str(address)) == normalize_email(str(self.email))

    @property
    def last_written_at(self) -> datetime:
        """When its sender last wrote by form or email: an opt-out since then closes the answer. One query."""
        own = self.incoming_mails.filter(sender_index=self.email or "", is_automatic=False)
        last: datetime | None = own.aggregate(last=models.Max("received_at"))["last"]
        return max(self.received_at, last or self.received_at)

    @property
    def first_line(self) -> str:
        """The first line with words in it."""
        return next((line.strip() for line in self.message.splitlines() if line.strip()), "")

    @property
    def may_be_answered(self) -> bool:
        return self.state in (self.State.OPEN, self.State.ANSWERED)

    def is_snoozed(self, now: datetime) -> bool:
        """Same as `InquiryQuerySet.snoozed`."""
        return self.state in self.WAITING and self.snoozed_until is not None and self.snoozed_until > now

    def is_overdue(self, now: datetime) -> bool:
        """Same as `InquiryQuerySet.overdue`."""
        return self.state in self.WAITING and self.due_at is not None and self.due_at < now
