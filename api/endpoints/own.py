"""An affiliate's own figures, as in the portal: amounts and days, and nothing about any customer.

Nothing here has an id from which a time could be read, except a payout's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from affiliates.membership.terms import terms_to_accept
from affiliates.models import LEDGER, BalanceDelta, Commission, LedgerEntry, PayoutItem
from affiliates.portal.commissions import commissions_of
from affiliates.portal.payouts import explain_state
from affiliates.portal.statement import describe_ledger_entry
from affiliates.portal.states import state_of
from affiliates.statistics.daily_statistics import statistics_by_period
from affiliates.tracking.links import link_to
from api.errors import forbidden, invalid_parameter
from api.scopes import Scope
from shop.money import Money as Amount
from shop.money import program_currency

from .base import ApiEndpoint, ListEndpoint, as_json
from .parameters import CURRENCY, SINCE, UNTIL

LONGEST = 366  # days
USUAL = 30  # days
State = Commission.State


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


@dataclass(frozen=True)
class OwnBalance:
    balance: Annotated[Amount, "The balance of the ledger: approved and not paid yet. It may be negative."]
    pending: Annotated[Amount, "Commissions that are not approved yet."]
    approved: Annotated[Amount, "Approved commissions that are not in a payout yet."]
    in_payout: Annotated[Amount, "Commissions in a payout that is on its way."]
    paid: Annotated[Amount, "Payouts that arrived and were not returned."]


class BalanceEndpoint(ApiEndpoint):
    name, path, scope = "balance", "balance", Scope.EARNINGS
    summary = "Your balance in each currency"
    answers = OwnBalance

    def content(self, now: datetime) -> dict[str, Any]:
        sums = BalanceDelta.objects.filter(affiliate=self.affiliate).order_by().values_list("currency", "bucket")
        totals = {(currency, bucket): minor for currency, bucket, minor in sums.annotate(Sum("amount_minor"))}
        payouts = PayoutItem.objects.filter(affiliate=self.affiliate, state=PayoutItem.State.PAID)
        paid = dict(payouts.order_by().values_list("currency").annotate(Sum("amount_minor")))
        currencies = sorted({currency for currency, _ in totals} | {*paid} | {program_currency()})

        def balance_in(currency: str) -> OwnBalance:
            buckets = (LEDGER, State.PENDING, State.APPROVED, State.IN_PAYOUT)
            amounts = [totals.get((currency, bucket), 0) for bucket in buckets]
            return OwnBalance(*(Amount(minor, currency) for minor in (*amounts, paid.get(currency, 0))))

        return {"data": [as_json(balance_in(currency)) for currency in currencies]}


@dataclass(frozen=True)
class OwnDay:
    day: Annotated[date, "In UTC."]
    clicks: Annotated[int, "Visitors who followed your links, without bots, link previews and prefetching."]
    sales: Annotated[int, "Orders paid on this day that are yours."]
    revenue: Annotated[Amount, "What your commissions are calculated from."]
    earned: Annotated[Amount, "The commissions on these sales."]
    reversed: Annotated[Amount, "What later refunds took back of them."]


class StatisticsEndpoint(ApiEndpoint):
    name, path, scope = "statistics", "statistics", Scope.STATISTICS
    summary = "Your clicks and sales by day"
    about = f"At most {LONGEST} days at once, oldest first, without gaps."
    answers = OwnDay
    parameters = (SINCE, UNTIL, CURRENCY)

    def content(self, now: datetime) -> dict[str, Any]:
        today = _day(now)
        until = self.values.get("until", today)
        if until > today:
            raise invalid_parameter("until", "A day up to today.")
        since = self.values.get("since", max(until, date(2000, 2, 1)) - timedelta(days=USUAL - 1))
        if since > until or since.year < 2000:
            raise invalid_parameter("since", "A day after 1999, and not after the last day.")
        if (until - since).days >= LONGEST:
            raise invalid_parameter("since", f"At most {LONGEST} days at once.")
        currency = self.values.get("currency", program_currency())
        days = statistics_by_period(self.affiliate, since=since, until=until, currency=currency)

        def amount(minor: int) -> Amount:
            return Amount(minor, currency)

        rows = [
            OwnDay(
                day,
                one.clicks,
                one.orders,
                amount(one.sales_minor),
                amount(one.earned_minor),
                amount(one.reversed_minor),
            )
            for day, one in days.items()
        ]
        return {"data": as_json(rows)}


@dataclass(frozen=True)
class OwnCommission:
    number: Annotated[str, "Its number, as in your account."]
    day: Annotated[date, "The day of the sale, in UTC."]
    source: Annotated[str, "How the sale came to you: in words, such as link."]
    base: Annotated[Amount, "What the commission is calculated from."]
    rate: Annotated[str, "In words, such as 30%."]
    commission: Annotated[Amount, "The commission when the order was paid."]
    remaining: Annotated[Amount, "What is left of it after refunds."]
    state: Annotated[str, "One of: pending, held, approved, in_payout, paid, rejected, reversed."]
    reason: Annotated[str, "Why it is not paid; empty while it may be."]


class CommissionsEndpoint(ListEndpoint):
    name, path, scope = "commissions", "commissions", Scope.EARNINGS
    summary = "Your commissions, latest order first"
    answers = OwnCommission
    order = ("attribution__decided_at", "attribution_id")

    def rows(self) -> QuerySet[Any]:
        return commissions_of(self.affiliate)

    def describe(self, row: Commission) -> OwnCommission:
        source, state = row.attribution.get_route_display(), state_of(row)
        amounts = (row.total, row.remaining)
        return OwnCommission(row.number, row.day, source, row.base, row.terms, *amounts, state, row.why_unpaid)


@dataclass(frozen=True)
class OwnPayout:
    id: Annotated[UUID, "Its id, as in its address in your account."]
    day: Annotated[date, "The day on which it was prepared, in UTC."]
    amount: Annotated[Amount, "What was or will be paid."]
    state: Annotated[str, f"One of: {', '.join(PayoutItem.State.values)}."]
    settled: Annotated[date | None, "The day on which it arrived or was returned, in UTC."]
    meaning: Annotated[str, "What the state means, in a sentence."]


class PayoutsEndpoint(ListEndpoint):
    name, path, scope = "payouts", "payouts", Scope.EARNINGS
    summary = "Payouts to you, newest first"
    answers = OwnPayout
    order = ("created_at", "pk")

    def rows(self) -> QuerySet[Any]:
        return self.affiliate.payouts.select_related("run")

    def describe(self, row: PayoutItem) -> OwnPayout:
        settled = _day(row.settled_at) if row.settled_at else None
        return OwnPayout(row.pk, _day(row.created_at), row.total, row.state, settled, explain_state(row))


@dataclass(frozen=True)
class OwnLedgerEntry:
    day: Annotated[date, "The day on which it was written, in UTC."]
    kind: Annotated[str, f"One of: {', '.join(LedgerEntry.Kind.values)}."]
    amount: Annotated[Amount, "Positive for what you earned, negative for what was paid or reversed."]
    commission: Annotated[str | None, "The number of the commission that it is about, if any."]
    description: Annotated[str, "In words, as in your statement."]


class LedgerEndpoint(ListEndpoint):
    name, path, scope = "ledger", "ledger", Scope.EARNINGS
    summary = "The entries of your ledger, newest first"
    about = "Their sum is your balance."
    answers = OwnLedgerEntry
    order = ("created_at", "pk")

    def rows(self) -> QuerySet[Any]:
        return self.affiliate.ledger.select_related("commission", "payout", "adjustment")

    def describe(self, row: LedgerEntry) -> OwnLedgerEntry:
        number = row.commission.number if row.commission else None
        return OwnLedgerEntry(_day(row.created_at), row.kind, row.total, number, describe_ledger_entry(row))


@dataclass(frozen=True)
class OwnLink:
    label: Annotated[str, "Its label; empty for the link without one."]
    page: Annotated[str, "The path of the page that it leads to."]
    url: Annotated[str, "The link itself."]


class LinksEndpoint(ApiEndpoint):
    name, path, scope = "links", "links", Scope.LINKS
    summary = "Your links"
    about = "The link without a label first, then one for each label in use."
    answers = OwnLink

    def content(self, now: datetime) -> dict[str, Any]:
        if terms_to_accept(self.affiliate, now=now) is not None:
            raise forbidden("terms_required", "Accept the new terms of the affiliate program in your account first.")
        code = self.affiliate.code
        labels = sorted((str(label.name), label.page) for label in self.affiliate.labels.in_use())
        links = [OwnLink(label, page, link_to(code, page, label)) for label, page in [("", "/"), *labels]]
        return {"data": as_json(links)}
