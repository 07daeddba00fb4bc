"""One's own lines as CSV: exact amounts with a dot, days in UTC without a time, and no word about any customer."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, StreamingHttpResponse

from shop.money import Money

from ..models import Affiliate
from .commissions import LinesForm, lines_of
from .page import OwnView
from .payouts import in_words
from .statement import text_of

AMOUNT = re.compile(r"\A-?\d+(\.\d+)?\Z")
CHUNK = 500  # rows read at once
Row = Iterable[object]
COMMISSIONS = "day number brought_by base rate commission taken_back left currency state reason"


class Export(OwnView):
    """`commissions.csv`, `payouts.csv` or `ledger.csv`."""

    def get(self, request: HttpRequest, kind: str) -> StreamingHttpResponse:
        if kind not in KINDS:
            raise Http404("There is no such file.")
        rows = KINDS[kind](self.affiliate, request)
        response = StreamingHttpResponse(_csv(rows), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{kind}-{self.affiliate.code}.csv"'
        return response


class _Echo:
    """Gives back what it is asked to write, line by line."""

    def write(self, text: str) -> str:
        return text


def _csv(rows: Iterator[Row]) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])


def harmless(cell: object) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it; an amount stays as it is."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} and not AMOUNT.match(text) else text


def _commissions(affiliate: Affiliate, request: HttpRequest) -> Iterator[Row]:
    yield COMMISSIONS.split()
    lines = LinesForm(request.GET).narrow(lines_of(affiliate))
    for line in lines.iterator(CHUNK):
        amounts = (_amount(line.base), line.terms, _amount(line.total), _amount(line.total - line.remaining))
        state = "held" if line.held else line.get_state_display()  # type: ignore[attr-defined]
        brought = line.attribution.get_route_display()
        ended = (state, line.why_unpaid)
        yield line.day, line.number, brought, *amounts, _amount(line.remaining), line.currency, *ended


def _payouts(affiliate: Affiliate, request: HttpRequest) -> Iterator[Row]:
    yield "day", "amount", "currency", "state", "settled", "meaning"
    for payout in affiliate.payouts.order_by("-created_at", "-pk").iterator(CHUNK):
        state = (payout.get_state_display(), _day(payout.settled_at), in_words(payout))
        yield _day(payout.created_at), _amount(payout.total), payout.currency, *state


def _ledger(affiliate: Affiliate, request: HttpRequest) -> Iterator[Row]:
    yield "day", "kind", "what_for", "amount", "currency"
    entries = affiliate.ledger.select_related("commission", "payout").order_by("created_at", "pk")
    for entry in entries.iterator(CHUNK):
        yield _day(entry.created_at), entry.get_kind_display(), text_of(entry), _amount(entry.total), entry.currency


KINDS = {"commissions": _commissions, "payouts": _payouts, "ledger": _ledger}


def _amount(money: Money) -> str:
    return f"{money.amount:f}"


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment else ""
