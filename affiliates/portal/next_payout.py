"""The next payout, and what it still needs. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Sum

from affiliates.payouts.eligibility import Ineligibility, ineligibility, minimum_minor
from shop.money import Money

from ..models import Affiliate, Commission, LedgerEntry, PayoutItem
from .totals import Overview

State = Commission.State
FEW = 500  # orders


@dataclass(frozen=True)
class Held:
    """The money that a flag holds pending manual review."""

    pending: Money
    approved: Money

    @property
    def total(self) -> Money:
        return self.pending + self.approved


@dataclass(frozen=True)
class NextPayout:
    due: Money
    minimum: Money
    missing: list[str]
    on_the_way: Money
    next_approval: datetime | None

    @property
    def is_ready(self) -> bool:
        return not self.missing

    @property
    def amount(self) -> Money:
        """What would be paid: a debt is set off against future commissions, never collected."""
        return Money(max(self.due.minor, 0), self.due.currency)


def held_of(affiliate: Affiliate, *, currency: str) -> Held:
    held = Commission.objects.held().among_these_of(affiliate.pk).filter(currency=currency).order_by()
    sums = dict(held.values_list("state").annotate(sum=Sum(F("amount_minor") - F("reversed_minor"))))
    return Held(Money(sums.get(State.PENDING, 0), currency), Money(sums.get(State.APPROVED, 0), currency))


def next_payout_of(affiliate: Affiliate, overview: Overview, held: Held) -> NextPayout:
    currency = overview.balance.currency
    due = _amount_due(affiliate, overview, held)
    minimum = Money(minimum_minor(affiliate), currency)
    moving = affiliate.payouts.filter(state__in=PayoutItem.IN_PROGRESS, currency=currency).aggregate(
        s=Sum("amount_minor")
    )
    return NextPayout(
        due=due,
        minimum=minimum,
        missing=list(_requirements(affiliate, due, held, minimum)),
        on_the_way=Money(moving["s"] or 0, currency),
        next_approval=_next_approval(affiliate, overview) if overview.pending.minor else None,
    )


def _amount_due(affiliate: Affiliate, overview: Overview, held: Held) -> Money:
    """The balance without what a flag holds: exactly the entries that a run would claim."""
    if not held.approved.minor:
        return overview.balance
    return overview.balance - LedgerEntry.objects.withheld_from(affiliate).balance(overview.balance.currency)


def _requirements(affiliate: Affiliate, due: Money, held: Held, minimum: Money) -> Iterator[str]:
    """The wording of the eligibility rule, with the amounts that the affiliate can do something about."""
    reason = ineligibility(affiliate, due_minor=due.minor, held_minor=held.approved.minor)
    if reason not in {None, Ineligibility.MINIMUM}:
        yield f"{reason.words[0].upper()}{reason.words[1:]}."
    if due.minor < 0:
        yield f"You owe {-due} after refunds or deductions. It is set off against your next commissions."
    if due < minimum:
        yield f"You need {minimum} in approved commissions to be paid. You have {max(due, Money(0, due.currency))}."


def _next_approval(affiliate: Affiliate, overview: Overview) -> datetime | None:
    """When the oldest pending commission will be approved.

    With few orders, all of them are searched. An affiliate with many has one among everybody's next approvals: those
    are searched in their order.
    """
    waiting = Commission.objects.not_held().filter(currency=overview.balance.currency, state=State.PENDING)
    has_few = overview.orders <= FEW
    own = waiting.filter(attribution__affiliate=affiliate) if has_few else waiting.among_these_of(affiliate.pk)
    return own.order_by("hold_until").values_list("hold_until", flat=True).first()
