"""Orders. Amounts are integers in minor units (cents for USD)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.urls import reverse
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedSmallIntegerField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.encryption.tokens import SealedTokenField
from privacy.models.typed_address import TypedAddress
from privacy.registry.declarations import Erasure, Retention, Use, personal_data
from privacy.registry.growth import BOOKS
from privacy.registry.purposes import Audience, Purpose
from shop.money import Money
from shop.money_fields import MinorUnitsField

from .product import Product


def refund_days() -> int:
    """The current refund window; each order keeps the one of its time."""
    days: int = settings.REFUND_DAYS
    return days


@personal_data(
    label="Your orders",
    purpose=Purpose.ORDER,
    columns={
        "name": "name",
        "email": "email address",
        "phone": "phone number",
        "address": "postal address",
        "company": "company on the invoice",
        "vat_id": "VAT ID",
        "former_shop": "shop where you ordered",
    },
    other_columns="id reference product_id product_name amount_minor discount_minor"
    " discount_codes currency tax_name tax_percent email_index"
    " phone_index state placed_at paid_at refund_days downloads delivery_ended delivery_kept release_notices_after"
    " buyer_changed_at checkout_digest link_token link_index move_notice_due",
    found_by=("email_index",),
    retention=Retention(text="7 years, as tax law requires", since="placed_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="tax records keep amounts and dates, without the buyer's identity",
    asked_when={
        "phone": "where the product needs it",
        "address": "where the product needs it, or if a quote that you accepted has it",
        "company": "if you add it to your invoice, or if a quote that you accepted has it",
        "vat_id": "if you add it to your invoice",
        "former_shop": "only if the order was moved here from there",
    },
    circumstances={
        "downloads": "downloads so far",
        "delivery_ended": "license and downloads ended at your request",
        "delivery_kept": "whether license and downloads stayed with a refund, where we decided",
        "release_notices_after": "whether you asked for email about new versions",
        "buyer_changed_at": "when the name, address, company or VAT ID on the invoice was changed",
    },
    # Only for delivered orders: an order that is paid later is still delivered.
    ended={
        "delivery_ended": Case(
            When(Q(state__in=["paid", "part_refunded"]) | Q(delivery_kept=True), then=Value(True)), default=Value(False)
        )
    },
    correctable={
        "name": "name",
        "phone": "tel",
        "address": "street-address",
        "company": "organization",
        "vat_id": "off",
    },
    source="the checkout form, the quote that you accepted, or the shop where you ordered, and the forms of the order"
    " page",
    uses=(
        Use(
            purpose=Purpose.RELEASE_NEWS,
            audience=Audience.PERSON,
            told="we email you about new versions, if you ask for it on your order page",
            columns=frozenset(
                {"id", "product_id", "product_name", "reference", "email", "email_index", "state", "placed_at"}
                | {"delivery_ended", "delivery_kept", "release_notices_after", "link_token"}
            ),
        ),
        Use(
            purpose=Purpose.ORDER,
            audience=Audience.PAYPAL,
            told="PayPal handles the payment",
            columns=frozenset({"id", "reference", "amount_minor", "currency"}),
        ),
        Use(
            purpose=Purpose.REFERRAL_TRACKING,
            audience=Audience.SITE,
            told="the buyer is compared with the affiliate, so that nobody earns a commission on their own order",
        ),
        Use(
            purpose=Purpose.REFERRAL_TRACKING,
            audience=Audience.STAFF,
            told="our staff see it when they decide about its commission",
        ),
    ),
    recipients="PayPal gets the order's number and amount, nothing else",
    growth=BOOKS,
)
class Order(SealedModel):
    """An order of one product, or one installment of an accepted quote. Its price is fixed when it is placed."""

    class State(models.TextChoices):
        PLANNED = "planned", "not due yet"  # an installment that can't be paid yet
        OPEN = "open", "waiting for payment"
        PENDING = "pending", "payment pending"
        PAID = "paid", "paid"
        PART_REFUNDED = "part_refunded", "partially refunded"
        REFUNDED = "refunded", "refunded"

    DELIVERED = (State.PAID, State.PART_REFUNDED)
    RECEIVED = (*DELIVERED, State.REFUNDED)
    # The same as `is_delivered`, for queries.
    DELIVERED_NOW = Q(delivery_ended=False) & (
        Q(delivery_kept=None, state__in=DELIVERED) | Q(delivery_kept=True, state__in=RECEIVED)
    )
    ON_INVOICE = frozenset({"name", "address", "company", "vat_id"})  # of the buyer

    reference = models.CharField(max_length=20, unique=True)
    # Its index is the one of the list filtered by product.
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="orders", db_index=False)
    product_name = models.CharField(max_length=120)
    amount_minor = MinorUnitsField("amount")
    discount_minor = MinorUnitsField("discount", default=0)  # the amount is what is left to pay
    discount_codes = models.CharField(max_length=120, blank=True)  # such as `SPRING10`, or `SPRING10 + LOYAL`
    currency = models.CharField(max_length=3)
    # The tax that the amount includes; fixed with the price.
    tax_name = models.CharField(max_length=20, blank=True)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    name = SealedTextField(max_length=150, null=True)
    email = SealedEmailField("email address", null=True)
    email_index = BlindIndexField("email", normalize="email", null=True)
    phone = SealedTextField("phone number", max_length=40, null=True, blank=True)
    phone_index = BlindIndexField("phone", normalize="phone", null=True)
    address = SealedTextField("postal address", max_length=400, null=True, blank=True)
    company = SealedTextField(max_length=400, null=True, blank=True)
    vat_id = SealedTextField("VAT ID", max_length=30, null=True, blank=True)
    state = models.CharField(max_length=15, choices=State, default=State.OPEN)
    placed_at = models.DateTimeField(default=timezone.now, db_index=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    refund_days = ComputedSmallIntegerField(default=refund_days, editable=False)
    downloads = models.PositiveSmallIntegerField("downloads so far", default=0)
    delivery_ended = models.BooleanField(default=False, editable=False)  # chosen by the buyer with the deletion
    # Decided by staff: license and downloads stay despite a full refund, or end with a partial one. None: by the state.
    delivery_kept = models.BooleanField(null=True, editable=False)
    # None: the buyer didn't ask for release notices. Otherwise they were told of all releases announced until then.
    release_notices_after = models.DateTimeField(null=True, blank=True, editable=False)
    buyer_changed_at = models.DateTimeField(null=True, editable=False)  # what the invoice says of the buyer
    # Placed and paid at a shop whose orders moved here (`shop.moving_in`), so that it has no payment here.
    former_shop = SealedTextField(max_length=60, null=True, editable=False)
    move_notice_due = models.BooleanField(default=False, editable=False)  # the buyer is told before anything else
    # Of the submitted form: sent again, it leads to the same order.
    checkout_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    # The order page's credential; sealed in the database (ADR 26).
    link_token = SealedTokenField()
    link_index = BlindIndexField("link_token", unique=True)

    database_triggers = ("insert_sale", "update_sale", "delete_sale")  # of the sums by day

    class Meta:
        ordering = ["-placed_at"]
        indexes = [
            # All that the sums of a report read: a year of orders is one range of this index.
            models.Index(
                fields=["paid_at", "currency", "product", "amount_minor"],
                condition=models.Q(paid_at__isnull=False),
                name="paid_orders",
            ),
            models.Index(fields=["id"], condition=models.Q(move_notice_due=True), name="move_notices_due"),
            models.Index(
                fields=["product", "release_notices_after"],
                condition=models.Q(release_notices_after__isnull=False),
                name="release_notices",
            ),
            models.Index(fields=["state", "placed_at"], name="orders_by_state"),
            models.Index(fields=["product", "placed_at"], name="orders_by_product"),
        ]
        permissions = [
            ("reset_downloads", "Can reset download limits"),
            ("correct_order", "Can correct the email address of orders and send receipts again"),
        ]

    def __str__(self) -> str:
        return f"order {self.reference}"

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """An invoice that changes says when, whoever changes it. An erased buyer is on no invoice."""
        if update_fields is not None and not self.is_erased and not self.ON_INVOICE.isdisjoint(update_fields):
            self.buyer_changed_at = timezone.now()
            update_fields = {*update_fields, "buyer_changed_at"}
        super().save(update_fields=update_fields, **options)

    @property
    def staff_label(self) -> str:
        """For staff: the buyer's name, opened, and the reference."""
        return f"{self.buyer}, {self.reference}"

    @property
    def buyer(self) -> str:
        """The buyer's name, or that their data was deleted."""
        return self.name or "a deleted buyer"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def price(self) -> Money:
        """The price before the discount."""
        return Money(self.amount_minor + self.discount_minor, self.currency)

    @property
    def discount(self) -> Money:
        return Money(self.discount_minor, self.currency)

    @property
    def discount_count(self) -> int:
        return len(self.discount_codes.split(" + ")) if self.discount_codes else 0

    def tax_in(self, amount: Money) -> Money:
        """The tax that this part of the total includes."""
        return amount.percent(self.tax_percent * 100 / (100 + self.tax_percent))

    @property
    def receipt_lines(self) -> list[tuple[str, str]]:
        """What the order page and the receipt mail say; nothing that the buyer typed. Times are in UTC."""
        lines = [
            ("Order", self.reference),
            ("Product", self.product_name),
            *([("Price", str(self.price)), ("Discount", self.discount_in_words)] if self.discount_codes else []),
            ("Amount", str(self.total)),
            ("Ordered", f"{self.placed_at:%B %-d, %Y, %H:%M} UTC"),
        ]
        if self.former_shop:
            lines.append(("Ordered at", f"{self.former_shop}, before we moved here"))
        if self.paid_at and self.discount_codes and not self.amount_minor:
            return [*lines, ("Paid", "nothing, because the discount covers the price")]
        return [*lines, ("Paid", f"{self.paid_at:%B %-d, %Y, %H:%M} UTC, through PayPal")] if self.paid_at else lines

    @property
    def discount_in_words(self) -> str:
        """`−$6.00 with SPRING10`."""
        return f"\N{MINUS SIGN}{self.discount} with {self.discount_codes}"

    @property
    def is_payable(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_delivered(self) -> bool:
        if self.delivery_ended or self.delivery_kept is False:
            return False
        return self.state in (self.RECEIVED if self.delivery_kept else self.DELIVERED)

    def refund_window_end(self, *, paid_at: datetime) -> datetime:
        """Until when the buyer may request a refund. A commission is on hold as long."""
        return paid_at + timedelta(days=self.refund_days)

    @property
    def refund_until(self) -> datetime | None:
        """None until the order is paid."""
        return self.refund_window_end(paid_at=self.paid_at) if self.paid_at else None

    @property
    def is_disputed(self) -> bool:
        """PayPal is deciding: nothing can be refunded or declined here."""
        return any(payment.is_disputed for payment in self.payments.all())

    @property
    def is_erased(self) -> bool:
        """Whether the buyer's data was deleted. A client who accepted a quote by letter may have no email address."""
        return self.email is None and self.name is None

    @property
    def masked_email(self) -> str:
        """Enough to notice a mistyped address; empty without one."""
        if not self.email:
            return ""
        name, _, domain = self.email.rpartition("@")
        return f"{name[:1]}…@{domain}"

    def get_absolute_url(self) -> str:
        return reverse("shop:order", args=[self.link_token])


@personal_data(
    label="Requested links to orders",
    purpose=Purpose.ORDER,
    columns={"email": "email address"},
    other_columns="id email_index keep_until",
    found_by=("email_index",),
    retention=Retention(text="until the links are sent, at most an hour", since="keep_until"),
    erasure=Erasure.DELETE,
    circumstances={"keep_until": "kept until"},
    source="our page to find orders",
    recipients="nobody",
)
class OrderLinksRequest(TypedAddress):
    """An address entered on the page that mails the links of its orders."""
