"""Sums of money here and at PayPal, a row for each currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, Sum

from shop.models import Payment, PayPalLook, Refund
from shop.money import Money

COMPARED = Q(look__looked_at__gte=F("changed_at"))


@dataclass(frozen=True)
class Totals:
    """Of received payments in one currency. PayPal's side is as last looked at: `oldest_look` says since when.

    `looked_at` and `unseen` count payments; only what was looked at, and has not changed here since, is compared.
    """

    collected: Money
    refunded: Money
    charged_back: Money
    compared_collected: Money
    compared_returned: Money
    paypal_collected: Money
    paypal_returned: Money
    looked_at: int
    unseen: int
    oldest_look: datetime | None

    @property
    def agree(self) -> bool:
        here = (self.compared_collected, self.compared_returned)
        return here == (self.paypal_collected, self.paypal_returned)


def totals() -> list[Totals]:
    received = Payment.objects.filter(state__in=Payment.RECEIVED)
    rows = received.order_by("currency").values("currency")
    sums = rows.annotate(
        collected=Sum("amount_minor"),
        compared=Sum("amount_minor", filter=COMPARED),
        compared_returned=Sum("refunded_minor", filter=COMPARED),
        looked_at=Count("look", filter=COMPARED),
        payments=Count("pk"),
        oldest_look=Min("look__looked_at", filter=COMPARED),
    )
    return [_totals(row) for row in sums]


def _totals(row: Mapping[str, Any]) -> Totals:
    currency = row["currency"]

    def money(minor: int | None) -> Money:
        return Money(minor or 0, currency)

    seen = PayPalLook.objects.current().filter(currency=currency, payment__state__in=Payment.RECEIVED)
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
        compared_collected=money(row["compared"]),
        compared_returned=money(row["compared_returned"]),
        paypal_collected=money(at_paypal["collected"]),
        paypal_returned=money(at_paypal["returned"]),
        looked_at=row["looked_at"],
        unseen=row["payments"] - row["looked_at"],
        oldest_look=row["oldest_look"],
    )
