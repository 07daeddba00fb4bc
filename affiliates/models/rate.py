"""Commission rates: a percentage or a flat amount, for an affiliate or a group, a product or both, in a period; and
their steps, which approved sales reach."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import cached_property

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF, Pruned
from shop.models import DiscountCode, Product
from shop.money import Money
from shop.money_fields import MinorUnitsField
from shop.pricing.large_change import is_far

from .affiliate import Affiliate
from .group import AffiliateGroup

PERCENT_XOR_FLAT = Q(percent__isnull=False, percent__range=(0, 100), flat_minor__isnull=True) | Q(
    percent__isnull=True, flat_minor__isnull=False
)


def calculate_commission(base: Money, *, percent: Decimal | None, flat_minor: int | None) -> Money:
    """The commission on `base`: the percentage, half-up to the minor unit, or the flat amount, never above the base."""
    if flat_minor is not None:
        return Money(min(flat_minor, base.minor), base.currency)
    if percent is None:
        raise ValueError("A rate is a percentage or a flat amount.")
    return base.percent(percent)


def format_rate(percent: Decimal | None, flat: Money | None) -> str:
    return f"{flat} per sale" if percent is None else f"{percent.normalize():f}%"


def affiliate_or_zero() -> Coalesce:
    return Coalesce("affiliate", Value(UUID(int=0), output_field=models.UUIDField()))


def group_or_zero() -> Coalesce:
    return Coalesce("group", Value(UUID(int=0), output_field=models.UUIDField()))


def product_or_zero() -> Coalesce:
    return Coalesce("product", Value(UUID(int=0), output_field=models.UUIDField()))


def discount_or_zero() -> Coalesce:
    return Coalesce("discount", Value(UUID(int=0), output_field=models.UUIDField()))


class StepPeriod(models.TextChoices):
    """The calendar period in UTC in which approved sales count toward a rate's steps."""

    MONTH = "month", "month"
    QUARTER = "quarter", "quarter"
    YEAR = "year", "year"


class RateQuerySet(models.QuerySet["Rate"]):
    def in_force(self, moment: datetime) -> RateQuerySet:
        """Rates in effect at `moment`: from their start (inclusive) to their end (exclusive)."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=moment), starts_at__lte=moment)

    def same_target(self, rate: Rate) -> RateQuerySet:
        """Rates of exactly the same affiliate or group, product and discount code. Without any, the program's rates."""
        same = self.filter(affiliate=rate.affiliate_id, group=rate.group_id)
        return same.filter(product=rate.product_id, discount=rate.discount_id)

    def overlapping(self, starts_at: datetime, ends_at: datetime | None) -> RateQuerySet:
        started = self if ends_at is None else self.filter(starts_at__lt=ends_at)
        return started.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=starts_at)).exclude(ends_at=F("starts_at"))


@not_personal(
    "commission rates: the program's, a product's, a group's or an affiliate's, or for sales with a discount code",
    "id affiliate_id group_id product_id discount_id percent flat_minor currency step_period starts_at ends_at"
    " created_at created_by_id",
    despite_link="a rate that the business agreed with an affiliate, who sees it in the portal; `created_by` is staff"
    " work",
    growth=STAFF,
)
class Rate(models.Model):
    """Written once. A rate is ended and replaced, never edited, so that a past order's rate can always be read.

    The database refuses other changes, and overlapping rates for the same target.
    """

    id = UUID7Field(primary_key=True)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, null=True, blank=True, related_name="rates")
    group = models.ForeignKey(AffiliateGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="rates")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Sales with this discount code, which are paid at another rate than the others.
    discount = models.ForeignKey(DiscountCode, on_delete=models.PROTECT, null=True, blank=True, related_name="rates")
    percent = models.DecimalField("percentage", max_digits=5, decimal_places=2, null=True, blank=True)
    flat_minor = MinorUnitsField("flat amount", null=True, blank=True)
    currency = models.CharField("currency of a flat amount", max_length=3, blank=True)
    step_period = models.CharField("sales count per", max_length=10, choices=StepPeriod, blank=True)  # if it has steps
    starts_at = models.DateTimeField("from", default=timezone.now)
    ends_at = models.DateTimeField("until", null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = RateQuerySet.as_manager()

    database_triggers = ("no_replace", "no_insert", "no_update", "no_delete")

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(condition=PERCENT_XOR_FLAT, name="rate_is_percent_or_flat"),
            models.CheckConstraint(
                condition=Q(flat_minor__isnull=True, currency="") | Q(flat_minor__isnull=False) & ~Q(currency=""),
                name="flat_rate_currency_required",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")), name="rate_end_after_start"
            ),
            models.CheckConstraint(
                condition=Q(affiliate__isnull=True) | Q(group__isnull=True), name="rate_of_an_affiliate_or_a_group"
            ),
            # Of two people who set a rate at the same time, this refuses one.
            models.UniqueConstraint(
                affiliate_or_zero(),
                group_or_zero(),
                product_or_zero(),
                discount_or_zero(),
                condition=Q(ends_at__isnull=True),
                name="one_open_rate_per_target",
            ),
            models.UniqueConstraint(
                affiliate_or_zero(),
                group_or_zero(),
                product_or_zero(),
                discount_or_zero(),
                "starts_at",
                condition=~Q(ends_at=F("starts_at")),
                name="one_rate_per_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.terms} for {self.target}"

    @property
    def staff_label(self) -> str:
        """The rate, and for whom, with the affiliate by name."""
        selling = f" selling {self.product}" if self.product else ""
        selling += f" with {self.discount.code}" if self.discount else ""
        return f"{self.terms} for {self.affiliate.staff_label}{selling}" if self.affiliate else str(self)

    @property
    def flat(self) -> Money | None:
        return None if self.flat_minor is None else Money(self.flat_minor, self.currency)

    @property
    def terms(self) -> str:
        """Before any step."""
        return format_rate(self.percent, self.flat)

    @cached_property
    def all_steps(self) -> list[RateStep]:
        """The steps, in ascending order. A rate without any costs no query."""
        return list(self.steps.all()) if self.step_period and not self._state.adding else []

    @property
    def step_terms(self) -> str:
        """The steps in words: `35% from 20 sales a month, 40% from 50 sales a month`; empty without steps."""
        return ", ".join(map(str, self.all_steps))

    def is_far_from(self, other: Rate) -> bool:
        """Differs by more than half of the other rate; a percentage always differs from a flat amount."""
        if self.percent is not None and other.percent is not None:
            return abs(self.percent - other.percent) * 2 > other.percent
        return self.flat is None or is_far(self.flat, other.flat)

    @property
    def target(self) -> str:
        with_code = f" with {self.discount.code}" if self.discount else ""
        if (whose := self.affiliate or self.group) and self.product:
            return f"{whose} selling {self.product}{with_code}"
        return f"{whose or self.product or 'the program'}{with_code}"


@not_personal(
    "the steps of commission rates: what applies from how many approved sales",
    "id rate_id from_sales percent flat_minor",
    despite_link="a part of a rate, which an affiliate may have agreed and sees in the portal; it names no one",
    growth=STAFF,
)
class RateStep(models.Model):
    """Written once, with its rate. A percentage or a flat amount like the rate's, in the rate's currency."""

    id = UUID7Field(primary_key=True)
    rate = models.ForeignKey(Rate, on_delete=models.PROTECT, related_name="steps")
    from_sales = models.PositiveIntegerField("from sales")
    percent = models.DecimalField("percentage", max_digits=5, decimal_places=2, null=True)
    flat_minor = MinorUnitsField("flat amount", null=True)

    database_triggers = ("no_replace", "no_insert", "no_update", "no_delete")

    class Meta:
        ordering = ["from_sales"]
        constraints = [
            models.CheckConstraint(condition=PERCENT_XOR_FLAT, name="step_is_percent_or_flat"),
            models.CheckConstraint(condition=Q(from_sales__gte=1), name="step_needs_a_sale"),
            models.UniqueConstraint(fields=["rate", "from_sales"], name="one_step_per_number_of_sales"),
        ]

    def __str__(self) -> str:
        return f"{self.terms} {self.condition}"

    @property
    def currency(self) -> str:
        return self.rate.currency

    @property
    def terms(self) -> str:
        flat = None if self.flat_minor is None else Money(self.flat_minor, self.currency)
        return format_rate(self.percent, flat)

    @property
    def condition(self) -> str:
        """`from 20 sales a month`."""
        sales = "1 sale" if self.from_sales == 1 else f"{self.from_sales:,} sales"
        return f"from {sales} a {self.rate.step_period}"


@not_personal(
    "which affiliate was told of which change of a rate",
    "id affiliate_id rate_id change created_at",
    despite_link="ids of an affiliate and of a rate, whose terms the portal shows",
    growth=Pruned(since="created_at", days=400, why="longer than a rate is set ahead"),
)
class RateNotice(models.Model):
    """The database allows one per affiliate, rate and change."""

    class Change(models.TextChoices):
        START = "start", "starts"
        END = "end", "ends"
        CANCELED = "canceled", "ended before it started"

    id = UUID7Field(primary_key=True)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="rate_notices")
    rate = models.ForeignKey(Rate, on_delete=models.PROTECT, related_name="notices")
    change = models.CharField(max_length=10, choices=Change)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "rate", "change"], name="rate_change_announced_once")
        ]

    def __str__(self) -> str:
        return f"notice {str(self.pk)[-8:]}"
