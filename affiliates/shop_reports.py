"""What the affiliate program adds to the reports of the shop: how the buyers came, and the file of payouts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from privacy.admin_base.reporting.periods import ReportPeriod
from privacy.registry.deadlines import local_day
from shop.money import Money
from shop.reports.breakdowns import Breakdown
from shop.reports.breakdowns import declare as declare_breakdown
from shop.reports.files import CHUNK, BookkeepingFile, Row
from shop.reports.files import declare as declare_file

from .models import Attribution, PayoutItem
from .statistics.reports import paid_payouts

ROUTES: Mapping[str, str] = {
    Attribution.Route.COOKIE: "Affiliate's link",
    Attribution.Route.TOKEN: "Affiliate's link, without a cookie",
    Attribution.Route.CODE: "Affiliate's code",
    Attribution.Route.DISCOUNT: "Affiliate's discount code",
    "": "Direct",
}


def _route_names(routes: Iterable[str]) -> Mapping[str, str]:
    return ROUTES


def _payout_rows(period: ReportPeriod) -> Iterator[Row]:
    """Affiliates by their codes: who they are and where they are paid is in the payout itself."""
    yield "paid on", "affiliate", "amount", "currency", "payout run", "PayPal payout", "payout id", "payout run id"
    columns = ("settled_at", "affiliate__code", "amount_minor", "currency", "run__created_at", "paypal_item_id")
    payouts = paid_payouts(period).order_by("settled_at", "pk").values_list(*columns, "pk", "run_id")
    for settled_at, code, minor, currency, prepared_at, paypal_id, number, run in payouts.iterator(CHUNK):
        amount, named = Money(minor, currency).amount, f"prepared on {local_day(prepared_at)}"
        yield local_day(settled_at), code, amount, currency, named, paypal_id, str(number), str(run)


declare_breakdown(Breakdown("route", "Route", "attribution__route", _route_names, always_shown=True))
declare_file(BookkeepingFile("payouts", "Payouts", "affiliates.view_payoutitem", PayoutItem, _payout_rows))
