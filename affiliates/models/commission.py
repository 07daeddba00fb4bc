"""Who brought an order, and what that earns. Amounts are whole minor units (cents for USD)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from privacy.registry import not_personal
from privacy.sealed_models import uuid7
from shop.models import Order
from shop.money import Money

from .affiliate import Affiliate
from .click import Click


@not_personal(
    "which affiliate brought an order, and by which rule; who bought stands in the order",
    "id order_id affiliate_id click_id campaign route clicked_at rate_percent terms_version decided_at",
)
class Attribution(models.Model):
    """Who brought an order. Decided when the order is placed, never changed afterwards."""

    class Route(models.TextChoices):
        COOKIE = "cookie", "link"
        CODE = "code", "code typed at checkout"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="attribution")
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="attributions")
    click = models.ForeignKey(
        Click, on_delete=models.SET_NULL, null=True, related_name="attributions", related_query_name="attribution"
    )
    campaign = models.CharField(max_length=64, blank=True)  # the link's label; the click's row is gone after 30 days
    route = models.CharField(max_length=10, choices=Route)
    clicked_at = models.DateTimeField(null=True)
    rate_percent = models.DecimalField(max_digits=5, decimal_places=2)
    terms_version = models.CharField(max_length=20)
    decided_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"attribution of {self.order}"


class CommissionQuerySet(models.QuerySet["Commission"]):
    def approved(self) -> CommissionQuerySet:
        return self.filter(state=Commission.State.APPROVED)

    def in_payout(self) -> CommissionQuerySet:
        return self.filter(state=Commission.State.IN_PAYOUT)

    def past_hold(self, now: datetime) -> CommissionQuerySet:
        return self.filter(state=Commission.State.PENDING, hold_until__lte=now)


@not_personal(
    "an amount earned on an order; who bought stands in the order",
    "id attribution_id base_minor rate_percent amount_minor reversed_minor currency state reason hold_until created_at"
    " approved_at approved_by_id paid_at",
)
class Commission(models.Model):
    """What one order earns one affiliate: the base, the rate, the sum. Those three never change."""

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        APPROVED = "approved", "approved"
        IN_PAYOUT = "in_payout", "being paid"
        PAID = "paid", "paid"
        REJECTED = "rejected", "rejected"
        REVERSED = "reversed", "reversed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attribution = models.OneToOneField(Attribution, on_delete=models.PROTECT, related_name="commission")
    base_minor = models.PositiveIntegerField("base in cents")
    rate_percent = models.DecimalField("rate in %", max_digits=5, decimal_places=2)
    amount_minor = models.PositiveIntegerField("amount in cents")
    reversed_minor = models.PositiveIntegerField("taken back, in cents", default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = models.CharField(max_length=300, blank=True)
    hold_until = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    paid_at = models.DateTimeField(null=True)

    objects = CommissionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__lte=F("base_minor")), name="commission_within_base"),
            models.CheckConstraint(
                condition=Q(reversed_minor__lte=F("amount_minor")), name="reversal_within_commission"
            ),
        ]

    def __str__(self) -> str:
        return f"commission {str(self.pk)[-8:]}"

    @property
    def affiliate(self) -> Affiliate:
        return self.attribution.affiliate

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def base(self) -> Money:
        return Money(self.base_minor, self.currency)

    @property
    def remaining(self) -> Money:
        """What is left of it after refunds."""
        return Money(self.amount_minor - self.reversed_minor, self.currency)
