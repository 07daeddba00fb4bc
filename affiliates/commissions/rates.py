"""Rates: which one applies to an order, and how staff replace one without touching past earnings."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from affiliates.models import Affiliate, Rate
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from shop.models import Product
from shop.money import Money

if TYPE_CHECKING:
    from accounts.models import User


JUST_NOW = timedelta(minutes=1)  # between submitting "now" and storing it


def rate_for(*, affiliate: Affiliate | None, product: Product | None, currency: str, moment: datetime) -> Rate:
    """The most specific rate in effect: the affiliate's for this product, the affiliate's, the product's, the
    program's. Without an affiliate, the general rate.

    A flat amount in another currency than the order's is ignored. Without any rate, the percentage from the settings
    applies; that one is unsaved (`_state.adding` is true). Services have only rates that are set for them: without one,
    they earn nothing, an unsaved 0%.
    """
    is_service = product is not None and product.is_service
    rates = Rate.objects.in_force(moment).filter(
        Q(affiliate=affiliate) | Q(affiliate__isnull=True),
        Q(product=product) if is_service else Q(product=product) | Q(product__isnull=True),
        currency__in=["", currency],
    )
    nearest = max(rates, key=lambda rate: (rate.affiliate_id is not None, rate.product_id is not None), default=None)
    return nearest or Rate(percent=Decimal(0) if is_service else settings.AFFILIATE_COMMISSION_PERCENT)


def set_rate(
    *,
    affiliate: Affiliate | None = None,
    product: Product | None = None,
    percent: Decimal | None = None,
    flat: Money | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    actor: User | None,
) -> Rate:
    """Sets a rate from now on, or from `starts_at`; the target's current rate ends then.

    Raises `ActionRefused` for a start in the past, if a later rate is already set, or if a colleague has to decide.
    """
    rate = Rate(
        affiliate=affiliate,
        product=product,
        percent=percent,
        flat_minor=None if flat is None else flat.minor,
        currency=flat.currency if flat else "",
        starts_at=starts_at or timezone.now(),
        ends_at=ends_at,
        created_by=actor,
    )
    try:
        return _replace_current_rate(rate, actor)
    except IntegrityError as error:
        raise ActionRefused("Somebody set this rate at the same time. Please check that one.") from error


def rate_problem(rate: Rate) -> str:
    """Why this rate can't be set, for staff; empty if it can."""
    if rate.starts_at < timezone.now() - JUST_NOW:
        return "A rate can't start in the past, because past sales keep their rate."
    if rate.ends_at is not None and rate.ends_at <= rate.starts_at:
        return "A rate must end after it starts."
    if (rate.percent is None) == (rate.flat_minor is None):
        return "Enter either a percentage or a flat amount."
    if rate.percent is not None and not 0 <= rate.percent <= 100:
        return "A percentage must be between 0 and 100."
    same_target = Rate.objects.for_target(rate.affiliate, rate.product).filter(starts_at__gt=rate.starts_at)
    later = same_target.overlapping(rate.starts_at, rate.ends_at).order_by("starts_at").first()
    if later is not None:
        begins = date_format(timezone.localtime(later.starts_at), "DATETIME_FORMAT")
        return f"{later} is already set from {begins}. End that rate first."
    return ""


@transaction.atomic
def _replace_current_rate(rate: Rate, actor: User | None) -> Rate:
    running = Rate.objects.for_target(rate.affiliate, rate.product).select_for_update()
    for earlier in running.filter(starts_at__lte=rate.starts_at).overlapping(rate.starts_at, rate.ends_at):
        Rate.objects.filter(pk=earlier.pk).update(ends_at=rate.starts_at)
    if problem := rate_problem(rate):
        raise ActionRefused(problem)
    _require_colleague(rate, actor)
    rate.save(force_insert=True)
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
    """Checks the affiliate whose rate it is, or, for a general rate, the deciding person's own account."""
    own = rate.affiliate or (
        actor and Affiliate.objects.filter(user=actor).exclude(state=Affiliate.State.CLOSED).first()
    )
    if own:
        leave_to_a_colleague(own, actor=actor, permission="affiliates.add_rate")
