"""Payments and refunds. Amounts are integers in minor units (cents for USD)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import BOOKS
from shop.money import Money
from shop.money_fields import MinorUnitsField

from .order import Order


class PaymentQuerySet(models.QuerySet["Payment"]):
    def unsettled(self) -> PaymentQuerySet:
        """Payments whose outcome at PayPal is unknown."""
        return self.filter(state__in=Payment.UNSETTLED, paypal_order_id__isnull=False)

    def through_paypal(self) -> PaymentQuerySet:
        """Leaves out those whose discount left nothing to pay."""
        return self.filter(amount_minor__gt=0)

    def longest_unasked_first(self) -> PaymentQuerySet:
        return self.order_by(F("asked_at").asc(nulls_first=True), "pk")

    def with_problem(self) -> PaymentQuerySet:
        """Payments with something for staff to look at: a difference, or what PayPal said when it was asked."""
        return self.filter(problem__gt="")

    def mismatched(self) -> PaymentQuerySet:
        """Payments that a comparison found to differ from PayPal, and that haven't changed since."""
        return self.with_problem().filter(snapshot__checked_at__gte=F("changed_at"))

    def with_problem_uncompared(self) -> PaymentQuerySet:
        """Payments with a problem that no comparison has confirmed or cleared yet."""
        return self.with_problem().exclude(snapshot__checked_at__gte=F("changed_at"))


@not_personal(
    "amounts, states and PayPal ids; the order names the buyer",
    "id order_id attempt approval state amount_minor currency paypal_order_id approve_url capture_id refunded_minor"
    " is_disputed problem created_at changed_at asked_at",
    despite_link="the buyer's archive has the order with the same amount and day; PayPal ids identify a person only"
    " in PayPal's own records, and `problem` describes a mismatch of amounts",
    growth=BOOKS,
)
class Payment(models.Model):
    """One attempt to pay an order through PayPal, updated by `settle` in `shop.payments.settlement`."""

    class State(models.TextChoices):
        NEW = "new", "not sent to PayPal"
        CREATED = "created", "waiting for the buyer"
        CAPTURING = "capturing", "capturing"
        PENDING = "pending", "pending at PayPal"
        PAID = "paid", "paid"
        DECLINED = "declined", "declined"
        EXPIRED = "expired", "expired"
        PART_REFUNDED = "part_refunded", "partially refunded"
        REFUNDED = "refunded", "refunded"

    UNSETTLED = (State.CREATED, State.CAPTURING, State.PENDING)
    RECEIVED = (State.PAID, State.PART_REFUNDED, State.REFUNDED)
    UNSUCCESSFUL = (State.DECLINED, State.EXPIRED)

    id = UUID7Field(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    attempt = models.PositiveSmallIntegerField(default=1)
    approval = models.PositiveSmallIntegerField(default=1)  # incremented when PayPal asks for another payment method
    state = models.CharField(max_length=15, choices=State, default=State.NEW)
    amount_minor = MinorUnitsField("amount")
    currency = models.CharField(max_length=3)
    paypal_order_id = models.CharField("PayPal order", max_length=64, unique=True, null=True)
    approve_url = models.CharField(max_length=500, blank=True)
    capture_id = models.CharField("PayPal capture", max_length=64, unique=True, null=True)
    refunded_minor = MinorUnitsField("refunded", default=0)
    is_disputed = models.BooleanField("disputed", default=False)  # while a dispute is open: `shop.payments.disputes`
    problem = models.CharField(max_length=200, blank=True)  # for staff: the difference from PayPal
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    changed_at = models.DateTimeField(auto_now=True, db_index=True)
    # When housekeeping last asked PayPal, whatever was answered: next time the others come first.
    asked_at = models.DateTimeField(null=True, editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        permissions = [
            ("refund_payment", "Can refund payments"),
            ("reconcile_payment", "Can compare payments with PayPal and dismiss webhook events"),
        ]
        indexes = [
            models.Index(fields=["problem"], name="payments_with_problem"),  # few; the start page counts them
            models.Index(fields=["state", "created_at"], name="payments_by_state"),
            models.Index(fields=["created_at"], condition=Q(is_disputed=True), name="disputed_payments"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "attempt"], name="one_payment_per_attempt"),
            models.UniqueConstraint(
                fields=["order"],
                condition=~Q(state__in=["declined", "expired"]),
                name="one_running_payment_per_order",
            ),
            models.CheckConstraint(condition=Q(refunded_minor__lte=F("amount_minor")), name="refunds_within_payment"),
        ]

    def __str__(self) -> str:
        return f"payment {self.attempt} of {self.order}"

    @property
    def staff_label(self) -> str:
        return f"{self.total}, {self.order.staff_label}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def returned(self) -> Money:
        return Money(self.refunded_minor, self.currency)

    @property
    def refundable(self) -> Money:
        return Money(self.amount_minor - self.refunded_minor, self.currency)

    @property
    def is_received(self) -> bool:
        return self.state in self.RECEIVED

    @property
    def available_to_refund(self) -> Money:
        """The amount not refunded and not being refunded. Lock the payment to rely on it."""
        under_way = self.refunds.filter(state__in=Refund.IN_PROGRESS).aggregate(sum=Sum("amount_minor"))["sum"]
        return self.refundable - Money(under_way or 0, self.currency)

    @property
    def create_key(self) -> str:
        return f"ord-{self.pk}-{self.attempt}"

    @property
    def capture_key(self) -> str:
        return f"cap-{self.pk}-{self.approval}"


@not_personal(
    "amounts, states and PayPal ids",
    "id payment_id source amount_minor currency state paypal_refund_id requested_by_id keeps_license created_at"
    " completed_at checked_at",
    despite_link="the buyer's archive has the order and that it was refunded; `requested_by` is work of staff",
    growth=BOOKS,
)
class Refund(models.Model):
    """A refund: requested by staff, made at PayPal, or taken by a dispute."""

    class Source(models.TextChoices):
        STAFF = "staff", "refunded here"
        PAYPAL = "paypal", "refunded at PayPal"
        CHARGEBACK = "chargeback", "reversed by PayPal or the bank"

    class State(models.TextChoices):
        NEW = "new", "not sent to PayPal"
        PENDING = "pending", "pending at PayPal"
        COMPLETED = "completed", "refunded"
        FAILED = "failed", "failed"
        REVERTED = "reverted", "reverted"

    IN_PROGRESS = (State.NEW, State.PENDING)

    id = UUID7Field(primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    source = models.CharField(max_length=10, choices=Source, default=Source.STAFF)
    amount_minor = MinorUnitsField("amount")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    paypal_refund_id = models.CharField("PayPal refund", max_length=64, unique=True, null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Decided by staff. None: license and downloads end with a full refund, and stay with a partial one.
    keeps_license = models.BooleanField("license stays", null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, editable=False)

    database_triggers = ("insert_sale", "update_sale", "delete_sale")  # of the sums by day

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "completed_at"], name="completed_refunds"),
            models.Index(fields=["state", "created_at"], name="refunds_by_state"),
            models.Index(fields=["source", "created_at"], name="refunds_by_source"),
        ]
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_above_zero")]

    def __str__(self) -> str:
        return f"refund of {self.total}"

    @property
    def staff_label(self) -> str:
        return f"{self.total} to {self.payment.order.staff_label}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def request_key(self) -> str:
        return f"ref-{self.pk}"
