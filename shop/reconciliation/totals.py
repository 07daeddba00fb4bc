"""Totals here and at PayPal, per currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, Sum

from shop.models import Payment, PayPalSnapshot, Refund
from shop.money import Money

COMPARED = Q(snapshot__checked_at__gte=F("changed_at"))


@dataclass(frozen=True)
class Totals:
    """Totals of received payments in one currency. PayPal's amounts are from the last comparison of each payment.

    `compared` and `uncompared` count payments. The `compared_*` amounts include only payments that are unchanged since
    their comparison.
    """

    collected: Money
    refunded: Money
    charged_back: Money
    compared_collected: Money
    compared_returned: Money
    paypal_collected: Money
    paypal_returned: Money
    compared: int
    uncompared: int
    oldest_comparison: datetime | None

    @property
    def agree(self) -> bool:
        here = (self.compared_collected, self.compared_returned)
        return here == (self.paypal_collected, self.paypal_returned)


def totals() -> list[Totals]:
    received = Payment.objects.through_paypal().filter(state__in=Payment.RECEIVED)
    rows = received.order_by("currency").values("currency")
    sums = rows.annotate(
        collected=Sum("amount_minor"),
        compared_collected=Sum("amount_minor", filter=COMPARED),
        compared_returned=Sum("refunded_minor", filter=COMPARED),
        compared=Count("snapshot", filter=COMPARED),
        payments=Count("pk"),
        oldest_comparison=Min("snapshot__checked_at", filter=COMPARED),
    )
    return [_totals(row) for row in sums]


def _totals(row: Mapping[str, Any]) -> Totals:
    currency = row["currency"]

    def money(minor: int | None) -> Money:
        return Money(minor or 0, currency)

    seen = PayPalSnapshot.objects.current().filter(currency=currency, payment__state__in=Payment.RECEIVED)
    at_paypal = seen.aggregate(collected=Sum("captured_minor"), returned=Sum("returned_minor"))
    back = Refund.objects.filter(state=Refund.State.COMPLETED, currency=currency)
    given = back.aggregate(
        refunded=Sum("amount_minor", filter=~Q(source=Refund.Source.CHARGEBACK)),
        charged_back=Sum("amount_minor", filter=Q(source=Refund.Source.CHARGEBACK)),
    )
    return Totals(
        collected=money(row["collected"]),
        refunded=money(given["refunded"]),
        charged_back=money(given["charged_back"]),
        compared_collected=money(row["compared_collected"]),
        compared_returned=money(row["compared_returned"]),
        paypal_collected=money(at_paypal["collected"]),
        paypal_returned=money(at_paypal["returned"]),
        compared=row["compared"],
        uncompared=row["payments"] - row["compared"],
        oldest_comparison=row["oldest_comparison"],
    )
