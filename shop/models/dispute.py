"""Disputes, as PayPal reports them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.expiring import is_due
from privacy.registry.growth import BOOKS
from shop.money import Money
from shop.money_fields import MinorUnitsField

CHECK_EVERY = timedelta(hours=1)  # a fallback: webhook events usually arrive sooner


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> DisputeQuerySet:
        return self.exclude(state=Dispute.State.RESOLVED)

    def due(self, now: datetime) -> DisputeQuerySet:
        """Open disputes that weren't checked recently."""
        return self.open().filter(is_due("checked_at", now - CHECK_EVERY)).order_by("checked_at")


@not_personal(
    "PayPal's id, state, reason code and amount of a dispute; the order names the buyer",
    "id paypal_id payment_id state reason outcome amount_minor currency opened_at changed_at respond_by closed_at"
    " created_at checked_at",
    despite_link="a decision of PayPal about money; what the buyer wrote to PayPal is not fetched, and the"
    " ids identify a person only in PayPal's own records",
    growth=BOOKS,
)
class Dispute(models.Model):
    """One dispute in PayPal's terms. `shop.payments.disputes` keeps it current."""

    class State(models.TextChoices):
        OPEN = "OPEN", "open"
        BUYER_ANSWERS = "WAITING_FOR_BUYER_RESPONSE", "waiting for the buyer"
        SELLER_ANSWERS = "WAITING_FOR_SELLER_RESPONSE", "waiting for our response"
        UNDER_REVIEW = "UNDER_REVIEW", "under review"
        OTHER = "OTHER", "open"
        RESOLVED = "RESOLVED", "closed"

    class Outcome(models.TextChoices):
        BUYER = "RESOLVED_BUYER_FAVOUR", "won by the buyer"
        SELLER = "RESOLVED_SELLER_FAVOUR", "won by us"
        PAYOUT = "RESOLVED_WITH_PAYOUT", "paid by PayPal"
        CANCELED = "CANCELED_BY_BUYER", "withdrawn by the buyer"
        ACCEPTED = "ACCEPTED", "accepted by PayPal"
        DENIED = "DENIED", "denied by PayPal"
        NONE = "NONE", "closed without a decision"

    LOST = (Outcome.BUYER, Outcome.ACCEPTED)
    KEPT = (Outcome.SELLER, Outcome.PAYOUT, Outcome.CANCELED, Outcome.DENIED)

    id = UUID7Field(primary_key=True)
    paypal_id = models.CharField("PayPal dispute", max_length=64, unique=True)
    payment = models.ForeignKey("shop.Payment", on_delete=models.PROTECT, related_name="disputes")
    state = models.CharField(max_length=30, choices=State)
    reason = models.CharField(max_length=80, blank=True)  # PayPal's code, never the buyer's text
    outcome = models.CharField(max_length=30, choices=Outcome, blank=True)
    amount_minor = MinorUnitsField("disputed")
    currency = models.CharField(max_length=3)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField("changed at PayPal")
    respond_by = models.DateTimeField("response due", null=True)
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    checked_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="RESOLVED", closed_at__isnull=False) | ~Q(state="RESOLVED") & Q(closed_at=None),
                name="dispute_closed_when_resolved",
            )
        ]

    def __str__(self) -> str:
        return f"dispute {self.paypal_id}"

    @property
    def staff_label(self) -> str:
        return f"dispute over {self.total}, {self.payment.order.staff_label}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_open(self) -> bool:
        return self.state != self.State.RESOLVED

    @property
    def is_lost(self) -> bool:
        return not self.is_open and self.outcome in self.LOST

    @property
    def known_since(self) -> datetime:
        """Refunds from this time on may be what this dispute took."""
        return min(self.opened_at, self.created_at)
