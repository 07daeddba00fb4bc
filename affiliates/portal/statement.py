"""The statement of a month, a quarter or a year: opening balance, each ledger entry, closing balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from affiliates.statistics.spans import Span
from shop.money import Money

from ..currencies import currencies_of
from ..models import Affiliate, LedgerEntry, PayoutItem
from .base import PortalPage

NEVER_SENT = (PayoutItem.State.CANCELLED, PayoutItem.State.FAILED)


@dataclass(frozen=True)
class StatementLine:
    entry: LedgerEntry
    text: str
    balance: Money  # after this entry


@dataclass(frozen=True)
class Statement:
    span: Span
    opening: Money
    lines: list[StatementLine]

    @property
    def closing_day(self) -> date:
        """The last day of the period, or today if the period is not over."""
        return min(self.span.until, timezone.now().astimezone(UTC).date())

    @property
    def closing(self) -> Money:
        return self.lines[-1].balance if self.lines else self.opening

    @property
    def by_kind(self) -> list[tuple[str, Money]]:
        """The total of the entries of each kind."""
        nothing = Money(0, self.opening.currency)
        sums: dict[str, Money] = {}
        for line in self.lines:
            kind = line.entry.get_kind_display()
            sums[kind] = sums.get(kind, nothing) + line.entry.total
        return list(sums.items())


def statement_of(affiliate: Affiliate, span: Span, *, currency: str) -> Statement:
    """Two queries: the sum of all earlier entries, and the entries of the period. A payout that never left is no
    business between the two parties: its entry and the one that returned it are left out, in every period."""
    ledger = affiliate.ledger.exclude(payout__state__in=NEVER_SENT)
    opening = ledger.filter(created_at__lt=span.start).balance(currency)
    entries = (
        ledger.filter(created_at__gte=span.start, created_at__lt=span.end, currency=currency)
        .select_related("commission", "payout", "adjustment")
        .order_by("created_at", "pk")
    )
    return Statement(span, opening, list(_lines_with_balance(opening, entries)))


def _lines_with_balance(balance: Money, entries: Any) -> Iterator[StatementLine]:
    for entry in entries:
        balance += entry.total
        yield StatementLine(entry, describe_ledger_entry(entry), balance)


def describe_ledger_entry(entry: LedgerEntry) -> str:
    """What the entry is for, without saying who bought."""
    kind = (entry.adjustment or entry).get_kind_display().capitalize()
    if entry.kind in (LedgerEntry.Kind.ADJUSTMENT, LedgerEntry.Kind.OPENING):
        return f"{kind}: {entry.reason}"
    if entry.commission is not None:
        return f"{kind} {entry.commission.number}"
    if entry.payout is None:
        return kind
    day = f"{entry.payout.created_at:%B %-d, %Y}"
    return f"{kind} of {day}"


class SpanForm(forms.Form):
    period = forms.ChoiceField(label="Period")

    def __init__(self, query: QueryDict, affiliate: Affiliate, today: date) -> None:
        self.usual = f"{today:%Y-%m}"
        super().__init__({"period": query.get("period") or self.usual})
        self.fields["period"].choices = list(_period_choices(affiliate.joined_at.date(), today))  # type: ignore[attr-defined]

    @property
    def span(self) -> Span:
        """The current month if the choice is invalid."""
        text = self.data["period"] if self.is_valid() else self.usual
        span = Span.parse(text)
        if span is None:
            raise ValueError("Every offered period can be parsed.")
        return span


def _period_choices(joined: date, today: date) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The periods since the month in which the affiliate joined, newest first."""
    first = min(joined, today).replace(day=1)
    years = range(today.year, min(joined.year, today.year) - 1, -1)
    for year in years:
        quarter, month = ((today.month + 2) // 3, today.month) if year == today.year else (4, 12)
        texts = [
            str(year),
            *(f"{year}-Q{number}" for number in range(quarter, 0, -1)),
            *(f"{year}-{number:02}" for number in range(month, 0, -1)),
        ]
        spans = [span for text in texts if (span := Span.parse(text)) and span.end.date() > first]
        yield str(year), [(span.text, span.name) for span in spans]


class StatementPage(PortalPage):
    template_name = "affiliates/portal/statement.html"
    tab = "statement"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.now().astimezone(UTC).date()
        form = SpanForm(self.request.GET, self.affiliate, today)
        currencies = currencies_of(self.affiliate)
        statements = [statement_of(self.affiliate, form.span, currency=currency) for currency in currencies]
        return super().get_context_data(form=form, statements=statements, made_at=timezone.now(), **kwargs)
