"""Payout runs, their PayPal batches, and their payouts. Amounts are minor units (cents for USD)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel, UUID7Field
from privacy.registry.deadlines import local_day
from privacy.registry.declarations import Erasure, Retention, not_personal, personal_data
from privacy.registry.growth import BOOKS
from privacy.registry.purposes import Purpose
from shop.models.reconciliation import COMPARE_EVERY, COMPARE_FOR, COMPARE_MISMATCH_EVERY
from shop.money import Money
from shop.money_fields import MinorUnitsField

from .affiliate import Affiliate
from .commission import Commission, CommissionQuerySet


class PayoutRunQuerySet(models.QuerySet["PayoutRun"]):
    def with_sums(self) -> PayoutRunQuerySet:
        """With the number and total of all payouts (`item_count`, `sum`), and of those that were not left out
        (`sent_count`, `sent_sum`), in minor units."""
        made = ~Q(items__state="cancelled")
        return self.annotate(
            item_count=Count("items"),
            sum=Sum("items__amount_minor"),
            sent_count=Count("items", filter=made),
            sent_sum=Sum("items__amount_minor", filter=made),
        )


@not_personal(
    "payout runs: how they are paid, and who approved them",
    "id state method currency problem created_at prepared_by_id approved_at approved_by_id approved_alone sent_at"
    " finished_at",
    despite_link="a run pays many; that staff prepared and approved it is their work, which the audit log must show",
    growth=BOOKS,
)
class PayoutRun(models.Model):
    """A run that pays many affiliates at once: with PayPal Payouts, or manually from a list."""

    class State(models.TextChoices):
        PREPARED = "prepared", "waiting for approval"
        APPROVED = "approved", "to be paid"
        SENT = "sent", "sent to PayPal"
        FINISHED = "finished", "finished"
        DENIED = "denied", "denied by PayPal"
        CANCELLED = "cancelled", "canceled"

    class Method(models.TextChoices):
        PAYPAL = "paypal", "PayPal Payouts"
        CSV = "csv", "manual, from a CSV list"

    OPEN = (State.APPROVED, State.SENT)

    id = UUID7Field(primary_key=True)
    state = models.CharField(max_length=10, choices=State, default=State.PREPARED)
    method = models.CharField(max_length=10, choices=Method, default=Method.PAYPAL)
    currency = models.CharField(max_length=3)
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_alone = models.BooleanField(
        "approved by the person who prepared it, as the only one who may", default=False
    )
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = PayoutRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "payout run"
        permissions = [
            ("prepare_payout", "Can prepare, cancel and settle payout runs"),
            ("approve_payout", "Can approve payout runs"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["prepared", "cancelled"]) | Q(approved_at__isnull=False),
                name="payout_run_approval_required",
            ),
            models.CheckConstraint(
                condition=~Q(prepared_by=F("approved_by")) | Q(approved_alone=True),
                name="payout_approved_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"payout run {str(self.pk)[-8:]}"

    @property
    def staff_label(self) -> str:
        """The month, how many are paid, and how much: `November 2026, 3 affiliates, $47.97`. One query, unless the run
        was loaded `with_sums`."""
        run: Any = self if hasattr(self, "sent_count") else PayoutRun.objects.with_sums().get(pk=self.pk)
        canceled = self.state == self.State.CANCELLED  # shows what it would have paid
        count, minor = (run.item_count, run.sum) if canceled else (run.sent_count, run.sent_sum)
        affiliates = "1 affiliate" if count == 1 else f"{count} affiliates"
        return f"{local_day(self.created_at):%B %Y}, {affiliates}, {Money(minor or 0, self.currency)}"

    @property
    def is_manual(self) -> bool:
        return self.method == self.Method.CSV

    @property
    def open_total(self) -> Money:
        """The total of the payouts that are not settled yet."""
        return Money(self.items.in_progress().aggregate(sum=Sum("amount_minor"))["sum"] or 0, self.currency)


class PayPalBatchQuerySet(models.QuerySet["PayPalBatch"]):
    def longest_unasked_first(self) -> PayPalBatchQuerySet:
        return self.order_by(F("asked_at").asc(nulls_first=True), "pk")

    def to_compare(self, now: datetime) -> PayPalBatchQuerySet:
        """Batches at PayPal that were not compared lately. A payout may come back weeks after it was paid."""
        known = self.filter(paypal_batch_id__isnull=False, first_sent_at__range=(now - COMPARE_FOR, now))
        agreed = Q(difference="", compared_at__gt=now - COMPARE_EVERY)
        return known.exclude(agreed | Q(compared_at__gt=now - COMPARE_MISMATCH_EVERY))


@not_personal(
    "the part of a payout run that is sent to PayPal in one call, and its id there",
    "id run_id state paypal_batch_id problem first_sent_at asked_at compared_at difference",
    despite_link="it belongs to a run, which leads to the staff who approved it and to nobody who is paid",
    growth=BOOKS,
)
class PayPalBatch(models.Model):
    """A part of a run that is sent to PayPal in one call. Its id is the idempotency key at PayPal."""

    class State(models.TextChoices):
        WAITING = "waiting", "to be sent"
        SENT = "sent", "sent to PayPal"
        ENDED = "ended", "finished"
        DENIED = "denied", "denied by PayPal"

    OPEN = (State.WAITING, State.SENT)

    id = UUID7Field(primary_key=True)
    run = models.ForeignKey(PayoutRun, on_delete=models.PROTECT, related_name="batches")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    paypal_batch_id = models.CharField("PayPal batch", max_length=64, unique=True, null=True)
    problem = models.CharField(max_length=200, blank=True)
    first_sent_at = models.DateTimeField(null=True)  # from then on PayPal may have received it, whatever it answered
    asked_at = models.DateTimeField(null=True)  # when housekeeping last asked PayPal, whatever was answered
    compared_at = models.DateTimeField(null=True)  # with PayPal, payout by payout
    difference = models.CharField(max_length=300, blank=True)  # the first that the comparison left

    objects = PayPalBatchQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"batch {str(self.pk)[-8:]}"

    @property
    def sender_batch_id(self) -> str:
        return f"aff-{self.pk}"


class PayoutItemQuerySet(models.QuerySet["PayoutItem"]):
    def in_progress(self) -> PayoutItemQuerySet:
        """Payouts that are not settled yet."""
        return self.filter(state__in=PayoutItem.IN_PROGRESS)

    def paid(self, currency: str) -> Money:
        """The total that arrived and was not returned."""
        arrived = self.filter(state=PayoutItem.State.PAID, currency=currency)
        return Money(arrived.aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency)

    def under_a_flag(self) -> Iterator[UUID]:
        """The ids of payouts of a commission that a flag holds by now, including through payouts that were returned."""
        held = Commission.objects.held().in_payout()
        layer = set(self.filter(claims__entry__kind="commission", claims__entry__commission__in=held).values_list("pk"))
        while layer:
            found = [pk for (pk,) in layer]
            yield from found
            returned = self.filter(claims__entry__kind="return", claims__entry__payout__in=found)
            layer = set(returned.values_list("pk"))

    def commissions(self) -> CommissionQuerySet:
        """The commissions that these payouts pay, including through earlier payouts that were returned."""
        layer: models.QuerySet[PayoutItem, Any] = self.order_by().values("pk")
        paid = Q(ledger__claim__payout__in=layer)
        while (returned := PayoutItem.objects.filter(ledger__kind="return", ledger__claim__payout__in=layer)).exists():
            layer = returned.order_by().values("pk")
            paid |= Q(ledger__claim__payout__in=layer)
        return Commission.objects.filter(paid, ledger__kind="commission")


@personal_data(
    label="Payouts to you",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={
        "receiver": "PayPal address it was sent to",
        "reference": "reference of a manual payment",
        "failure": "why a manual payment failed",
    },
    other_columns="id run_id batch_id affiliate_id amount_minor currency state paypal_item_id error reference_index"
    " created_at settled_at",
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="7 years, as required for tax records", since="created_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="amounts and dates are kept for tax records, without the address and without any text",
    source="calculated from your commissions",
    recipients="PayPal, which pays you",
    growth=BOOKS,
)
class PayoutItem(SealedModel):
    """What one run pays one affiliate."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENT = "sent", "on its way"
        PAID = "paid", "paid"
        UNCLAIMED = "unclaimed", "unclaimed"
        HELD = "held", "held by PayPal"
        FAILED = "failed", "failed"
        RETURNED = "returned", "returned"
        BLOCKED = "blocked", "blocked"
        REVERSED = "reversed", "reversed"
        CANCELLED = "cancelled", "not sent; due again"

    IN_PROGRESS = (State.QUEUED, State.SENT, State.UNCLAIMED, State.HELD)
    RETURNED_STATES = (State.FAILED, State.RETURNED, State.BLOCKED, State.REVERSED, State.CANCELLED)

    run = models.ForeignKey(PayoutRun, on_delete=models.PROTECT, related_name="items")
    batch = models.ForeignKey(
        PayPalBatch, on_delete=models.PROTECT, null=True, related_name="items"
    )  # none in a manual run
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="payouts")
    amount_minor = MinorUnitsField("amount")
    currency = models.CharField(max_length=3)
    receiver = SealedEmailField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    paypal_item_id = models.CharField("PayPal item", max_length=64, unique=True, null=True)
    error = models.CharField(
        max_length=100, blank=True
    )  # PayPal's code or this program's message, never a person's words
    reference = SealedTextField("reference of a manual payment", max_length=64, null=True, blank=True)
    reference_index = BlindIndexField("reference", null=True)
    failure = SealedTextField("why a manual payment failed", max_length=100, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    settled_at = models.DateTimeField(null=True, db_index=True)

    objects = PayoutItemQuerySet.as_manager()

    database_triggers = ("no_update", "no_delete")

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "payout"
        indexes = [models.Index(fields=["state", "created_at"], name="payouts_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["run", "affiliate"], name="one_payout_per_run"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_above_zero"),
        ]

    @property
    def address_now(self) -> str | None:
        """Where it goes: until it is sent, or its list is made, to the affiliate's current address."""
        waits = self.state == self.State.QUEUED and self.run.sent_at is None
        address: str | None = self.affiliate.payout_email if waits else self.receiver
        return address

    @property
    def staff_label(self) -> str:
        return f"{self.total} to {self.affiliate.staff_label}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    def commissions(self) -> CommissionQuerySet:
        """The commissions that this payout pays, including through an earlier payout that was returned."""
        return PayoutItem.objects.filter(pk=self.pk).commissions()
