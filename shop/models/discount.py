"""Discount codes: what staff offer, and the place that each order takes. Amounts are minor units (cents for USD)."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import Erasure, Retention, Use, not_personal, personal_data
from privacy.registry.growth import BOOKS, STAFF, DeletedWith
from privacy.registry.purposes import Audience, Purpose
from shop.money import CURRENCIES, Money
from shop.money_fields import MinorUnitsField
from shop.pricing.discounts import Discount

from .order import Order
from .product import Product

CODE = re.compile(r"(?=.*[A-Z0-9])[A-Z0-9_-]{2,32}")
AT_LEAST_ONE = MinValueValidator(1, "Enter at least 1. To end a code, enter the time under “until”.")


class DiscountCodeQuerySet(models.QuerySet["DiscountCode"]):
    def valid_at(self, now: datetime) -> DiscountCodeQuerySet:
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), starts_at__lte=now)

    def with_terms_for(self, product: Product) -> DiscountCodeQuerySet:
        """Loads what `obstacle` and `discount` need for this product, in the same query."""
        amounts = DiscountAmount.objects.filter(discount=OuterRef("pk"))
        products = DiscountProduct.objects.filter(discount=OuterRef("pk"))
        return self.annotate(  # one row at most of either: `one_discount_amount_per_currency` and the like
            amount=FilteredRelation("amounts", condition=Q(amounts__currency=product.currency)),
            entry=FilteredRelation("products", condition=Q(products__product=product)),
            flat_minor=F("amount__off_minor"),
            minimum_minor=F("amount__minimum_minor"),
            is_in_currency=Q(amount__isnull=False) | ~Q(Exists(amounts)),
            is_for_product=Q(entry__isnull=False) | ~Q(Exists(products)),
        )


@not_personal(
    "discount codes that staff offer",
    "id code percent adds_up starts_at ends_at max_uses max_uses_per_buyer places_taken created_at",
    growth=STAFF,
)
class DiscountCode(models.Model):
    """A percentage off, or a flat amount in each currency of `amounts`. A code with amounts is for these currencies
    only; a code with products for these only.

    `places_taken` counts the orders that use the code, or hold a place for it while they wait for payment. It changes
    only in `shop.discounts.places`, under this row's lock.
    """

    id = UUID7Field(primary_key=True)
    code = models.CharField(
        max_length=32,
        unique=True,
        validators=[
            RegexValidator(
                rf"\A{CODE.pattern}\Z",
                "Two to 32 letters, digits, hyphens or underscores, with at least one letter or digit.",
            )
        ],
        help_text="Buyers read it on receipts, and it stays there: don't use anyone's full name.",
    )
    percent = models.DecimalField("percentage off", max_digits=5, decimal_places=2, null=True, blank=True)
    adds_up = models.BooleanField(
        "adds up",
        default=False,
        help_text="With other codes that do, too. Otherwise the one code that saves the buyer most is applied.",
    )
    starts_at = models.DateTimeField("from", default=timezone.now)
    ends_at = models.DateTimeField("until", null=True, blank=True)
    max_uses = models.PositiveIntegerField("orders at most", null=True, blank=True, validators=[AT_LEAST_ONE])
    max_uses_per_buyer = models.PositiveIntegerField(
        "orders per buyer at most", null=True, blank=True, validators=[AT_LEAST_ONE]
    )
    places_taken = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = DiscountCodeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__gt=0, percent__lte=100),
                name="discount_percent_in_range",
                violation_error_message="A percentage must be above 0, and at most 100.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="discount_ends_after_start",
                violation_error_message="A code must end after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return f"discount code {self.code}"

    def has_room(self) -> bool:
        return self.max_uses is None or self.places_taken < self.max_uses

    def is_valid_at(self, now: datetime) -> bool:
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)

    def obstacle(self: Any, product: Product, *, now: datetime) -> str:
        """Why it can't be used for this product, for the buyer; empty if it can. A limit is not checked here, because
        only a place that was taken is certain. Needs `with_terms_for`."""
        if now < self.starts_at:
            return f"The code {self.code} can't be used before {self.starts_at:%B %-d, %Y, %H:%M} UTC."
        if not self.is_valid_at(now):
            return f"The code {self.code} has expired."
        if not self.is_for_product:
            return f"The code {self.code} is not for {product.name}."
        if not self.is_in_currency or (self.percent is None and not self.flat_minor):
            return f"The code {self.code} is not for prices in {product.currency}."
        if self.minimum_minor and (product.price_minor or 0) < self.minimum_minor:
            return f"The code {self.code} is for prices of at least {Money(self.minimum_minor, product.currency)}."
        return ""

    @property
    def off_in_words(self) -> str:
        """`10%`, or `$5.00, 5.00 EUR`. Prefetch `amounts` for a list."""
        if self.percent is not None:
            return f"{self.percent.normalize():f}%"
        return ", ".join(str(Money(row.off_minor, row.currency)) for row in self.amounts.all() if row.off_minor)

    @property
    def discount(self: Any) -> Discount:
        """Needs `with_terms_for`."""
        return Discount(percent=self.percent, flat_minor=self.flat_minor or 0, adds_up=self.adds_up)


@not_personal(
    "what a discount code takes off in a currency, and for which prices",
    "id discount_id currency off_minor minimum_minor",
    growth=DeletedWith("discount"),
)
class DiscountAmount(models.Model):
    id = UUID7Field(primary_key=True)
    discount = models.ForeignKey(DiscountCode, on_delete=models.CASCADE, related_name="amounts")
    currency = models.CharField(max_length=3, choices=[(code, code) for code in CURRENCIES])
    off_minor = MinorUnitsField("flat amount off", null=True, blank=True)
    minimum_minor = MinorUnitsField("lowest price", null=True, blank=True)

    class Meta:
        ordering = ["currency"]
        constraints = [
            models.UniqueConstraint(fields=["discount", "currency"], name="one_discount_amount_per_currency"),
            models.CheckConstraint(
                condition=Q(off_minor__gt=0) | Q(off_minor__isnull=True, minimum_minor__gt=0),
                name="discount_amount_says_something",
                violation_error_message="Enter a flat amount off, a lowest price, or both.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.discount} in {self.currency}"


@not_personal(
    "the products that a discount code is for",
    "id discount_id product_id",
    growth=DeletedWith("discount"),
)
class DiscountProduct(models.Model):
    id = UUID7Field(primary_key=True)
    discount = models.ForeignKey(DiscountCode, on_delete=models.CASCADE, related_name="products")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["discount", "product"], name="one_discount_entry_per_product")]

    def __str__(self) -> str:
        return f"{self.discount} for {self.product}"


class DiscountUseQuerySet(models.QuerySet["DiscountUse"]):
    def held_by(self, orders: Collection[UUID], code: DiscountCode) -> DiscountUseQuerySet:
        """The places of the code that these orders hold while they wait for payment."""
        held = self.filter(discount=code, state=DiscountUse.State.HELD)
        return held.filter(order__in=orders) if orders else self.none()


@personal_data(
    label="Discounts on your orders",
    purpose=Purpose.ORDER,
    columns={},
    circumstances={
        "discount": "the code",
        "amount_minor": "what it took off",
        "state": "whether the order used it",
        "held_until": "kept for you until",
    },
    other_columns="id order_id discount_id amount_minor currency state held_until",
    found_by=("order__email_index",),
    retention=Retention(text="as long as the order"),
    erasure=Erasure.KEEP,
    kept_because="the price of the order depends on it, and the order no longer says that it was yours",
    source="the code that you entered, or that was in the link you followed",
    recipients="the affiliate who brought the order learns what was taken off, never by which code or who bought",
    uses=(
        Use(
            purpose=Purpose.AFFILIATE_ACCOUNT,
            audience=Audience.AFFILIATE,
            told="the affiliate's statements say what a discount took off the price of a sale",
            columns=frozenset({"id", "order_id", "amount_minor", "currency", "state"}),
        ),
        Use(
            purpose=Purpose.AFFILIATE_ACCOUNT,
            audience=Audience.STAFF,
            told="our staff see it where they look into a commission",
        ),
    ),
    growth=BOOKS,
)
class DiscountUse(models.Model):
    """The place of an order among those that a code is for. The database refuses to change its amount."""

    class State(models.TextChoices):
        HELD = "held", "held until the payment"
        USED = "used", "used"
        RELEASED = "released", "released"

    id = UUID7Field(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="discount_uses")
    discount = models.ForeignKey(DiscountCode, on_delete=models.PROTECT, related_name="uses")
    amount_minor = MinorUnitsField("discount")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=8, choices=State, default=State.HELD)
    held_until = models.DateTimeField(null=True)  # for one that is held

    database_triggers = ("no_replace", "no_update", "no_delete")

    objects = DiscountUseQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["held_until"], condition=Q(held_until__isnull=False), name="held_discounts"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "discount"], name="one_place_per_order_and_discount"),
            models.CheckConstraint(
                condition=Q(state="held", held_until__isnull=False) | ~Q(state="held") & Q(held_until__isnull=True),
                name="held_discount_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.discount} for {self.order}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
