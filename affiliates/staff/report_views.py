"""The report about affiliates: figures, a chart, a table, and a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from affiliates.models import Commission, DailyClicks, PayoutItem
from affiliates.statistics.reports import BY_TIME, AffiliateReport, ReportBy, ReportRow
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.reporting.charts import Chart, Point, bar_chart
from privacy.admin_base.staff_pages import show, staff_page
from privacy.audit.trail import record
from privacy.databases.replica import reads_replica
from privacy.web.csv_export import Cell, csv_response
from privacy.web.trend import Figure, Trend
from shop.money import Money

from .report_forms import ReportForm

COLUMNS = ["clicks", "refused", "bots", "previews", "orders", "conversion in %", "currency", "sales", "earned"]
COLUMNS += ["reversed", "paid out"]
MOST_BARS = 31  # of affiliates and the like; time has as many as it has


@staff_page("affiliates.view_commission")
@reads_replica(Commission, DailyClicks, PayoutItem)
def report(request: HttpRequest) -> HttpResponse:
    form = ReportForm(request.GET, now=timezone.now())
    if not form.is_valid():
        return show(request, "affiliates/admin/report.html", title="Affiliates", form=form)
    chosen = form.report
    before = replace(chosen, period=chosen.period.before)
    rows, rows_before = chosen.rows(), before.rows()
    total = chosen.total(rows)
    context = {
        "form": form,
        "report": chosen,
        "by": ReportBy(chosen.by),
        "rows": rows,
        "total": total,
        "figures": compared(chosen, total, before.total(rows_before)),
        "chart": earnings_chart(chosen, rows, rows_before) if chosen.has_sales else None,
        "chosen": urlencode(_chosen(chosen)),
    }
    return show(request, "affiliates/admin/report.html", title=f"Affiliates, {chosen.period}", **context)


@staff_page("affiliates.view_commission")
def download(request: HttpRequest) -> HttpResponseBase:
    """Identifies affiliates only by their codes, which don't reveal who they are. A senseless choice leads to the
    report, which says what is wrong with it."""
    form = ReportForm(request.GET, now=timezone.now())
    if not form.is_valid():
        return redirect(f"{reverse('affiliates:report')}?{request.GET.urlencode()}")
    chosen = form.report
    record(action="affiliates.report.downloaded", about=Commission, actor=acting_user(request))
    name = f"affiliates-by-{chosen.by}-{chosen.period.since}-{chosen.period.until}.csv"
    return csv_response(name, _csv_rows(chosen))


def _chosen(report: AffiliateReport) -> dict[str, str]:
    """The choice as a query string's values."""
    days = {"since": f"{report.period.since}", "until": f"{report.period.until}"}
    return {**days, "by": report.by, "code": report.code, "currency": report.currency}


def compared(report: AffiliateReport, now: ReportRow, before: ReportRow) -> list[Figure]:
    """The figures that this report has, next to those of the period before."""

    def count(name: str, one: int, two: int) -> Figure:
        return Figure(name, f"{one:,}", f"{two:,}", Trend(one, two))

    def money(name: str, one: Money | None, two: Money | None) -> Figure:
        one, two = one or Money(0, report.currency), two or Money(0, report.currency)
        return Figure(name, str(one), str(two), Trend(one.minor, two.minor))

    clicks = [count("Clicks", now.statistics.clicks, before.statistics.clicks)]
    sales = [
        count("Orders", now.statistics.orders, before.statistics.orders),
        money("Sales", now.sales, before.sales),
        money("Earned", now.earned, before.earned),
        money("Reversed", now.reversed_amount, before.reversed_amount),
    ]
    payouts = [money("Paid out", now.paid, before.paid)]
    return clicks * report.has_visits + sales * report.has_sales + payouts * report.has_payouts


def earnings_chart(report: AffiliateReport, rows: list[ReportRow], rows_before: list[ReportRow]) -> Chart:
    """The commissions of each row, next to the period before."""
    if report.by in BY_TIME:
        before = dict(enumerate(row.statistics.earned_minor for row in rows_before))
        pairs = [(row, before.get(number)) for number, row in enumerate(rows)]
    else:
        earned = {row.label: row.statistics.earned_minor for row in rows_before}
        pairs = [(row, earned.get(row.label, 0)) for row in rows[:MOST_BARS]]
    return bar_chart(
        f"Commissions earned, {report.period}",
        [Point(row.label, row.statistics.earned_minor, before_minor) for row, before_minor in pairs],
        shown=lambda minor: str(Money(minor, report.currency)),
        first_column=ReportBy(report.by).label,
        value_name=str(report.period),
        before_name=str(report.period.before),
    )


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
