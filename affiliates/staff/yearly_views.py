"""The vendor's yearly list of affiliates who were paid at least a threshold, for the tax office."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from affiliates.membership.legal_details import is_asked_for, legal_details_by_affiliate
from affiliates.models import Affiliate, LegalDetails, PayoutItem
from affiliates.statistics.reports import paid_payouts
from affiliates.statistics.spans import Span
from affiliates.statistics.yearly import PaidTotal, affiliates_over_threshold, reporting_threshold, totals_of
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.reauthentication import ask_again
from privacy.admin_base.staff_pages import show, staff_page
from privacy.audit.trail import record
from privacy.databases.replica import reads_replica
from privacy.web.csv_export import Cell, csv_response

State = Affiliate.State
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
    has_details = sees_legal_details(request)
    context: dict[str, Any] = {"form": form, "threshold": reporting_threshold(), "has_details": has_details}
    context["waits_for_policy"] = settings.AFFILIATE_LEGAL_DETAILS and not is_asked_for()
    title = "Paid to affiliates in a year"
    if span := form.span:
        title = f"Paid to affiliates in {span.text}"
        listed = affiliates_over_threshold(span)
        rows = Paginator(listed, ROWS).get_page(request.GET.get("page"))
        context |= {"span": span, "rows": rows, "totals": totals_of(paid_payouts(span)), "query": f"year={span.text}"}
        record(action="privacy.staff.listed", about=Affiliate, actor=acting_user(request))
        details = _legal_details(listed) if has_details else {}
        context["table"] = [(total, _of(total, details)) for total in rows]
        if has_details:
            asked = {one.affiliate.pk for one in listed if one.affiliate and one.affiliate.state != State.CLOSED}
            context["without_details"] = len(asked - details.keys())
            record(action="privacy.staff.listed", about=LegalDetails, actor=acting_user(request))
    return show(request, "affiliates/admin/yearly.html", title=title, **context)


@staff_page("affiliates.view_payoutrun")
def download(request: HttpRequest) -> HttpResponseBase:
    """Identifies affiliates by their codes, which don't reveal who they are. Whoever may see legal details gets these
    too, after entering the password again."""
    span = ReportYearForm(request.GET).span
    if span is None:
        return redirect(f"{reverse('affiliates:yearly')}?{request.GET.urlencode()}")
    has_details = sees_legal_details(request)
    if has_details and (asks := ask_again(request)):
        return asks
    listed = affiliates_over_threshold(span)
    details = _legal_details(listed) if has_details else None
    for rows in (PayoutItem, LegalDetails) if has_details else (PayoutItem,):
        record(action="affiliates.report.downloaded", about=rows, actor=acting_user(request))
    return csv_response(f"affiliates-paid-{span.text}.csv", _rows(listed, details))


def sees_legal_details(request: HttpRequest) -> bool:
    """The list shows them to whoever has the permission, once they are asked for."""
    return request.user.has_perm("affiliates.view_legaldetails") and is_asked_for()


def _legal_details(totals: Sequence[PaidTotal]) -> dict[UUID, LegalDetails]:
    return legal_details_by_affiliate(total.affiliate.pk for total in totals if total.affiliate)


def _of(total: PaidTotal, details: dict[UUID, LegalDetails]) -> LegalDetails | None:
    return details.get(total.affiliate.pk) if total.affiliate else None


def _rows(totals: Sequence[PaidTotal], details: dict[UUID, LegalDetails] | None) -> Iterator[tuple[Cell, ...]]:
    """Without legal details if `details` is None."""
    heads = ("affiliate", "currency", "payments", "through PayPal", "outside PayPal", "total")
    yield heads if details is None else (*heads, "legal name", "postal address")
    for one in totals:
        code = one.affiliate.code if one.affiliate else ""
        cells = (code, one.currency, one.count, one.paypal.amount, one.other.amount, one.total.amount)
        entered = _of(one, details or {})
        yield cells if details is None else (*cells, *((entered.name, entered.address) if entered else ("", "")))
