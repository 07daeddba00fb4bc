"""Which affiliate brought an order, and what that earns. Amounts are minor units (cents for USD)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from privacy.encryption.computed_fields import ComputedCharField
from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel, UUID7Field
from privacy.encryption.readable_codes import random_code
from privacy.registry.declarations import Erasure, Retention, Use, personal_data
from privacy.registry.growth import BOOKS
from privacy.registry.purposes import Audience, Purpose
from shop.models import Order
from shop.money import Money
from shop.money_fields import MinorUnitsField

from .affiliate import Affiliate
from .click import Click
from .rate import Rate, RateStep, format_rate

ONE_KIND_OF_RATE = Q(rate_percent__isnull=False, rate_flat_minor__isnull=True) | Q(
    rate_percent__isnull=True, rate_flat_minor__isnull=False
)


@personal_data(
    label="The affiliate who brought your order",
    purpose=Purpose.REFERRAL_TRACKING,
    columns={},
    circumstances={
        "affiliate": "the affiliate, by code",
        "route": "by link or code",
        "decided_at": "when it was decided",
    },
    other_columns="id order_id affiliate_id click_id route rate_id step_id step_sales rate_percent rate_flat_minor"
    " terms_version decided_at",
    found_by=("order__email_index",),
    retention=Retention(text="as long as the order; the visit that led to it 30 days after the click"),
    erasure=Erasure.KEEP,
    kept_because="the commission that was paid depends on it; your visit is deleted immediately, and the order no"
    " longer says that it was yours",
    source="the affiliate's link that you followed, or the code that you typed",
    recipients="the affiliate learns the amount and the day of a sale, never who bought",
    uses=(
        Use(
            purpose=Purpose.AFFILIATE_ACCOUNT,
            audience=Audience.AFFILIATE,
            told="the affiliate's statements list the sale, its day and the commission on it",
        ),
    ),
    growth=BOOKS,
)
class Attribution(models.Model):
    """The affiliate and the rate of an order, decided when the order is placed. The database refuses any change but
    removing the click."""

    class Route(models.TextChoices):
        COOKIE = "cookie", "link"
        CODE = "code", "code entered at checkout"
        DISCOUNT = "discount", "discount code entered at checkout"
        TOKEN = "token", "link, without a cookie"  # noqa: S105  (the name of a route)

    id = UUID7Field(primary_key=True)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="attribution")
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="attributions")
    # The click has its time, its label, and whether the address was the same. All of it is deleted after 30 days.
    click = models.ForeignKey(
        Click, on_delete=models.SET_NULL, null=True, related_name="attributions", related_query_name="attribution"
    )
    route = models.CharField(max_length=10, choices=Route)
    rate = models.ForeignKey(Rate, on_delete=models.PROTECT, null=True, related_name="attributions")  # None: settings
    step = models.ForeignKey(RateStep, on_delete=models.PROTECT, null=True, related_name="+")
    # The approved sales that decided about the step; None for a rate without steps.
    step_sales = models.PositiveIntegerField(null=True)
    rate_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    rate_flat_minor = MinorUnitsField("flat rate", null=True)
    terms_version = models.CharField(max_length=20)
    decided_at = models.DateTimeField(default=timezone.now)

    database_triggers = ("no_replace", "no_update", "no_delete", "insert_sale")

    class Meta:
        indexes = [models.Index(fields=["affiliate", "decided_at"], name="attributions_of_affiliate")]
        constraints = [models.CheckConstraint(condition=ONE_KIND_OF_RATE, name="attribution_percent_xor_flat")]

    def __str__(self) -> str:
        return f"attribution of {self.order}"

    @property
    def currency(self) -> str:
        """Of the flat rate."""
        return self.order.currency


class CommissionQuerySet(models.QuerySet["Commission"]):
    def latest_of(self, affiliate: Affiliate) -> CommissionQuerySet:
        """An affiliate's commissions, latest order first. Uses an index, so that the cost of a page doesn't grow."""
        return self.filter(attribution__affiliate=affiliate).order_by("-attribution__decided_at", "-attribution")

    def among_these_of(self, affiliate_id: UUID) -> CommissionQuerySet:
        """Those of an affiliate among the few that the query has selected already. The subquery keeps the database from
        collecting all commissions of the affiliate first."""
        owner = Attribution.objects.filter(pk=OuterRef("attribution")).order_by().values("affiliate")
        return self.annotate(owner=Subquery(owner)).filter(owner=affiliate_id)

    def approved(self) -> CommissionQuerySet:
        return self.filter(state=Commission.State.APPROVED)

    def in_payout(self) -> CommissionQuerySet:
        return self.filter(state=Commission.State.IN_PAYOUT)

    def held(self) -> CommissionQuerySet:
        """Under an open flag: neither approved nor paid."""
        return self.filter(attribution__in=_under_an_open_flag())

    def not_held(self) -> CommissionQuerySet:
        return self.exclude(attribution__in=_under_an_open_flag())

    def counting_toward_steps(self, affiliate: Affiliate, *, since: datetime, until: datetime) -> CommissionQuerySet:
        """The affiliate's sales approved from `since` to `until`, both inclusive, and not fully refunded."""
        approved = self.filter(approved_at__gte=since, approved_at__lte=until, state__in=Commission.CREDITED)
        return approved.filter(attribution__affiliate=affiliate)

    def past_hold(self, now: datetime) -> CommissionQuerySet:
        """Pending commissions whose hold has ended and that no flag holds."""
        return self.not_held().filter(state=Commission.State.PENDING, hold_until__lte=now)

    def to_decide(self, now: datetime) -> CommissionQuerySet:
        """Pending commissions past their hold, or held by an open flag."""
        flagged = Q(attribution__in=_under_an_open_flag())
        return self.filter(flagged | Q(hold_until__lte=now), state=Commission.State.PENDING)


def new_commission_number() -> str:
    """Random, so that it reveals neither the order nor how many there are."""
    return "C" + random_code(9)


def _under_an_open_flag() -> models.QuerySet[Attribution, Any]:
    """A small subquery, evaluated once per query instead of once per commission."""
    return Attribution.objects.filter(flags__state="open").values("pk")


@personal_data(
    label="Your commissions",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"reason": "why it was rejected"},
    other_columns="id attribution_id number base_minor rate_percent rate_flat_minor amount_minor reversed_minor"
    " currency state hold_until created_at approved_at approved_by_id paid_at",
    found_by=("attribution__affiliate__user__email_index",),
    retention=Retention(text="7 years, as required for tax records", since="created_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="amounts and dates are kept for tax records, without any text",
    source="calculated from your sales; the reason is written by our staff",
    recipients="nobody",
    days_alone=True,
    growth=BOOKS,
)
class Commission(SealedModel):
    """What an order earns an affiliate: base, rate and amount, which never change.

    The state changes only along `MOVES`, which the database enforces. When a refund is reverted, a reversed commission
    may also return to the state it would have without that refund.
    """

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        APPROVED = "approved", "approved"
        IN_PAYOUT = "in_payout", "in a payout"
        PAID = "paid", "paid"
        REJECTED = "rejected", "rejected"
        REVERSED = "reversed", "reversed"

    MOVES: ClassVar[dict[str, tuple[str, ...]]] = {
        State.PENDING: (State.APPROVED, State.REJECTED, State.REVERSED),
        State.APPROVED: (State.IN_PAYOUT, State.REVERSED),
        State.IN_PAYOUT: (State.PAID, State.APPROVED, State.REVERSED),  # approved again: the payout was returned
        State.PAID: (State.APPROVED, State.REVERSED),
        State.REJECTED: (),
        State.REVERSED: (),
    }

    CREDITED = (State.APPROVED, State.IN_PAYOUT, State.PAID)

    attribution = models.OneToOneField(Attribution, on_delete=models.PROTECT, related_name="commission")
    # Shown to the affiliate instead of the order's reference, by which staff know a buyer.
    number = ComputedCharField(max_length=12, unique=True, default=new_commission_number, editable=False)
    base_minor = MinorUnitsField("base")
    rate_percent = models.DecimalField("rate in %", max_digits=5, decimal_places=2, null=True)
    rate_flat_minor = MinorUnitsField("flat rate", null=True)
    amount_minor = MinorUnitsField("amount")
    reversed_minor = MinorUnitsField("reversed amount", default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = SealedTextField(max_length=300, null=True, blank=True)  # the database requires it for a rejection
    hold_until = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    paid_at = models.DateTimeField(null=True)

    objects = CommissionQuerySet.as_manager()

    database_triggers = (
        *("no_replace", "no_update", "no_delete", "insert_balance_delta", "update_balance_delta"),
        *("insert_commission", "update_commission"),  # of the sums by day
    )

    class Meta:
        ordering = ["-created_at"]
        permissions = [("decide_commission", "Can approve, reject, hold and clear commissions")]
        indexes = [
            models.Index(fields=["state", "hold_until"], name="commissions_by_state"),
            models.Index(fields=["state", "created_at"], name="commissions_listed_by_state"),
            models.Index(fields=["approved_at"], name="commissions_by_approval"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__lte=F("base_minor")), name="commission_within_base"),
            models.CheckConstraint(
                condition=Q(reversed_minor__lte=F("amount_minor")), name="reversal_within_commission"
            ),
            models.CheckConstraint(condition=ONE_KIND_OF_RATE, name="commission_percent_xor_flat"),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "in_payout", "paid"], approved_at__isnull=True),
                name="credited_commission_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"commission {self.number}"

    @property
    def day(self) -> date:
        """The day in UTC, as in all statistics: all that the affiliate learns about the time of purchase."""
        return self.created_at.astimezone(UTC).date()

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
        """The amount after refunds."""
        return Money(self.amount_minor - self.reversed_minor, self.currency)

    @property
    def terms(self) -> str:
        """The rate in words: `30%`, or `$5.00 per sale`."""
        flat = None if self.rate_flat_minor is None else Money(self.rate_flat_minor, self.currency)
        return format_rate(self.rate_percent, flat)

    @property
    def staff_label(self) -> str:
        """The amount, the order and the affiliate: `$17.99 for B1A2B3C4D5, Alice Liddell (DEMO)`."""
        return f"{self.total} for {self.attribution.order.reference}, {self.affiliate.staff_label}"

    @property
    def why_unpaid(self) -> str:
        """Why it will not be paid; empty while it may be."""
        if self.state == self.State.REVERSED:
            return "the order was refunded"
        return self.reason or ""

    @property
    def is_held(self) -> bool:
        return self.attribution.flags.open().exists()

    def may_become(self, state: str) -> bool:
        return state in self.MOVES[self.state]
