"""Payout runs and the payouts in them. Amounts are whole minor units (cents for USD)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone

from privacy.encryption.fields import SealedEmailField
from privacy.purposes import Purpose
from privacy.registry import Erasure, Retention, not_personal, personal_data
from privacy.sealed_models import SealedModel, uuid7
from shop.money import Money

from .affiliate import Affiliate
from .commission import Commission, CommissionQuerySet


@not_personal(
    "payout runs: their amounts and PayPal's numbers",
    "id state currency paypal_batch_id problem created_at prepared_by_id approved_at approved_by_id sent_at"
    " finished_at",
)
class PayoutBatch(models.Model):
    """One run that pays many affiliates at once. Its id is the key under which PayPal takes it once."""

    class State(models.TextChoices):
        PREPARED = "prepared", "waiting for approval"
        APPROVED = "approved", "to be sent"
        SENT = "sent", "at PayPal"
        FINISHED = "finished", "finished"
        DENIED = "denied", "refused by PayPal"
        CANCELLED = "cancelled", "cancelled"

    OPEN = (State.APPROVED, State.SENT)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.PREPARED)
    currency = models.CharField(max_length=3)
    paypal_batch_id = models.CharField("PayPal batch", max_length=64, unique=True, null=True)
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "payout run"

    def __str__(self) -> str:
        return f"payout run {str(self.pk)[-8:]}"

    @property
    def sender_batch_id(self) -> str:
        return f"aff-{self.pk}"

    @property
    def total(self) -> Money:
        return Money(self.items.aggregate(sum=Sum("amount_minor"))["sum"] or 0, self.currency)


@personal_data(
    label="Payouts to you",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"receiver": "PayPal address it was sent to"},
    other_columns="id batch_id affiliate_id amount_minor currency state paypal_item_id error created_at settled_at",
    found_by=("affiliate__user__email_index", "affiliate__payout_email_index"),
    retention=Retention(text="7 years, the time in which tax records are asked for", since="created_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="amounts and dates are kept for the tax records, without the address",
    source="made from your commissions",
    recipients="PayPal, which pays you",
)
class PayoutItem(SealedModel):
    """What one run pays one affiliate."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENT = "sent", "on its way"
        PAID = "paid", "paid"
        UNCLAIMED = "unclaimed", "not collected yet"
        HELD = "held", "held by PayPal"
        FAILED = "failed", "failed"
        RETURNED = "returned", "returned"
        BLOCKED = "blocked", "blocked"
        REVERSED = "reversed", "reversed"

    MOVING = (State.QUEUED, State.SENT, State.UNCLAIMED, State.HELD)
    CAME_BACK = (State.FAILED, State.RETURNED, State.BLOCKED, State.REVERSED)

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="items")
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="payouts")
    amount_minor = models.PositiveIntegerField("amount in cents")
    currency = models.CharField(max_length=3)
    receiver = SealedEmailField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    paypal_item_id = models.CharField("PayPal item", max_length=64, unique=True, null=True)
    error = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "payout"
        constraints = [
            models.UniqueConstraint(fields=["batch", "affiliate"], name="one_payout_per_run"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_above_zero"),
        ]

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    def commissions(self) -> CommissionQuerySet:
        """The commissions that this payout pays, also through an earlier payout that came back."""
        credits = self.claims.filter(entry__kind="commission")
        found = set(credits.values_list("entry__commission", flat=True))
        for returned in PayoutItem.objects.filter(ledger__claim__payout=self).exclude(pk=self.pk):
            found |= set(returned.commissions().values_list("pk", flat=True))
        return Commission.objects.filter(pk__in=found)
