"""Explains a payout or a balance, entry by entry, down to each order's receipt.

Both are sums of ledger entries. A payout is the sum of the entries it claimed; a balance is the sum of unclaimed
entries, since a payout and the entries it claimed add up to zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Sum

from affiliates.commissions.explanation import (
    ExplanationLine,
    describe_entry,
    explain_commission,
    with_explanation_data,
)
from affiliates.models import Affiliate, Commission, LedgerEntry, PayoutItem
from affiliates.models.ledger import LedgerQuerySet
from shop.money import Money

A_PAGE = 50  # entries with their explanations


@dataclass(frozen=True)
class SumPart:
    """One ledger entry of a sum, explained by the order's receipt, or by the entries of a returned payout."""

    entry: LedgerEntry
    text: str
    receipt: list[ExplanationLine] = field(default_factory=list)
    parts: list[SumPart] = field(default_factory=list)


@dataclass(frozen=True)
class Explained:
    """A sum and one page of its parts: those on the page and those on the other pages add up to the total."""

    total: Money
    page: Page[LedgerEntry]
    parts: list[SumPart]

    @property
    def on_this_page(self) -> Money:
        return sum((part.entry.total for part in self.parts), Money(0, self.total.currency))

    @property
    def on_other_pages(self) -> Money:
        return self.total - self.on_this_page


def entries_claimed_by(payouts: Iterable[PayoutItem | UUID]) -> LedgerQuerySet:
    """The entries that these payouts claimed, without the debit by which each of them brought its own to zero."""
    return LedgerEntry.objects.filter(claim__payout__in=payouts).exclude(kind=LedgerEntry.Kind.PAYOUT)


def explain_payout(item: PayoutItem, *, page: str | int = 1) -> Explained:
    return _explain_entries(entries_claimed_by([item]), item.currency, page)


def explain_balance(affiliate: Affiliate, *, currency: str, page: str | int = 1) -> Explained:
    return _explain_entries(affiliate.ledger.unclaimed().filter(currency=currency), currency, page)


def _explain_entries(entries: LedgerQuerySet, currency: str, page: str | int) -> Explained:
    shown = Paginator(entries.order_by("created_at", "pk").select_related("claim"), A_PAGE).get_page(page)
    total = entries.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    return Explained(Money(total, currency), shown, _explained_parts(list(shown)))


def _explained_parts(entries: list[LedgerEntry]) -> list[SumPart]:
    """A few queries per level of returned payouts, however many entries there are."""
    if not entries:
        return []
    receipts = _receipts_of({entry.commission_id for entry in entries if entry.commission_id})
    returned = {entry.payout_id for entry in entries if entry.kind == LedgerEntry.Kind.RETURN and entry.payout_id}
    inside = _parts_of_returned_payouts(returned)
    return [
        SumPart(
            entry,
            describe_entry(entry),
            receipts.get(entry.commission_id, []) if entry.commission_id else [],
            inside.get(entry.payout_id, []) if entry.payout_id else [],
        )
        for entry in entries
    ]


def _receipts_of(commissions: set[UUID]) -> dict[UUID, list[ExplanationLine]]:
    found = with_explanation_data(Commission.objects.filter(pk__in=commissions))
    return {commission.pk: explain_commission(commission) for commission in found}


def _parts_of_returned_payouts(payouts: set[UUID]) -> dict[UUID, list[SumPart]]:
    """The entries that the returned payouts had claimed."""
    entries = entries_claimed_by(payouts).order_by("created_at", "pk").select_related("claim") if payouts else []
    inside: dict[UUID, list[SumPart]] = defaultdict(list)
    for part in _explained_parts(list(entries)):
        inside[part.entry.claim.payout_id].append(part)
    return inside
