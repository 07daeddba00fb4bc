"""Rates: which one applies to an order, and how staff replace one without touching past earnings.

The most specific rate in effect applies, in this order: one for sales with the order's discount code, the affiliate's
for the product, the affiliate's, their group's for the product, their group's, the product's, the program's, the
percentage from the settings. Then, of that rate, the highest step that the affiliate's approved sales have reached.
Both are decided when an order is placed; a step never changes the rate of an earlier sale.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from affiliates.models import Adjustment, Affiliate, AffiliateGroup, Commission, Rate, RateStep
from affiliates.own_account import leave_to_a_colleague
from affiliates.statistics.spans import Span
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from shop.models import DiscountCode, Product
from shop.money import Money

if TYPE_CHECKING:
    from accounts.models import User


JUST_NOW = timedelta(minutes=1)  # between submitting "now" and storing it


@dataclass(frozen=True)
class AppliedRate:
    """The rate of an order, and the step of it that the affiliate has reached.

    `sales` are the approved sales that count toward the steps; None for a rate without steps, or without an affiliate.
    """

    rate: Rate
    step: RateStep | None = None
    sales: int | None = None
    span: Span | None = None  # in which they count

    @property
    def percent(self) -> Decimal | None:
        return (self.step or self.rate).percent

    @property
    def flat_minor(self) -> int | None:
        return (self.step or self.rate).flat_minor

    @property
    def terms(self) -> str:
        """In words: `30%`, or `$5.00 per sale`."""
        return (self.step or self.rate).terms

    @property
    def is_default(self) -> bool:
        """Whether it comes from the settings, because no rate was set."""
        return self.rate._state.adding

    @property
    def next_step(self) -> RateStep | None:
        """The next step within reach; None at the last one, and for a rate without steps."""
        if self.sales is None:
            return None
        return next((step for step in self.rate.all_steps if step.from_sales > (self.sales or 0)), None)


def applied_rate(
    *,
    affiliate: Affiliate,
    product: Product | None,
    currency: str,
    moment: datetime,
    discounts: Collection[DiscountCode] = (),
) -> AppliedRate:
    """What an order of this affiliate earns that is placed at `moment`, with these discount codes."""
    rate = rate_for(affiliate=affiliate, product=product, currency=currency, moment=moment, discounts=discounts)
    if not rate.step_period:
        return AppliedRate(rate)
    span = Span.around(moment, rate.step_period)
    sales = approved_sales(affiliate, since=span.start, until=moment)
    reached = [step for step in rate.all_steps if step.from_sales <= sales]
    return AppliedRate(rate, reached[-1] if reached else None, sales, span)


def approved_sales(affiliate: Affiliate, *, since: datetime, until: datetime) -> int:
    """The sales that count toward steps: approved from `since` to `until`, or booked if made outside the shop, and not
    fully refunded."""
    of_shop = Commission.objects.counting_toward_steps(affiliate, since=since, until=until)
    outside = Adjustment.objects.sales().filter(affiliate=affiliate, decided_at__gte=since, decided_at__lte=until)
    return of_shop.count() + outside.count()


def rate_for(
    *,
    affiliate: Affiliate | None,
    product: Product | None,
    currency: str,
    moment: datetime,
    group: AffiliateGroup | None = None,
    discounts: Collection[DiscountCode] = (),
) -> Rate:
    """The most specific rate in effect, before its steps. Without an affiliate, that of the group's affiliates; without
    a group, the general one.

    A flat amount in another currency than the order's is ignored. Without any rate, the percentage from the settings
    applies; that one is unsaved (`_state.adding` is true). Services have only rates that are set for them: without one,
    they earn nothing, an unsaved 0%.
    """
    is_service = product is not None and product.is_service
    group_id = affiliate.group_id if affiliate else group and group.pk
    rates = Rate.objects.in_force(moment).filter(
        Q(affiliate=affiliate) | Q(affiliate__isnull=True),
        Q(group__isnull=True) | Q(group=group_id) if group_id else Q(group__isnull=True),
        Q(product=product) if is_service else Q(product=product) | Q(product__isnull=True),
        Q(discount__isnull=True) | Q(discount__in=discounts) if discounts else Q(discount__isnull=True),
        currency__in=["", currency],
    )
    nearest = max(rates, key=_precedence, default=None)
    return nearest or Rate(percent=Decimal(0) if is_service else settings.AFFILIATE_COMMISSION_PERCENT)


def _precedence(rate: Rate) -> tuple[bool, bool, bool, bool]:
    """A discount code's rate comes first, then an affiliate's, then a group's, then a product's."""
    return (
        rate.discount_id is not None,
        rate.affiliate_id is not None,
        rate.group_id is not None,
        rate.product_id is not None,
    )


def set_rate(
    *,
    affiliate: Affiliate | None = None,
    group: AffiliateGroup | None = None,
    product: Product | None = None,
    discount: DiscountCode | None = None,
    percent: Decimal | None = None,
    flat: Money | None = None,
    steps: Sequence[RateStep] = (),
    step_period: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    actor: User | None,
) -> Rate:
    """Sets a rate from now on, or from `starts_at`; the target's current rate ends then. `steps` are unsaved, in
    ascending order.

    Raises `ActionRefused` for a start in the past, if a later rate is already set, or if a colleague has to decide.
    """
    rate = Rate(
        affiliate=affiliate,
        group=group,
        product=product,
        discount=discount,
        percent=percent,
        flat_minor=None if flat is None else flat.minor,
        currency=flat.currency if flat else "",
        step_period=step_period if steps else "",
        starts_at=starts_at or timezone.now(),
        ends_at=ends_at,
        created_by=actor,
    )
    try:
        return _replace_current_rate(rate, steps, actor)
    except IntegrityError as error:
        raise ActionRefused("Somebody set this rate at the same time. Please check that one.") from error


def rate_problem(rate: Rate, steps: Sequence[RateStep] = ()) -> str:
    """Why this rate can't be set, for staff; empty if it can."""
    if rate.starts_at < timezone.now() - JUST_NOW:
        return "A rate can't start in the past, because past sales keep their rate."
    if rate.ends_at is not None and rate.ends_at <= rate.starts_at:
        return "A rate must end after it starts."
    if (rate.percent is None) == (rate.flat_minor is None):
        return "Enter either a percentage or a flat amount."
    if rate.percent is not None and not 0 <= rate.percent <= 100:
        return "A percentage must be between 0 and 100."
    if rate.affiliate_id and rate.group_id:
        return "Choose an affiliate or a group, not both."
    if steps and (problem := _step_problem(rate, steps)):
        return problem
    same_target = Rate.objects.same_target(rate).filter(starts_at__gt=rate.starts_at)
    later = same_target.overlapping(rate.starts_at, rate.ends_at).order_by("starts_at").first()
    if later is not None:
        begins = date_format(timezone.localtime(later.starts_at), "DATETIME_FORMAT")
        return f"{later} is already set from {begins}. End that rate first."
    return ""


def _step_problem(rate: Rate, steps: Sequence[RateStep]) -> str:
    if not rate.step_period:
        return "Choose the period in which sales count toward the steps."
    before: RateStep | Rate = rate
    for step in steps:
        value, least = (step.flat_minor, before.flat_minor) if rate.percent is None else (step.percent, before.percent)
        if value is None or least is None:
            return "The steps of a percentage are percentages, those of a flat amount are amounts."
        if value <= least or step.from_sales <= getattr(before, "from_sales", 0):
            return "Each step must need more sales than the one before, at least 1, and pay more."
        if rate.percent is not None and value > 100:
            return "A percentage must be between 0 and 100."
        before = step
    return ""


@transaction.atomic
def _replace_current_rate(rate: Rate, steps: Sequence[RateStep], actor: User | None) -> Rate:
    running = Rate.objects.same_target(rate).select_for_update()
    for earlier in running.filter(starts_at__lte=rate.starts_at).overlapping(rate.starts_at, rate.ends_at):
        Rate.objects.filter(pk=earlier.pk).update(ends_at=rate.starts_at)
    if problem := rate_problem(rate, steps):
        raise ActionRefused(problem)
    _require_colleague(rate, actor)
    rate.save(force_insert=True)
    for step in steps:
        step.rate = rate
        step.save(force_insert=True)
    record(action="affiliates.rate.changed", about=rate, actor=actor)
    return rate


@transaction.atomic
def end_rate(*, rate: Rate, actor: User | None) -> bool:
    """Ends a rate now; a rate that has not started yet never will. False if it had already ended.

    Raises `ActionRefused` if a colleague has to decide.
    """
    now = timezone.now()
    running = Rate.objects.filter(pk=rate.pk).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now))
    ended = running.update(ends_at=max(rate.starts_at, now))
    if ended:
        _require_colleague(rate, actor)
        record(action="affiliates.rate.changed", about=rate, actor=actor)
    return bool(ended)


def _require_colleague(rate: Rate, actor: User | None) -> None:
    """Checks the affiliate whose rate it is, or, for a group's or a general rate, the deciding person's own account."""
    mine = Affiliate.objects.filter(user=actor).exclude(state=Affiliate.State.CLOSED) if actor else None
    if mine is not None and rate.group_id:
        mine = mine.filter(group=rate.group_id)
    if own := rate.affiliate or (mine is not None and mine.first()):
        leave_to_a_colleague(own, actor=actor, permission="affiliates.add_rate")
