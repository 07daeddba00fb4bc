"""The demo affiliate's past clicks and sales, so that the portal's charts have data.

The clicks stand in the figures alone, as those of deleted rows do. The sales are older than the
180 days for which PayPal is asked about a payment: the stand-in, which was not there then, need not know them. They
were paid out each month. Nobody bought them: the orders have no person in them.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from affiliates.models import (
    Affiliate,
    Attribution,
    Commission,
    Label,
    LabelSales,
    LedgerEntry,
    PayoutClaim,
    PayoutItem,
    PayoutRun,
    PendingVisitCount,
    calculate_commission,
)
from affiliates.statistics.click_rollups import count_visits
from affiliates.tracking.labels import declare_label
from shop.models import Order, Payment, Product

JOINED = timedelta(days=340)
MONTHS = (11, 10, 9, 8, 7)  # ago
DAYS = 42  # of clicks
LABELS = ("newsletter", "review", "newsletter", "video", "")
PERCENT = Decimal(30)


def seed_history(affiliate: Affiliate, product: Product, *, now: datetime) -> None:
    """Does nothing if the affiliate has a sale or a click."""
    if affiliate.daily_sales.exists() or affiliate.daily_clicks.exists():
        return
    chance = random.Random(2026)  # noqa: S311  the same demo each time
    Affiliate.objects.filter(pk=affiliate.pk).update(joined_at=now - JOINED)
    sold = [_sell_and_pay(affiliate, product, now - timedelta(days=ago * 29), chance) for ago in MONTHS]
    # Declared after those sales, so that they don't wait to be counted.
    labels = [declare_label(affiliate=affiliate, text=name) if name else None for name in LABELS]
    _count_by_label(labels[:1], [line for lines in sold for line in lines])
    _click(affiliate, product, labels, now.astimezone(UTC).date(), chance)
    count_visits(now=now)


def _count_by_label(labels: list[Label | None], lines: list[Commission]) -> None:
    """Assigns half of the sales to the first label; both halves have several buyers."""
    for label in filter(None, labels):
        half = lines[::2]
        LabelSales.objects.create(
            label=label,
            currency=half[0].currency,
            orders=len(half),
            sales_minor=sum(line.base_minor for line in half),
            earned_minor=sum(line.amount_minor for line in half),
        )


def _click(
    affiliate: Affiliate, product: Product, labels: list[Label | None], today: date, chance: random.Random
) -> None:
    """More clicks on weekdays, and growing over time."""
    pending_visit_counts = []
    for ago in range(1, DAYS + 1):
        day = today - timedelta(days=ago)
        most = (9 if day.weekday() < 5 else 4) + (DAYS - ago) // 8
        pending_visit_counts += [_tally(affiliate, product, day, label, chance.randint(0, most)) for label in labels]
        pending_visit_counts.append(
            PendingVisitCount(affiliate=affiliate, day=day, bots=chance.randint(0, 6), refused=chance.randint(0, 2))
        )
    PendingVisitCount.objects.bulk_create(pending_visit_counts)


def _tally(affiliate: Affiliate, product: Product, day: date, label: Label | None, clicks: int) -> PendingVisitCount:
    landing = f"/products/{product.slug}/" if label else "/"
    return PendingVisitCount(
        affiliate=affiliate, day=day, label=label, landing_path=landing, clicks=clicks, unstored_clicks=clicks
    )


def _sell_and_pay(affiliate: Affiliate, product: Product, month: datetime, chance: random.Random) -> list[Commission]:
    """A few sales in one month, and their payout."""
    days = [month - timedelta(days=ago) for ago in range(chance.randint(2, 5))]
    PendingVisitCount.objects.bulk_create(
        _tally(affiliate, product, day.astimezone(UTC).date(), None, chance.randint(40, 90)) for day in days
    )
    commissions = [_sell(affiliate, product, day, chance) for day in days]
    paid_at = month + timedelta(days=3)
    total = sum(line.amount_minor for line in commissions)
    run = PayoutRun.objects.create(
        state=PayoutRun.State.FINISHED,
        currency=product.currency,
        created_at=paid_at,
        approved_at=paid_at,
        finished_at=paid_at,
    )
    payout = PayoutItem.objects.create(
        run=run,
        affiliate=affiliate,
        amount_minor=total,
        currency=product.currency,
        state=PayoutItem.State.PAID,
        created_at=paid_at,
        settled_at=paid_at,
    )
    entries = [
        _book(affiliate, "commission", line.amount_minor, line.currency, line.created_at, commission=line)
        for line in commissions
    ]
    entries.append(_book(affiliate, "payout", -total, payout.currency, paid_at, payout=payout))
    PayoutClaim.objects.bulk_create(PayoutClaim(entry=entry, payout=payout) for entry in entries)
    return commissions


def _sell(affiliate: Affiliate, product: Product, day: datetime, chance: random.Random) -> Commission:
    at = datetime.combine(day.astimezone(UTC).date(), time(chance.randint(7, 20), chance.randint(0, 59)), UTC)
    money = {"amount_minor": product.price_minor, "currency": product.currency}
    order = Order.objects.create(
        reference=f"D{chance.randrange(10**9):09}",
        product=product,
        product_name=product.name,
        state=Order.State.PAID,
        placed_at=at,
        paid_at=at,
        **money,
    )
    payment = Payment.objects.create(order=order, state=Payment.State.PAID, created_at=at, **money)
    attribution = Attribution.objects.create(
        order=order,
        affiliate=affiliate,
        route=Attribution.Route.COOKIE,
        rate_percent=PERCENT,
        terms_version=affiliate.terms_version,
        decided_at=at,
    )
    return Commission.objects.create(
        attribution=attribution,
        base_minor=payment.amount_minor,
        rate_percent=PERCENT,
        amount_minor=calculate_commission(payment.total, percent=PERCENT, flat_minor=None).minor,
        currency=payment.currency,
        state=Commission.State.PAID,
        hold_until=at,
        created_at=at,
        approved_at=at,
        paid_at=at + timedelta(days=3),
    )


def _book(affiliate: Affiliate, kind: str, minor: int, currency: str, at: datetime, **what: object) -> LedgerEntry:
    return LedgerEntry.objects.create(
        affiliate=affiliate, kind=kind, amount_minor=minor, currency=currency, created_at=at, **what
    )
