"""The shop's sales by finished day, and as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from datetime import date, datetime

from django.db.models import Count, F, Q, Sum, Value

from privacy.admin_base.reporting.day_expression import day_of
from privacy.admin_base.reporting.day_sums import DaySums
from privacy.admin_base.reporting.periods import ReportPeriod
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose
from shop.models import Order, Refund, SalesDay

from .breakdowns import breakdowns, key_of
from .figures import Sales, completed_refunds, paid_orders

SUMS = ("orders", "gross_minor", "refund_count", "refunds_minor")


def live_sales(
    period: ReportPeriod, by: str = "", *, orders: Q | None = None, refunds: Q | None = None
) -> Iterator[tuple[str, date, Sales]]:
    """Key, day and sums, from orders and refunds themselves; of stretches of the period, if the conditions say so.
    Without a breakdown, the key is empty. Two queries."""
    sold, returned = paid_orders(period), completed_refunds(period)
    if orders is not None and refunds is not None:  # alone: of two ranges, SQLite may read the longer one
        sold = Order.objects.filter(orders).order_by()
        returned = Refund.objects.filter(refunds, state=Refund.State.COMPLETED).order_by()
    path = breakdowns()[by].path if by else ""
    sold = sold.annotate(day=day_of("paid_at", period), value=F(path) if path else Value(""))
    of_order = F(f"payment__order__{path}") if path else Value("")
    returned = returned.annotate(day=day_of("completed_at", period), value=of_order)
    columns, counted = ("value", "day", "currency"), (Count("pk"), Sum("amount_minor"))
    for value, day, currency, count, amount in sold.values_list(*columns).annotate(*counted):
        yield key_of(value), day, Sales(currency, orders=count, gross_minor=amount)
    for value, day, currency, count, amount in returned.values_list(*columns).annotate(*counted):
        yield key_of(value), day, Sales(currency, refund_count=count, refunds_minor=amount)


@reads("shop_order", purpose=Purpose.ORDER, audience=Audience.SITE)
def _rows_of(period: ReportPeriod) -> list[SalesDay]:
    sums: dict[tuple[date, str, str, str], Sales] = {}
    rows = ((day, by, key, sales) for by in ("", *breakdowns()) for key, day, sales in live_sales(period, by))
    for day, by, key, more in rows:
        place = day, more.currency, by, key
        sums[place] = sums.get(place, Sales(more.currency)) + more
    return [
        SalesDay(day=day, currency=currency, by=by, key=key, **dict(zip(SUMS, astuple(sales)[1:], strict=True)))
        for (day, currency, by, key), sales in sums.items()
    ]


def _first() -> datetime | None:
    return Order.objects.filter(paid_at__isnull=False).order_by("paid_at").values_list("paid_at", flat=True).first()


SALES_BY_DAY = DaySums("sales", SalesDay, _rows_of, _first, breakdowns)


def sum_sales(*, now: datetime) -> int:
    """Sums the finished days. Returns how many."""
    return SALES_BY_DAY.sum_finished(now=now)
