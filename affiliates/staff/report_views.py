"""Staff reports: a table, a chart, and a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from affiliates.models import DailySales
from affiliates.statistics.reports import AffiliateReport, ReportBy, ReportRow
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.staff_pages import show, staff_page
from privacy.audit.trail import record
from privacy.web.bar_chart import bars
from privacy.web.csv_export import Cell, csv_response

from .report_forms import ReportForm

COLUMNS = ["clicks", "refused", "bots", "previews", "orders", "conversion in %", "currency", "sales", "earned"]
COLUMNS += ["reversed", "paid out"]
MOST_BARS = 60  # more would be too thin


@staff_page("affiliates.view_commission")
def report(request: HttpRequest) -> HttpResponse:
    form = ReportForm(request.GET, today=timezone.now().date())
    chosen = form.report()
    rows = chosen.rows()
    drawn = rows[:MOST_BARS]
    context = {
        "form": form,
        "report": chosen,
        "by": ReportBy(chosen.by),
        "rows": rows,
        "total": chosen.total(rows),
        "bars": bars([(f"{row.label}: {row.earned}", row.statistics.earned_minor) for row in drawn], places=6),
        "last_drawn": drawn[-1] if len(drawn) > 1 else None,
    }
    return show(request, "affiliates/admin/report.html", title="Reports", **context)


@staff_page("affiliates.view_commission")
def download(request: HttpRequest) -> StreamingHttpResponse:
    """Identifies affiliates only by their codes, which don't reveal who they are."""
    chosen = ReportForm(request.GET, today=timezone.now().date()).report()
    record(action="affiliates.report.downloaded", about=DailySales, actor=acting_user(request))
    name = f"affiliates-by-{chosen.by}-{chosen.since}-{chosen.until}.csv"
    return csv_response(name, _csv_rows(chosen))


def _csv_rows(chosen: AffiliateReport) -> Iterator[list[Cell]]:
    yield [chosen.by, *COLUMNS]
    for row in chosen.rows():
        yield [row.label, *_visit_cells(row, chosen), *_money_cells(row, chosen)]


def _visit_cells(row: ReportRow, chosen: AffiliateReport) -> list[Cell]:
    statistics = row.statistics
    counts = (
        [statistics.clicks, statistics.refused, statistics.bots, statistics.previews] if row.has_visits else [""] * 4
    )
    if not chosen.has_sales:
        return [*counts, "", ""]
    return [*counts, statistics.orders, None if row.conversion is None else Decimal(f"{row.conversion:.2f}")]


def _money_cells(row: ReportRow, chosen: AffiliateReport) -> list[Cell]:
    sold = [row.sales, row.earned, row.reversed_amount] if chosen.has_sales else [None] * 3
    amounts = [*sold, row.paid]
    return [row.currency, *(None if amount is None else amount.amount for amount in amounts)]
