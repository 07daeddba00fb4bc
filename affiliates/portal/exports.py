"""CSV exports of an affiliate's own data: exact amounts, days in UTC without a time, and nothing about any customer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone

from privacy.web.csv_export import Cell, csv_response
from shop.money import Money

from ..models import Affiliate, Commission
from .base import AffiliateView
from .commissions import CommissionFilterForm, commissions_of
from .events import EventFilterForm, describe_events
from .payouts import explain_state
from .statement import describe_ledger_entry
from .states import NAMES, state_of
from .yearly import year_rows

CHUNK = 500  # rows per query
Row = Iterable[Cell]
COMMISSIONS = "day number source base rate commission reversed remaining currency state reason"


class Export(AffiliateView):
    """`commissions.csv`, `payouts.csv`, `ledger.csv`, `events.csv` or `year.csv`."""

    def get(self, request: HttpRequest, kind: str) -> StreamingHttpResponse:
        if kind not in KINDS:
            raise Http404("There is no such file.")
        return csv_response(f"{kind}-{self.affiliate.code}.csv", KINDS[kind](self.affiliate, request))


def _commission_rows(affiliate: Affiliate, request: HttpRequest) -> Iterator[Row]:
    yield COMMISSIONS.split()
    lines = CommissionFilterForm(request.GET).apply(commissions_of(affiliate))
    for line in lines.iterator(CHUNK):
        amounts = (line.base.amount, _rate(line), line.total.amount, (line.total - line.remaining).amount)
        brought = line.attribution.get_route_display()
        ended = (NAMES[state_of(line)], line.why_unpaid)
        yield line.day, line.number, brought, *amounts, line.remaining.amount, line.currency, *ended


def _rate(line: Commission) -> Cell:
    """A percentage such as `30%`, or the flat amount per sale without its currency."""
    return line.terms if line.rate_flat_minor is None else Money(line.rate_flat_minor, line.currency).amount


def _payout_rows(affiliate: Affiliate, request: HttpRequest) -> Iterator[Row]:
    yield "day", "amount", "currency", "state", "settled", "meaning"
    for payout in affiliate.payouts.select_related("run").order_by("-created_at", "-pk").iterator(CHUNK):
        state = (payout.get_state_display(), _format_day(payout.settled_at), explain_state(payout))
        yield _format_day(payout.created_at), payout.total.amount, payout.currency, *state


def _ledger_rows(affiliate: Affiliate, request: HttpRequest) -> Iterator[Row]:
    yield "day", "kind", "description", "amount", "currency"
    entries = affiliate.ledger.select_related("commission", "payout", "adjustment").order_by("created_at", "pk")
    for entry in entries.iterator(CHUNK):
        yield (
            _format_day(entry.created_at),
            entry.get_kind_display(),
            describe_ledger_entry(entry),
            entry.total.amount,
            entry.currency,
        )


def _event_rows(affiliate: Affiliate, request: HttpRequest) -> Iterator[Row]:
    yield "day", "hour", "kind", "description", "clicks", "amount", "currency"
    form = EventFilterForm(request.GET, timezone.now())
    for event in describe_events(form.events_of(affiliate).iterator(CHUNK)):
        money = (event.amount.amount, event.amount.currency) if event.amount else (None, None)
        yield event.day, event.hour, event.kind.label, event.text, event.clicks, *money


KINDS = {
    "commissions": _commission_rows,
    "payouts": _payout_rows,
    "ledger": _ledger_rows,
    "events": _event_rows,
    "year": year_rows,
}


def _format_day(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment else ""
