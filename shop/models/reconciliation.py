"""What PayPal said of a payment when it was last looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from privacy.registry.declarations import not_personal
from privacy.registry.expiring import is_ahead
from shop.money import Money

LOOK_EVERY = timedelta(days=1)
LOOK_AGAIN_AFTER = timedelta(hours=1)  # where something did not match
LOOK_FOR = timedelta(days=180)  # as long as PayPal refunds and takes disputes


class PayPalLookQuerySet(models.QuerySet["PayPalLook"]):
    def current(self) -> PayPalLookQuerySet:
        """Those since which nothing was booked here: only with them can what is here be compared."""
        return self.filter(looked_at__gte=models.F("payment__changed_at"))

    def fresh(self, now: datetime) -> PayPalLookQuerySet:
        """Not to be looked at again yet."""
        matching = models.Q(payment__problem="", looked_at__gt=now - LOOK_EVERY)
        unchanged = models.Q(looked_at__gte=models.F("payment__changed_at"))
        lately = self.filter((matching & unchanged) | models.Q(looked_at__gt=now - LOOK_AGAIN_AFTER))
        return lately.exclude(is_ahead("looked_at", now))


class ExtraCaptureQuerySet(models.QuerySet["ExtraCapture"]):
    def to_refund(self) -> ExtraCaptureQuerySet:
        return self.filter(refunded_at=None)


@not_personal(
    "amounts and PayPal's numbers of money that it collected a second time",
    "id payment_id capture_id amount_minor currency found_at refunded_at",
    despite_link="a mismatch of sums with PayPal, for staff to refund; the buyer's archive has the order",
)
class ExtraCapture(models.Model):
    """What PayPal collected for an order that was paid by another capture. It is in no sum of ours: staff refund it at
    PayPal, and the row ends when PayPal says so (`shop.payments.extra_captures`)."""

    payment = models.ForeignKey("shop.Payment", on_delete=models.PROTECT, related_name="extra_captures")
    capture_id = models.CharField("PayPal capture", max_length=64, unique=True)
    amount_minor = models.PositiveBigIntegerField("amount in minor units")
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
    "payment_id currency captured_minor returned_minor status looked_at",
    despite_link="the same sums as in the payment, read a second time to compare the two",
)
class PayPalLook(models.Model):
    """The last look at one payment; a later one replaces it."""

    payment = models.OneToOneField("shop.Payment", on_delete=models.CASCADE, primary_key=True, related_name="look")
    currency = models.CharField(max_length=3)
    captured_minor = models.PositiveBigIntegerField("collected, in cents")
    returned_minor = models.PositiveBigIntegerField("given back, in cents")
    status = models.CharField(max_length=30)
    looked_at = models.DateTimeField(db_index=True)

    objects = PayPalLookQuerySet.as_manager()

    def __str__(self) -> str:
        return f"look at {self.payment_id}"

    @property
    def captured(self) -> Money:
        return Money(self.captured_minor, self.currency)

    @property
    def returned(self) -> Money:
        return Money(self.returned_minor, self.currency)
