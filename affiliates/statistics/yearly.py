"""What affiliates were paid in a calendar year, by currency and method: for their tax return, and for the vendor's.

A payment counts on the day it arrived, in UTC as in the affiliates' statements, so that both sides see the same year.
One that was returned since is left out. Nothing is converted.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Count, QuerySet, Sum

from affiliates.currencies import program_currency_first
from affiliates.models import Affiliate, PayoutItem, PayoutRun
from shop.money import Money, program_currency

from .reports import paid_payouts
from .spans import Span

Method = PayoutRun.Method
METHOD_NAMES = {Method.PAYPAL: "PayPal", Method.CSV: "outside PayPal"}


@dataclass
class PaidTotal:
    """What was paid in one currency, to one affiliate or to all. Amounts are minor units."""

    currency: str
    count: int = 0
    paypal_minor: int = 0
    other_minor: int = 0
    affiliate: Affiliate | None = None

    def add(self, method: str, count: int, minor: int) -> None:
        self.count += count
        if method == Method.PAYPAL:
            self.paypal_minor += minor
        else:
            self.other_minor += minor

    @property
    def paypal(self) -> Money:
        return Money(self.paypal_minor, self.currency)

    @property
    def other(self) -> Money:
        """Paid outside PayPal, from a list."""
        return Money(self.other_minor, self.currency)

    @property
    def total(self) -> Money:
        return self.paypal + self.other


def totals_of(payouts: QuerySet[PayoutItem]) -> list[PaidTotal]:
    """One per currency, the program's first."""
    found: dict[str, PaidTotal] = {}
    grouped = payouts.order_by().values_list("currency", "run__method").annotate(Count("pk"), Sum("amount_minor"))
    for currency, method, count, minor in grouped:
        found.setdefault(currency, PaidTotal(currency)).add(method, count, minor)
    return [found[currency] for currency in program_currency_first(found)]


def reporting_threshold() -> Money:
    return Money(settings.AFFILIATE_REPORT_THRESHOLD_CENTS, program_currency())


def is_reported(total: PaidTotal) -> bool:
    """Whether the vendor's list has one affiliate's total: it reached the threshold, or is in another currency, because
    no exchange rate is known here."""
    least = reporting_threshold()
    return total.currency != least.currency or total.total >= least


def affiliates_over_threshold(span: Span) -> list[PaidTotal]:
    """Who was paid at least the threshold in the program's currency, whatever the method, the most first; then all who
    were paid in another currency. Two queries."""
    sums: dict[tuple[str, UUID], PaidTotal] = {}
    grouped = paid_payouts(span).order_by().values_list("currency", "affiliate", "run__method")
    for currency, affiliate, method, count, minor in grouped.annotate(Count("pk"), Sum("amount_minor")):
        sums.setdefault((currency, affiliate), PaidTotal(currency)).add(method, count, minor)
    kept = {key: one for key, one in sums.items() if is_reported(one)}
    affiliates = Affiliate.objects.select_related("user").in_bulk({affiliate for _, affiliate in kept})
    for (_, affiliate), one in kept.items():
        one.affiliate = affiliates[affiliate]
    order = {currency: place for place, currency in enumerate(program_currency_first({key[0] for key in kept}))}
    return sorted(kept.values(), key=lambda one: (order[one.currency], -one.total.minor, str(one.affiliate)))
