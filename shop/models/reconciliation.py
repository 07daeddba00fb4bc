"""PayPal's state of a payment at the last comparison, and extra captures."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from privacy.registry.declarations import not_personal
from privacy.registry.expiring import is_ahead
from privacy.registry.growth import BOOKS, DeletedWith
from shop.money import Money
from shop.money_fields import BigMinorUnitsField

COMPARE_EVERY = timedelta(days=1)
COMPARE_MISMATCH_EVERY = timedelta(hours=1)  # after a mismatch
COMPARE_FOR = timedelta(days=180)  # as long as PayPal allows refunds and disputes


class PayPalSnapshotQuerySet(models.QuerySet["PayPalSnapshot"]):
    def current(self) -> PayPalSnapshotQuerySet:
        """Snapshots since which the payment hasn't changed; only these are comparable."""
        return self.filter(checked_at__gte=models.F("payment__changed_at"))

    def fresh(self, now: datetime) -> PayPalSnapshotQuerySet:
        """Snapshots that are recent enough not to be repeated yet."""
        matching = models.Q(payment__problem="", checked_at__gt=now - COMPARE_EVERY)
        unchanged = models.Q(checked_at__gte=models.F("payment__changed_at"))
        lately = self.filter((matching & unchanged) | models.Q(checked_at__gt=now - COMPARE_MISMATCH_EVERY))
        return lately.exclude(is_ahead("checked_at", now))


class ExtraCaptureQuerySet(models.QuerySet["ExtraCapture"]):
    def to_refund(self) -> ExtraCaptureQuerySet:
        return self.filter(refunded_at=None)


@not_personal(
    "amounts and PayPal's numbers of money that it collected a second time",
    "id payment_id capture_id amount_minor currency found_at refunded_at",
    despite_link="a mismatch of sums with PayPal, for staff to refund; the buyer's archive has the order",
    growth=BOOKS,
)
class ExtraCapture(models.Model):
    """A second capture for a paid order. It is in no total; staff refund it at PayPal, and
    `shop.payments.extra_captures` records the refund."""

    payment = models.ForeignKey("shop.Payment", on_delete=models.PROTECT, related_name="extra_captures")
    capture_id = models.CharField("PayPal capture", max_length=64, unique=True)
    amount_minor = BigMinorUnitsField("amount")
    currency = models.CharField(max_length=3)
    found_at = models.DateTimeField(default=timezone.now)
    refunded_at = models.DateTimeField(null=True)

    objects = ExtraCaptureQuerySet.as_manager()

    class Meta:
        ordering = ["found_at"]

    def __str__(self) -> str:
        return f"second capture for {self.payment_id}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)


@not_personal(
    "amounts and a state, as PayPal gave them for a payment",
    "payment_id currency captured_minor returned_minor status checked_at",
    despite_link="the same sums as in the payment, read a second time to compare the two",
    growth=DeletedWith("payment"),
)
class PayPalSnapshot(models.Model):
    """PayPal's state of one payment at the last comparison."""

    payment = models.OneToOneField("shop.Payment", on_delete=models.CASCADE, primary_key=True, related_name="snapshot")
    currency = models.CharField(max_length=3)
    captured_minor = BigMinorUnitsField("captured")
    returned_minor = BigMinorUnitsField("returned")
    status = models.CharField(max_length=30)
    checked_at = models.DateTimeField(db_index=True)

    objects = PayPalSnapshotQuerySet.as_manager()

    def __str__(self) -> str:
        return f"PayPal snapshot of {self.payment_id}"

    @property
    def captured(self) -> Money:
        return Money(self.captured_minor, self.currency)

    @property
    def returned(self) -> Money:
        return Money(self.returned_minor, self.currency)
