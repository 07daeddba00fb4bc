"""What the shop sold in a period: paid orders, refunds and the rest, in each currency.

An order counts on the day it was paid, a refund on the day it was completed, whenever its order was paid. A refund that
was reverted never counts. Each figure is a sum in the database, so the costs don't grow with the orders shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from privacy.admin_base.reporting.periods import ReportPeriod
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose
from shop.models import Order, Refund
from shop.money import Money, program_currency


def paid_orders(period: ReportPeriod) -> QuerySet[Order]:
    """The orders that were paid in it, refunded later or not."""
    return Order.objects.filter(paid_at__gte=period.start, paid_at__lt=period.end).order_by()


def completed_refunds(period: ReportPeriod) -> QuerySet[Refund]:
    """The refunds and chargebacks that were completed in it."""
    completed = Refund.objects.filter(state=Refund.State.COMPLETED, completed_at__gte=period.start)
    return completed.filter(completed_at__lt=period.end).order_by()


@dataclass(frozen=True)
class Sales:
    """Figures of one currency. Amounts are minor units (cents for USD)."""

    currency: str
    orders: int = 0
    gross_minor: int = 0
    refund_count: int = 0
    refunds_minor: int = 0

    def __add__(self, other: Sales) -> Sales:
        if self.currency != other.currency:
            raise ValueError("Sales in different currencies can't be added.")
        return Sales(
            self.currency,
            self.orders + other.orders,
            self.gross_minor + other.gross_minor,
            self.refund_count + other.refund_count,
            self.refunds_minor + other.refunds_minor,
        )

    @property
    def gross(self) -> Money:
        return Money(self.gross_minor, self.currency)

    @property
    def refunds(self) -> Money:
        return Money(self.refunds_minor, self.currency)

    @property
    def net(self) -> Money:
        """Negative if more was refunded than sold."""
        return self.gross - self.refunds

    @property
    def average(self) -> Money | None:
        """Of an order before refunds, rounded to the minor unit; None without an order."""
        if not self.orders:
            return None
        return Money((2 * self.gross_minor + self.orders) // (2 * self.orders), self.currency)


@reads("shop_order", purpose=Purpose.ORDER, audience=Audience.STAFF)
def shop_figures(period: ReportPeriod) -> list[Sales]:
    """The figures of each currency that was sold or refunded in it, the program's first, always. Two queries."""
    sold = paid_orders(period).values_list("currency").annotate(Count("pk"), Sum("amount_minor"))
    returned = completed_refunds(period).values_list("currency").annotate(Count("pk"), Sum("amount_minor"))
    sums: dict[str, Sales] = {program_currency(): Sales(program_currency())}
    for currency, orders, gross in sold:
        sums[currency] = sums.get(currency, Sales(currency)) + Sales(currency, orders=orders, gross_minor=gross)
    for currency, count, amount in returned:
        more = Sales(currency, refund_count=count, refunds_minor=amount)
        sums[currency] = sums.get(currency, Sales(currency)) + more
    others = sorted(sums.keys() - {program_currency()})
    return [sums[currency] for currency in (program_currency(), *others)]
