"""Products, orders, and the money that moves for them. Amounts are whole minor units (cents for USD)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Sum, Value, When
from django.urls import reverse
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedCharField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.links import SealedTokenField
from privacy.purposes import Audience, Purpose
from privacy.registry import Erasure, Retention, Use, not_personal, personal_data
from privacy.sealed_models import SealedModel, UUID7Field

from .delivery_models import Licence, ProductFile
from .dispute_models import Dispute
from .event_models import PayPalEvent
from .money import CURRENCIES, Money, program_currency
from .reconciliation_models import ExtraCapture, PayPalLook

__all__ = [
    "Dispute",
    "ExtraCapture",
    "Licence",
    "Order",
    "PayPalEvent",
    "PayPalLook",
    "Payment",
    "Product",
    "ProductFile",
    "Refund",
]


@not_personal(
    "what the shop sells",
    "id slug name summary description price_minor currency is_active issues_licence asks_phone asks_address",
)
class Product(models.Model):
    id = UUID7Field(primary_key=True)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    summary = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    price_minor = models.PositiveIntegerField("price in minor units")
    currency = ComputedCharField(max_length=3, default=program_currency, choices=[(code, code) for code in CURRENCIES])
    is_active = models.BooleanField("on sale", default=True)
    issues_licence = models.BooleanField("comes with a licence key", default=True)
    asks_phone = models.BooleanField(
        "asks for a telephone number", default=False, help_text="Only where the order can't be fulfilled well without."
    )
    asks_address = models.BooleanField(
        "asks for a postal address", default=False, help_text="Only where something is done or sent there."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(price_minor__gt=0), name="price_above_zero")]

    def __str__(self) -> str:
        return self.name

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


@personal_data(
    label="Your orders",
    purpose=Purpose.ORDER,
    columns={
        "name": "name",
        "email": "e-mail address",
        "phone": "telephone number",
        "address": "postal address",
    },
    other_columns="id reference product_id product_name amount_minor currency email_index phone_index state placed_at"
    " paid_at downloads delivery_ended checkout_digest link_token link_index",
    found_by=("email_index",),
    retention=Retention(text="7 years, the time in which tax records are asked for", since="placed_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="amounts and dates are kept for the tax records, without saying whose order it was",
    asked_when={"phone": "where the product needs it", "address": "where the product needs it"},
    circumstances={"downloads": "downloads so far", "delivery_ended": "license and downloads ended at your wish"},
    # Of what was delivered: an order that is paid later still brings what was paid for.
    ended={"delivery_ended": Case(When(state__in=["paid", "part_refunded"], then=Value(True)), default=Value(False))},
    correctable={"name": "name", "phone": "tel", "address": "street-address"},
    source="the checkout form",
    uses=(
        Use(
            purpose=Purpose.ORDER,
            audience=Audience.PAYPAL,
            told="PayPal takes the payment",
            columns=frozenset({"id", "reference", "amount_minor", "currency"}),
        ),
        Use(
            purpose=Purpose.REFERRAL_TRACKING,
            audience=Audience.SITE,
            told="who buys is compared with the affiliate, so that nobody is paid for an order of one's own",
        ),
        Use(
            purpose=Purpose.REFERRAL_TRACKING,
            audience=Audience.STAFF,
            told="our staff look at it when they decide about the commission on it",
        ),
    ),
    recipients="PayPal gets the order's number and amount, nothing else",
)
class Order(SealedModel):
    """One product bought once. Its price is fixed when it is placed."""

    class State(models.TextChoices):
        OPEN = "open", "waiting for payment"
        PENDING = "pending", "payment under way"
        PAID = "paid", "paid"
        PART_REFUNDED = "part_refunded", "partly refunded"
        REFUNDED = "refunded", "refunded"

    DELIVERED = (State.PAID, State.PART_REFUNDED)

    reference = models.CharField(max_length=20, unique=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="orders")
    product_name = models.CharField(max_length=120)
    amount_minor = models.PositiveIntegerField("amount in cents")
    currency = models.CharField(max_length=3)
    name = SealedTextField(max_length=150, null=True)
    email = SealedEmailField("e-mail address", null=True)
    email_index = BlindIndexField("email", normalise="email", null=True)
    phone = SealedTextField("telephone number", max_length=40, null=True, blank=True)
    phone_index = BlindIndexField("phone", normalise="phone", null=True)
    address = SealedTextField("postal address", max_length=400, null=True, blank=True)
    state = models.CharField(max_length=15, choices=State, default=State.OPEN)
    placed_at = models.DateTimeField(default=timezone.now, db_index=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    downloads = models.PositiveSmallIntegerField("downloads so far", default=0)
    delivery_ended = models.BooleanField(default=False, editable=False)  # the buyer's wish, with the deletion
    # Of the form that was sent: sent again, it leads to the same order.
    checkout_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    # Who knows it sees the order's page; nobody finds it in the database (ADR 26).
    link_token = SealedTokenField()
    link_index = BlindIndexField("link_token", unique=True)

    class Meta:
        ordering = ["-placed_at"]
        permissions = [("renew_downloads", "Can let buyers download anew")]

    def __str__(self) -> str:
        return f"order {self.reference}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_payable(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_delivered(self) -> bool:
        return self.state in self.DELIVERED and not self.delivery_ended

    @property
    def is_erased(self) -> bool:
        return self.email is None

    def get_absolute_url(self) -> str:
        return reverse("shop:order", args=[self.link_token])


class PaymentQuerySet(models.QuerySet["Payment"]):
    def unsettled(self) -> PaymentQuerySet:
        """Payments of which PayPal may know more than we do."""
        return self.filter(state__in=Payment.UNSETTLED, paypal_order_id__isnull=False)

    def differing(self) -> PaymentQuerySet:
        """Payments that PayPal knows otherwise than we do."""
        return self.exclude(problem="")


@not_personal(
    "amounts, states and PayPal's numbers; who paid stands in the order",
    "id order_id attempt approval state amount_minor currency paypal_order_id approve_url capture_id refunded_minor"
    " is_disputed problem created_at changed_at",
    despite_link="the buyer's archive has the order with the same sum and day; PayPal's numbers lead to a person only"
    " in PayPal's own records, and what staff are to look at is a mismatch of sums",
)
class Payment(models.Model):
    """One attempt to pay an order through PayPal. `settle` in `shop.payments` moves it along."""

    class State(models.TextChoices):
        NEW = "new", "not yet at PayPal"
        CREATED = "created", "waiting for the buyer"
        CAPTURING = "capturing", "being collected"
        PENDING = "pending", "pending at PayPal"
        PAID = "paid", "paid"
        DECLINED = "declined", "declined"
        EXPIRED = "expired", "expired"
        PART_REFUNDED = "part_refunded", "partly refunded"
        REFUNDED = "refunded", "refunded"

    UNSETTLED = (State.CREATED, State.CAPTURING, State.PENDING)
    RECEIVED = (State.PAID, State.PART_REFUNDED, State.REFUNDED)
    OVER = (State.DECLINED, State.EXPIRED)

    id = UUID7Field(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    attempt = models.PositiveSmallIntegerField(default=1)
    approval = models.PositiveSmallIntegerField(default=1)  # a new one after PayPal sent the buyer back
    state = models.CharField(max_length=15, choices=State, default=State.NEW)
    amount_minor = models.PositiveIntegerField("amount in cents")
    currency = models.CharField(max_length=3)
    paypal_order_id = models.CharField("PayPal order", max_length=64, unique=True, null=True)
    approve_url = models.CharField(max_length=500, blank=True)
    capture_id = models.CharField("PayPal capture", max_length=64, unique=True, null=True)
    refunded_minor = models.PositiveIntegerField("refunded, in cents", default=0)
    is_disputed = models.BooleanField("disputed", default=False)  # while a dispute is open: `shop.disputes`
    problem = models.CharField(max_length=200, blank=True)  # for staff: what does not match PayPal
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        permissions = [
            ("refund_payment", "Can refund payments"),
            ("reconcile_payment", "Can compare payments with PayPal again and set its messages aside"),
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
    def unclaimed(self) -> Money:
        """What no refund has taken, nor is on its way to take. Lock the payment to rely on it."""
        under_way = self.refunds.filter(state__in=Refund.UNDER_WAY).aggregate(sum=Sum("amount_minor"))["sum"]
        return self.refundable - Money(under_way or 0, self.currency)

    @property
    def create_key(self) -> str:
        return f"ord-{self.pk}-{self.attempt}"

    @property
    def capture_key(self) -> str:
        return f"cap-{self.pk}-{self.approval}"


@not_personal(
    "amounts, states and PayPal's numbers",
    "id payment_id source amount_minor currency state paypal_refund_id requested_by_id created_at completed_at"
    " looked_at",
    despite_link="the buyer's archive has the order and that it was refunded; `requested_by` is work of staff",
)
class Refund(models.Model):
    """Money on its way back to the buyer: asked for by staff, seen at PayPal, or taken by a dispute."""

    class Source(models.TextChoices):
        STAFF = "staff", "refunded here"
        PAYPAL = "paypal", "refunded at PayPal"
        CHARGEBACK = "chargeback", "taken back by PayPal or the bank"

    class State(models.TextChoices):
        NEW = "new", "not yet at PayPal"
        PENDING = "pending", "pending at PayPal"
        COMPLETED = "completed", "refunded"
        FAILED = "failed", "failed"
        UNDONE = "undone", "undone: the money came back"

    UNDER_WAY = (State.NEW, State.PENDING)

    id = UUID7Field(primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    source = models.CharField(max_length=10, choices=Source, default=Source.STAFF)
    amount_minor = models.PositiveIntegerField("amount in cents")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    paypal_refund_id = models.CharField("PayPal refund", max_length=64, unique=True, null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_above_zero")]

    def __str__(self) -> str:
        return f"refund {str(self.pk)[-8:]}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def request_key(self) -> str:
        return f"ref-{self.pk}"
