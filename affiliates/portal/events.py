"""The portal's list of events: clicks by the hour, sales, refunds before the approval, and all entries of the ledger.

Sales and entries are listed by day, at its start, so that their place in the list tells no time either.
Hours with very few clicks are left out: an hour with one click would be a visit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.db import models
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Trunc
from django.http import QueryDict
from django.utils import timezone

from affiliates.statistics.label_sales import FEWEST
from privacy.web.long_lists import LongListPaginator
from shop.models import Refund
from shop.money import Money

from ..models import Affiliate, Attribution, Commission, HourlyClicks, LedgerEntry
from .base import PortalPage
from .commissions import query_without_page
from .period import Period, PortalPeriodForm
from .statement import describe_ledger_entry

PER_PAGE = 50
AT_ONCE = 500  # events whose rows are read together
COLUMNS = ("at", "pk", "event", "table")  # those of `EventRow`
Entry = LedgerEntry.Kind


class Kind(models.TextChoices):
    CLICKS = "clicks", "Clicks"
    SALE = "sale", "Sale"
    APPROVAL = "approval", "Approval"
    REVERSAL = "reversal", "Reversal"
    PAYOUT = "payout", "Payout"
    ADJUSTMENT = "adjustment", "Adjustment"


ENTRIES = {
    Kind.APPROVAL: (Entry.COMMISSION,),
    Kind.REVERSAL: (Entry.REVERSAL, Entry.RESTORED),
    Kind.PAYOUT: (Entry.PAYOUT, Entry.RETURN),
    Kind.ADJUSTMENT: (Entry.ADJUSTMENT, Entry.OPENING),
}


class EventRow(NamedTuple):
    """Where an event comes from: the id of a row, and the kind of table that it is in."""

    at: datetime
    pk: UUID
    kind: str
    table: str


@dataclass(frozen=True)
class PortalEvent:
    kind: Kind
    at: datetime
    text: str
    number: str = ""  # of its commission
    clicks: int | None = None
    amount: Money | None = None

    @property
    def day(self) -> date:
        return self.at.astimezone(UTC).date()

    @property
    def hour(self) -> str:
        """Of clicks, in UTC; nothing else has one."""
        return f"{self.at.astimezone(UTC):%H}:00" if self.kind is Kind.CLICKS else ""


class EventFilterForm(PortalPeriodForm):
    """A period and a kind. The last 30 days, and all kinds, by default or if the choice is invalid."""

    kind = forms.ChoiceField(label="Kind", choices=[("", "All"), *Kind.choices], required=False)

    def __init__(self, query: QueryDict, now: datetime) -> None:
        super().__init__(query, now)
        self.data = {**self.data, "kind": query.get("kind", "")}

    @property
    def kinds(self) -> list[Kind]:
        chosen = self.cleaned_data["kind"] if self.is_valid() else ""
        return [Kind(chosen)] if chosen else list(Kind)

    def events_of(self, affiliate: Affiliate) -> QuerySet[Any, tuple[Any, ...]]:
        """`EventRow`s, newest day first. One statement, whatever is chosen."""
        first, *others = _sources(affiliate, self.period, self.kinds)
        return first.union(*others, all=True).order_by("-at", "-pk")


def _sources(affiliate: Affiliate, period: Period, kinds: list[Kind]) -> list[QuerySet[Any, tuple[Any, ...]]]:
    start = datetime.combine(period.since, time.min, UTC)
    end = datetime.combine(period.until + timedelta(days=1), time.min, UTC)
    found: list[QuerySet[Any, Any]] = []
    if Kind.CLICKS in kinds:
        hours = HourlyClicks.objects.filter(affiliate=affiliate, hour__gte=start, hour__lt=end, clicks__gte=FEWEST)
        found.append(_rows(hours, F("hour"), Kind.CLICKS, "hour"))
    if Kind.SALE in kinds:
        sales = Commission.objects.filter(attribution__affiliate=affiliate, created_at__gte=start, created_at__lt=end)
        found.append(_rows(sales, _day("created_at"), Kind.SALE, "sale"))
    if Kind.REVERSAL in kinds:
        refunds = _refunds_before_approval(affiliate).filter(completed_at__gte=start, completed_at__lt=end)
        found.append(_rows(refunds, _day("completed_at"), Kind.REVERSAL, "refund"))
    for kind in ENTRIES.keys() & set(kinds):
        entries = affiliate.ledger.filter(kind__in=ENTRIES[kind], created_at__gte=start, created_at__lt=end)
        found.append(_rows(entries, _day("created_at"), kind, "entry"))
    return found


def _rows(rows: QuerySet[Any, Any], at: Any, kind: Kind, table: str) -> QuerySet[Any, tuple[Any, ...]]:
    what = {"event": Value(kind.value, CharField()), "table": Value(table, CharField())}
    found: QuerySet[Any, tuple[Any, ...]] = rows.order_by().annotate(at=at, **what).values_list(*COLUMNS)
    return found


def _day(column: str) -> Trunc:
    return Trunc(column, "day", tzinfo=UTC)


def _refunds_before_approval(affiliate: Affiliate) -> QuerySet[Refund]:
    """Refunds of commissions that were not in the ledger yet, which therefore has no entry for them."""
    early = Q(approved_at__isnull=True) | Q(approved_at__gt=OuterRef("completed_at"))
    own = Attribution.objects.filter(affiliate=affiliate).values("order")
    refunds = Refund.objects.filter(payment__order__in=own, state=Refund.State.COMPLETED)
    return refunds.filter(Exists(_commission_of_refund().filter(early)))


def _commission_of_refund() -> QuerySet[Commission]:
    """Of an outer query of refunds, without the order's row, which an affiliate's page may not read."""
    return Commission.objects.filter(attribution__order=OuterRef("payment__order"))


def describe_events(rows: Iterable[tuple[Any, ...]]) -> Iterator[PortalEvent]:
    """Four queries per `AT_ONCE` events."""
    found = (EventRow(*row) for row in rows)
    while some := list(islice(found, AT_ONCE)):
        keys: dict[str, list[UUID]] = defaultdict(list)
        for row in some:
            keys[row.table].append(row.pk)
        hours = HourlyClicks.objects.in_bulk(keys["hour"])
        sales = Commission.objects.in_bulk(keys["sale"])
        entries = LedgerEntry.objects.select_related("commission", "payout", "adjustment").in_bulk(keys["entry"])
        numbers = Subquery(_commission_of_refund().values("number"))
        refunded = dict(Refund.objects.filter(pk__in=keys["refund"]).values_list("pk", numbers))
        for row in some:
            if row.table == "hour":
                clicks = hours[row.pk].clicks
                yield PortalEvent(Kind.CLICKS, row.at, f"{clicks} clicks", clicks=clicks)
            elif row.table == "sale":
                sale = sales[row.pk]
                text = f"Commission {sale.number} on a sale of {sale.base}"
                yield PortalEvent(Kind.SALE, row.at, text, number=sale.number, amount=sale.total)
            elif row.table == "refund":
                number = refunded[row.pk]
                text = f"A refund before the approval reduced commission {number}"
                yield PortalEvent(Kind.REVERSAL, row.at, text, number=number)
            else:
                entry = entries[row.pk]
                number = entry.commission.number if entry.commission else ""
                yield PortalEvent(
                    Kind(row.kind), row.at, describe_ledger_entry(entry), number=number, amount=entry.total
                )


class EventsPage(PortalPage):
    template_name = "affiliates/portal/events.html"
    tab = "events"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = EventFilterForm(self.request.GET, timezone.now())
        lines = LongListPaginator(form.events_of(self.affiliate), PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            form=form,
            lines=lines,
            events=list(describe_events(lines)),
            query=query_without_page(self.request.GET),
            is_narrowed=any(self.request.GET.get(name) for name in form.fields),
            fewest=FEWEST,
            **kwargs,
        )
