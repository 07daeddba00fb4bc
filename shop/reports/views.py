"""The report of the shop, and its files for the bookkeeper."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.reporting.charts import Chart, Point, bar_chart
from privacy.admin_base.staff_pages import show, staff_page
from privacy.audit.trail import record
from privacy.databases.replica import reads_replica
from privacy.web.csv_export import csv_response
from privacy.web.trend import Figure, Trend
from shop.models import Order, Refund
from shop.money import Money

from .breakdowns import breakdowns
from .figures import Sales
from .files import files
from .forms import SalesReportForm
from .sales_report import BY_TIME, SalesReport, shares

MOST_BARS = 31  # of products and the like; time has as many as it has


@staff_page("shop.view_order")
@reads_replica(Order, Refund)
def report(request: HttpRequest) -> HttpResponse:
    form = SalesReportForm(request.GET, now=timezone.now())
    if not form.is_valid():
        return show(request, "shop/admin/report.html", title="Sales", form=form)
    chosen = form.report
    context = {
        "form": form,
        "report": chosen,
        "figures": compared(chosen.total, chosen.total_before),
        "others": [code for code in chosen.currencies if code != chosen.currency],
        "chart": net_chart(chosen),
        "by": dict(form.fields["by"].choices)[chosen.by],  # type: ignore[attr-defined]  # a ChoiceField
        "shares": [
            (one, shares(chosen.period, one, chosen.currency))
            for one in breakdowns().values()
            if one.always_shown and one.key != chosen.by
        ],
        "files": [file for file in files().values() if request.user.has_perm(file.permission)],
    }
    return show(request, "shop/admin/report.html", title=f"Sales, {chosen.period}", **context)


@staff_page("shop.view_order")
def download(request: HttpRequest, key: str) -> HttpResponseBase:
    """Audited as an export. A senseless period leads to the report, which says what is wrong with it."""
    file = files().get(key)
    if file is None:
        raise Http404("There is no such file.")
    if not request.user.has_perm(file.permission):
        raise PermissionDenied
    form = SalesReportForm(request.GET, now=timezone.now())
    if not form.is_valid():
        return redirect(f"{request.path.removesuffix(f'{key}.csv')}?{request.GET.urlencode()}")
    period = form.period
    record(action="privacy.staff.exported", about=file.about, actor=acting_user(request))
    return csv_response(f"{key}-{period.since}-{period.until}.csv", file.rows(period))


def compared(now: Sales, before: Sales) -> list[Figure]:
    """The figures of a period next to those of the one before."""
    amounts = {
        "Gross": (now.gross, before.gross),
        "Refunds": (now.refunds, before.refunds),
        "Net": (now.net, before.net),
        "Average order": (now.average, before.average),
    }

    def figure(name: str, one: Money | None, two: Money | None) -> Figure:
        return Figure(name, str(one or "–"), str(two or "–"), Trend(one.minor if one else 0, two.minor if two else 0))

    orders = Figure("Orders", f"{now.orders:,}", f"{before.orders:,}", Trend(now.orders, before.orders))
    return [orders, *(figure(name, *pair) for name, pair in amounts.items())]


def net_chart(report: SalesReport) -> Chart:
    """Net sales of each row, next to the period before."""
    by_time = report.by in BY_TIME
    rows = report.rows if by_time else report.rows[:MOST_BARS]
    points = [Point(row.label, row.sales.net.minor, row.before.net.minor if row.before else None) for row in rows]
    return bar_chart(
        f"Net sales, {report.period}",
        points,
        shown=lambda minor: str(Money(minor, report.currency)),
        first_column=report.by.capitalize(),
        value_name=str(report.period),
        before_name=str(report.period.before),
    )
