"""The vendor's yearly list of affiliates who were paid at least a threshold, for the tax office."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from affiliates.models import Affiliate, PayoutItem
from affiliates.statistics.reports import paid_payouts
from affiliates.statistics.spans import Span
from affiliates.statistics.yearly import PaidTotal, affiliates_over_threshold, reporting_threshold, totals_of
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.staff_pages import show, staff_page
from privacy.audit.trail import record
from privacy.databases.replica import reads_replica
from privacy.web.csv_export import Cell, csv_response

ROWS = 100  # affiliates per page
YEARS = 8  # payouts are kept for seven years


class ReportYearForm(forms.Form):
    year = forms.ChoiceField(label="Year")

    def __init__(self, query: Any) -> None:
        """By default the last finished year, which is the one to report."""
        this_year = timezone.now().astimezone(UTC).year
        super().__init__({"year": query.get("year") or str(this_year - 1)})
        years = range(this_year, this_year - YEARS, -1)
        self.fields["year"].choices = [(str(year), str(year)) for year in years]  # type: ignore[attr-defined]

    @property
    def span(self) -> Span | None:
        """None if the choice is invalid."""
        return Span.parse(self.cleaned_data["year"]) if self.is_valid() else None


@staff_page("affiliates.view_payoutrun")
@reads_replica(PayoutItem)
def yearly(request: HttpRequest) -> HttpResponse:
    form = ReportYearForm(request.GET)
    context: dict[str, Any] = {"form": form, "threshold": reporting_threshold()}
    title = "Paid to affiliates in a year"
    if span := form.span:
        title = f"Paid to affiliates in {span.text}"
        listed = affiliates_over_threshold(span)
        rows = Paginator(listed, ROWS).get_page(request.GET.get("page"))
        context |= {"span": span, "rows": rows, "totals": totals_of(paid_payouts(span)), "query": f"year={span.text}"}
        record(action="privacy.staff.listed", about=Affiliate, actor=acting_user(request))
    return show(request, "affiliates/admin/yearly.html", title=title, **context)


@staff_page("affiliates.view_payoutrun")
def download(request: HttpRequest) -> HttpResponseBase:
    """Identifies affiliates only by their codes, which don't reveal who they are."""
    span = ReportYearForm(request.GET).span
    if span is None:
        return redirect(f"{reverse('affiliates:yearly')}?{request.GET.urlencode()}")
    record(action="affiliates.report.downloaded", about=PayoutItem, actor=acting_user(request))
    return csv_response(f"affiliates-paid-{span.text}.csv", _rows(affiliates_over_threshold(span)))


def _rows(totals: Iterable[PaidTotal]) -> Iterator[tuple[Cell, ...]]:
    yield "affiliate", "currency", "payments", "through PayPal", "outside PayPal", "total"
    for one in totals:
        code = one.affiliate.code if one.affiliate else ""
        yield code, one.currency, one.count, one.paypal.amount, one.other.amount, one.total.amount
