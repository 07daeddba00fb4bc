"""Restores a commission when a refund is reverted, because the buyer's money was returned."""

from __future__ import annotations

from django.db import transaction

from affiliates.models import Commission, LedgerEntry, PayoutItem
from privacy.audit.trail import record
from shop.models import Payment, Refund
from shop.money import Money

from .lifecycle import locked_commission, reversed_share

State = Commission.State


@transaction.atomic
def restore_commission(*, payment: Payment, refund: Refund) -> None:
    """Restores what this refund had reversed; the share of the other refunds stays reversed.

    So the parts still add up to the cent, in whatever order refunds are made and reverted.
    """
    commission = locked_commission(payment)
    if commission is None or commission.state == State.REJECTED:
        return
    share = reversed_share(commission, payment)
    restored_amount = Money(commission.reversed_minor, commission.currency) - share
    state = _state_without_refund(commission) if commission.state == State.REVERSED else commission.state
    if restored_amount.minor <= 0 and state == commission.state:
        return
    commission.reversed_minor, commission.state = share.minor, state
    commission.save(update_fields=["reversed_minor", "state"])
    _credit_restored_amount(commission, restored_amount, refund)
    record(action="affiliates.commission.restored", about=commission, actor=None)


def _state_without_refund(commission: Commission) -> str:
    """The state of a reversed commission by its own credit: never approved, due, in a payout, or paid."""
    if commission.approved_at is None:
        return State.PENDING
    payout = _last_payout(commission)
    if payout is None or payout.state in PayoutItem.RETURNED_STATES:
        return State.APPROVED
    return State.PAID if payout.state == PayoutItem.State.PAID else State.IN_PAYOUT


def _last_payout(commission: Commission) -> PayoutItem | None:
    """The payout that holds its credit now: a returned payout passes it on to the one that claimed the return."""
    payout: PayoutItem | None = None
    line = commission.ledger.filter(kind=LedgerEntry.Kind.COMMISSION).first()
    while line is not None and (taker := PayoutItem.objects.filter(claims__entry=line).first()):
        payout = taker
        line = payout.ledger.filter(kind=LedgerEntry.Kind.RETURN).first()
    return payout


def _credit_restored_amount(commission: Commission, restored_amount: Money, refund: Refund) -> None:
    """A commission that was never credited needs no entry: more is credited when it is approved."""
    if commission.approved_at and restored_amount.minor:
        LedgerEntry.objects.create(
            affiliate_id=commission.attribution.affiliate_id,
            kind=LedgerEntry.Kind.RESTORED,
            amount_minor=restored_amount.minor,
            currency=restored_amount.currency,
            commission=commission,
            refund=refund,
        )
