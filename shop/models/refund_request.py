"""A buyer's request for a refund."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.deadlines import business_days_after, local_day
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import BOOKS
from privacy.registry.purposes import Purpose

from .order import Order


class RefundRequestQuerySet(models.QuerySet["RefundRequest"]):
    def open(self) -> RefundRequestQuerySet:
        return self.filter(state=RefundRequest.State.OPEN)

    def to_answer(self) -> RefundRequestQuerySet:
        """Open ones, except while PayPal decides about a dispute."""
        return self.open().exclude(order__payments__is_disputed=True)


@personal_data(
    label="Your refund requests",
    purpose=Purpose.ORDER,
    columns={"reason": "your reason", "answer": "our answer"},
    other_columns="id order_id state requested_at decided_at decided_by_id",
    found_by=("order__email_index",),
    retention=Retention(text="2 years after the request", since="requested_at", days=730),
    erasure=Erasure.REDACT,
    kept_because="that a refund was requested and how it ended is part of the tax records, without any text",
    asked_when={"reason": "if you want to give one"},
    source="the form on your order page; the answer is written by our staff",
    recipients="nobody",
    growth=BOOKS,
)
class RefundRequest(SealedModel):
    """One for each order. It is closed by the refund of all that was paid, or by an answer."""

    class State(models.TextChoices):
        OPEN = "open", "waiting for us"
        REFUNDED = "refunded", "refunded"
        DECLINED = "declined", "declined"

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="refund_request")
    reason = SealedTextField("reason", max_length=2000, null=True, blank=True)
    answer = SealedTextField(max_length=2000, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    requested_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = RefundRequestQuerySet.as_manager()

    database_triggers = ("no_replace", "no_update", "no_delete")

    class Meta:
        ordering = ["-requested_at"]
        indexes = [models.Index(fields=["state", "requested_at"], name="refund_requests_by_state")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | ~Q(state="open") & Q(decided_at__isnull=False),
                name="refund_decision_date_required",
            ),
        ]

    def __str__(self) -> str:
        return f"refund request for {self.order}"

    @property
    def staff_label(self) -> str:
        return f"refund request of {self.order.staff_label}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def can_be_decided(self) -> bool:
        return self.is_open and not self.order.is_disputed

    @property
    def due_at(self) -> datetime:
        return business_days_after(self.requested_at, settings.INQUIRY_ANSWER_DAYS)

    @property
    def due_day(self) -> date:
        """The last day to answer, in the business's time zone."""
        return local_day(self.due_at)
