"""Emails affiliates about changes of their rates: once per affiliate, rate and change, by a constraint.

A start is announced when the rate is set, also ahead of time; an end when it comes, unless another rate of the same
target starts then. An affiliate to whom a more specific rate applies is not told: nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from affiliates.mails import RATE_CHANGED
from affiliates.models import Affiliate, Rate, RateNotice
from privacy.mail.sending import notify
from shop.money import program_currency

from .rates import rate_for

ANNOUNCED_FOR = timedelta(days=7)  # so that a site that was down for days makes up for it
AT_ONCE = 500  # affiliates per housekeeping run
JUST_BEFORE = timedelta(microseconds=1)
Change = RateNotice.Change


class RateChange(NamedTuple):
    rate: Rate
    change: RateNotice.Change
    known_since: datetime  # affiliates who joined later never had another rate


def announce_rate_changes(*, now: datetime) -> int:
    """Returns how many affiliates were emailed."""
    waiting = ((change, affiliate) for change in _recent_changes(now) for affiliate in _affiliates_to_tell(change))
    return sum(_announce(change, affiliate) for change, affiliate in islice(waiting, AT_ONCE))


def _recent_changes(now: datetime) -> Iterator[RateChange]:
    since = now - ANNOUNCED_FOR
    rates = Rate.objects.select_related("product").order_by("created_at", "pk")
    for rate in rates.filter(created_at__gt=since).exclude(ends_at=F("starts_at")):
        yield RateChange(rate, Change.START, rate.created_at)
    for rate in rates.filter(ends_at__gt=since, ends_at__lte=now).exclude(ends_at=F("starts_at")):
        same_target = Rate.objects.same_target(rate)
        if rate.ends_at is not None and not same_target.filter(starts_at=rate.ends_at).exists():
            yield RateChange(rate, Change.END, rate.starts_at)
    for rate in rates.filter(notices__change=Change.START, starts_at__gt=since, ends_at=F("starts_at")).distinct():
        yield RateChange(rate, Change.CANCELED, rate.created_at)


def _affiliates_to_tell(change: RateChange) -> Iterator[Affiliate]:
    told = RateNotice.objects.filter(rate=change.rate, change=change.change).values("affiliate")
    active = Affiliate.objects.active().filter(joined_at__lt=change.known_since).exclude(pk__in=told)
    if change.rate.affiliate_id is not None:
        active = active.filter(pk=change.rate.affiliate_id)
    if change.rate.group_id is not None:
        active = active.filter(group=change.rate.group_id)
    if change.change is Change.CANCELED:
        active = active.filter(rate_notices__rate=change.rate, rate_notices__change=Change.START)
    yield from active.select_related("user").order_by("joined_at", "pk")[:AT_ONCE]


@transaction.atomic
def _announce(change: RateChange, affiliate: Affiliate) -> bool:
    rate = change.rate
    notice, is_new = RateNotice.objects.get_or_create(affiliate=affiliate, rate=rate, change=change.change)
    moment = rate.ends_at if change.change is Change.END and rate.ends_at else rate.starts_at
    (before, terms_before), (after, terms) = (_rate_at(affiliate, rate, at) for at in (moment - JUST_BEFORE, moment))
    applies = {Change.START: after == rate, Change.END: before == rate, Change.CANCELED: True}[change.change]
    if not (is_new and applies and (terms != terms_before or change.change is Change.CANCELED)):
        return False
    context = {"name": affiliate.user.get_short_name(), "rate": rate, "moment": moment}
    return notify(
        RATE_CHANGED,
        to=affiliate.user.email,
        about=notice,
        context={**context, "before": terms_before, "after": terms},
    )


def _rate_at(affiliate: Affiliate, rate: Rate, moment: datetime) -> tuple[Rate, str]:
    """The rate that applies, and its terms with those of its steps: `30%, 35% from 20 sales a month`."""
    currency = rate.currency or (rate.product.currency if rate.product else program_currency())
    found = rate_for(affiliate=affiliate, product=rate.product, currency=currency, moment=moment)
    return found, ", ".join(filter(None, [found.terms, found.step_terms]))
