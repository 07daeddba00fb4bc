"""CSV files for the bookkeeper: one row per record, days in the business's time zone, every currency in one file.

Amounts are plain decimals with a column for the currency. There is no name and no address: the order's reference leads
those who may see its buyer to the invoice, and nobody else. The sums are those of the report of the same period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F

from privacy.admin_base.reporting.periods import ReportPeriod
from privacy.registry.deadlines import local_day
from privacy.web.csv_export import Cell
from shop.models import Order, Payment, Refund
from shop.money import Money

from .breakdowns import breakdowns, key_of
from .figures import completed_refunds, paid_orders

CHUNK = 2000  # rows per round trip
Row = Iterable[Cell]


@dataclass(frozen=True)
class BookkeepingFile:
    """A file on the report's page. `rows` gives the heading first."""

    key: str
    label: str
    permission: str
    about: type[models.Model]
    rows: Callable[[ReportPeriod], Iterator[Row]]


_files: dict[str, BookkeepingFile] = {}


def declare(file: BookkeepingFile) -> None:
    """Adds a file. Apps of higher layers call it when they are ready."""
    _files[file.key] = file


def files() -> Mapping[str, BookkeepingFile]:
    return _files


def _order_rows(period: ReportPeriod) -> Iterator[Row]:
    """Every paid order with the tax in it, and how it came."""
    shown = [one for one in breakdowns().values() if one.always_shown]
    names: dict[tuple[str, Any], str] = {}

    def name(key: str, value: Any) -> str:
        if (key, value) not in names:
            names[key, value] = breakdowns()[key].names([key_of(value)]).get(key_of(value), "")
        return names[key, value]

    yield [
        *("paid on", "order", "product", "amount", "currency", "tax", "tax percent", "tax in the amount"),
        *("state today", *(one.label.lower() for one in shown)),
    ]
    columns = ["reference", "product_name", "amount_minor", "currency", "tax_name", "tax_percent", "state", "paid_at"]
    orders = paid_orders(period).order_by("paid_at", "pk").only(*columns)
    for order in orders.annotate(**{f"by_{one.key}": F(one.path) for one in shown}).iterator(CHUNK):
        tax = order.tax_in(order.total)
        yield [
            *(order.paid_at and local_day(order.paid_at), order.reference, order.product_name),
            *(
                order.total.amount,
                order.currency,
                order.tax_name,
                order.tax_percent,
                tax.amount,
                order.get_state_display(),
            ),
            *(name(one.key, getattr(order, f"by_{one.key}")) for one in shown),
        ]


def _payment_rows(period: ReportPeriod) -> Iterator[Row]:
    """Every payment received for an order that was paid in the period, with its numbers at PayPal."""
    yield "paid on", "order", "PayPal order", "PayPal transaction", "amount", "currency", "refunded to date"
    received = Payment.objects.filter(state__in=Payment.RECEIVED, order__in=paid_orders(period))
    columns = ("order__paid_at", "order__reference", "paypal_order_id", "capture_id")
    amounts = ("amount_minor", "currency", "refunded_minor")
    rows = received.order_by("order__paid_at", "pk").values_list(*columns, *amounts)
    for paid_at, order, paypal_order, capture, minor, currency, refunded in rows.iterator(CHUNK):
        amount, returned = Money(minor, currency).amount, Money(refunded, currency).amount
        yield local_day(paid_at), order, paypal_order, capture, amount, currency, returned


def _refund_rows(period: ReportPeriod) -> Iterator[Row]:
    """Every refund and chargeback completed in the period."""
    yield "refunded on", "order", "PayPal transaction", "PayPal refund", "kind", "amount", "currency"
    kinds = dict(Refund.Source.choices)
    columns = ("completed_at", "payment__order__reference", "payment__capture_id", "paypal_refund_id", "source")
    rows = completed_refunds(period).order_by("completed_at", "pk").values_list(*columns, "amount_minor", "currency")
    for completed_at, order, capture, number, source, minor, currency in rows.iterator(CHUNK):
        yield local_day(completed_at), order, capture, number, kinds[source], Money(minor, currency).amount, currency


declare(BookkeepingFile("orders", "Orders", "shop.view_order", Order, _order_rows))
declare(BookkeepingFile("payments", "Payments", "shop.view_payment", Payment, _payment_rows))
declare(BookkeepingFile("refunds", "Refunds", "shop.view_refund", Refund, _refund_rows))
