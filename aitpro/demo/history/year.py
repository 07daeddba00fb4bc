"""A year of sales: who bought when, what was refunded or disputed, and when the affiliates were paid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.lifecycle import approve_past_hold
from affiliates.models import PayoutRun
from affiliates.payouts.manual import make_payout_list, mark_paid_manually
from affiliates.payouts.runs import approve_payout, prepare_payout
from affiliates.statistics.label_sales import count_label_sales
from privacy.admin_base.refusals import ActionRefused
from shop.models import Product

from . import people
from .affiliates import CLOSING_DAY, LABELS, NEWCOMER, STRONG, SUSPENDED, Partners
from .paypal_records import PayPalRecords
from .sales import Sale
from .timeline import Timeline

PAYDAY = 5  # of the month
BY_WEEKDAY = (1.1, 1.3, 1.2, 1.1, 0.9, 0.5, 0.7)
BUSY_MONTHS = {11: 1.5, 12: 1.2, 7: 0.7, 8: 0.7}
DIRECT, REFERRED, OF_SUSPENDED = 0.14, 0.15, 0.12  # chance of a sale on a day; strong affiliates have two
EACH_MONTH = (3, 11, 19)  # days on which the strong affiliate always sells
NEWCOMER_SALES = (20, 13, 6, 2)  # days ago
PARTIAL_MINOR = 2000
FULL, PART, LATE = 15, 22, 70  # one sale in so many is refunded, in part, or long after its payout


def plan_year(timeline: Timeline, *, partners: Partners, product: Product, records: PayPalRecords, staff: User) -> None:
    sales = sorted(_sales(timeline), key=lambda sale: sale.at)
    for sale in sales:
        timeline.at(sale.at, partial(_make, sale, product, records, partners))
    disputed = list(_plan_disputes(timeline, sales, records))
    _plan_refunds(timeline, [sale for sale in sales if sale not in disputed], records, staff)
    for ago in range(timeline.days, 0, -1):
        evening = timeline.day(ago) + timedelta(hours=23, minutes=30)
        timeline.at(evening, _approve)
        if evening.weekday() == CLOSING_DAY:
            timeline.at(evening, count_label_sales)
        if evening.day == PAYDAY:
            timeline.at(evening.replace(hour=17), partial(pay, staff))


def _make(sale: Sale, product: Product, records: PayPalRecords, partners: Partners) -> None:
    sale.make(product, records, partners.get(sale.referred_by))


def _approve() -> None:
    approve_past_hold(now=timezone.now())


def _sales(timeline: Timeline) -> list[Sale]:
    chance, sales = timeline.chance, []
    for ago in range(timeline.days, 0, -1):
        day = timeline.day(ago)
        level = _level(day.date(), ago / timeline.days)
        if chance.random() < DIRECT * level:
            sales.append(_sale(chance, day))
        of_strong = sum(chance.random() < REFERRED * level for _ in range(2)) or day.day in EACH_MONTH
        sales += [_sale(chance, day, STRONG) for _ in range(of_strong)]
        if SUSPENDED.is_selling(ago, timeline.days) and chance.random() < OF_SUSPENDED * level:
            sales.append(_sale(chance, day, SUSPENDED.name))
    sales += [_sale(chance, timeline.day(ago), NEWCOMER.name) for ago in NEWCOMER_SALES]
    # With the newcomer's own address and code: a flag holds the commission.
    own = (NEWCOMER.name, NEWCOMER.email)
    sales.append(Sale(timeline.day(4) + timedelta(hours=19), own, NEWCOMER.name, by_code=True))
    return [sale for sale in sales if sale.at >= timeline.day(timeline.days)]


def _level(day: date, age: float) -> float:
    """Busier on working days and before Christmas, and growing over the year. `age` falls from 1 to 0."""
    return BY_WEEKDAY[day.weekday()] * BUSY_MONTHS.get(day.month, 1.0) * (1.3 - 0.6 * age)


def _sale(chance: Random, day: datetime, referred_by: str = "") -> Sale:
    at = day + timedelta(hours=chance.randint(14, 22), minutes=chance.randint(0, 59), seconds=chance.randint(0, 59))
    by_code = bool(referred_by) and chance.random() < 0.08
    label = chance.choice(LABELS) if referred_by == STRONG and not by_code else ""
    return Sale(at, people.buyer(chance), referred_by, by_code, label)


def _plan_refunds(timeline: Timeline, sales: list[Sale], records: PayPalRecords, staff: User) -> None:
    for place, sale in enumerate(sales):
        if place % LATE == LATE // 2:
            at, minor = sale.at + timedelta(days=62), None
        elif place % FULL == FULL // 2:
            at, minor = sale.at + timedelta(days=4 + place % 9, hours=1), None
        elif place % PART == PART // 2:
            at, minor = sale.at + timedelta(days=12), PARTIAL_MINOR
        else:
            continue
        timeline.at(at, partial(sale.refund, records, staff=staff, minor=minor))


def _plan_disputes(timeline: Timeline, sales: list[Sale], records: PayPalRecords) -> Iterator[Sale]:
    """One that was won months ago, and one that is open. Returns their sales."""
    for ago, number, length in ((100, "PP-D-204711", 16), (10, "PP-D-318552", 0)):
        for sale in [sale for sale in sales if timeline.day(ago) <= sale.at and sale.referred_by == STRONG][:1]:
            if ago <= timeline.days:
                opened = sale.at + timedelta(days=2)
                open_it = partial(sale.dispute, records, number=number, opened_at=opened)
                timeline.at(opened, open_it)
                if length:
                    timeline.at(opened + timedelta(days=length), partial(open_it, won=True))
                yield sale


def pay(staff: User) -> None:
    """A payout run, paid from the list; nobody may be due."""
    with suppress(ActionRefused):
        run = prepare_payout(currency=settings.CURRENCY, actor=staff, method=PayoutRun.Method.CSV)
        approve_payout(run=run, actor=staff)
        make_payout_list(run=run, actor=staff)
        today = timezone.now().date()
        mark_paid_manually(
            run=run, items=run.items.in_progress(), reference=f"MP-{today:%Y%m%d}", paid_on=today, actor=staff
        )
