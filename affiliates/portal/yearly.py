"""The yearly report of an affiliate: each payment by day, method and currency, for the tax return."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from affiliates.membership.legal_details import are_legal_details_missing, legal_details_of
from affiliates.statistics.reports import paid_payouts
from affiliates.statistics.spans import Span
from affiliates.statistics.yearly import METHOD_NAMES, Method, totals_of
from privacy.web.csv_export import Cell

from ..models import Affiliate, PayoutItem
from .base import PortalPage

PER_PAGE = 50
CHUNK = 500  # rows per query


class YearForm(forms.Form):
    """A year since the affiliate joined; this one if the choice is invalid."""

    year = forms.ChoiceField(label="Year")

    def __init__(self, query: QueryDict, affiliate: Affiliate) -> None:
        today = timezone.now().astimezone(UTC).date()
        self.usual = str(today.year)
        super().__init__({"year": query.get("year") or self.usual})
        years = range(today.year, min(affiliate.joined_at.year, today.year) - 1, -1)
        self.fields["year"].choices = [(str(year), str(year)) for year in years]  # type: ignore[attr-defined]

    @property
    def span(self) -> Span:
        year = int(self.data["year"] if self.is_valid() else self.usual)
        return Span.around(timezone.now().replace(year=year, month=1, day=1), "year")


def payments_of(affiliate: Affiliate, span: Span) -> QuerySet[PayoutItem]:
    """By day."""
    return paid_payouts(span).filter(affiliate=affiliate).select_related("run").order_by("settled_at", "pk")


def method_of(payout: PayoutItem) -> str:
    return METHOD_NAMES[Method(payout.run.method)]


def day_of_payment(payout: PayoutItem) -> date | None:
    return payout.settled_at.astimezone(UTC).date() if payout.settled_at else None


def year_rows(affiliate: Affiliate, request: HttpRequest) -> Iterator[tuple[Cell, ...]]:
    """The rows of `year.csv`."""
    yield "paid on", "method", "amount", "currency"
    for payout in payments_of(affiliate, YearForm(request.GET, affiliate).span).iterator(CHUNK):
        yield day_of_payment(payout), method_of(payout), payout.total.amount, payout.currency


class YearPage(PortalPage):
    template_name = "affiliates/portal/year.html"
    tab = "statement"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form, now = YearForm(self.request.GET, self.affiliate), timezone.now()
        payments = payments_of(self.affiliate, form.span)
        page = Paginator(payments, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            form=form,
            span=form.span,
            totals=totals_of(payments),
            lines=page,
            query=f"year={form.span.text}",
            payments=[(payout, day_of_payment(payout), method_of(payout)) for payout in page],
            made_at=now,
            legal_details=legal_details_of(self.affiliate),
            legal_details_missing=are_legal_details_missing(self.affiliate, now=now),
            **kwargs,
        )
