"""Reverses commissions in step with refunds, and restores them when a refund is reverted."""

from __future__ import annotations

from django.db import transaction

from affiliates.endpoints.outbox import announce_commission
from affiliates.models import Commission, EventKind, LedgerEntry, PayoutItem
from privacy.audit.trail import record
from shop.models import Payment, Refund
from shop.money import Money

from .lifecycle import add_ledger_entry, earn_commission

State = Commission.State


@transaction.atomic
def reverse_commission(*, payment: Payment, refund: Refund) -> None:
    """Reverses the refunded share: of all refunds so far, rounded once, less what was reversed before.

    So partial refunds in any split add up to the full reversal to the cent. If the refund is reported before the
    payment, the commission is created here first.
    """
    commission = locked_commission(payment) or (earn_commission(payment=payment) and locked_commission(payment))
    if commission is None or commission.state == State.REJECTED:
        return
    share = reversed_share(commission, payment)
    reversed_amount = share - Money(commission.reversed_minor, commission.currency)
    if _save_reversal(commission, share, everything=payment.refunded_minor == payment.amount_minor):
        if commission.approved_at:  # one that was never credited is credited less when it is approved
            add_ledger_entry(commission, LedgerEntry.Kind.REVERSAL, -reversed_amount, refund=refund)
        announce_commission(EventKind.COMMISSION_REVERSED, commission)
        record(action="affiliates.commission.reversed", about=commission, actor=None)


def reversed_share(commission: Commission, payment: Payment) -> Money:
    """The share of the commission that all completed refunds together reverse, rounded once."""
    return Money.of(commission.total.amount * payment.refunded_minor / payment.amount_minor, commission.currency)


def locked_commission(payment: Payment) -> Commission | None:
    """The commission on the payment's order, locked until the caller's transaction ends."""
    commissions = Commission.objects.select_for_update(of=("self",)).select_related("attribution")
    return commissions.filter(attribution__order=payment.order_id).first()


def _save_reversal(commission: Commission, share: Money, *, everything: bool) -> bool:
    """Saves the reversed amount and the state. False if nothing changed."""
    before = (commission.reversed_minor, commission.state)
    commission.reversed_minor = share.minor
    nothing_left = everything or (share.minor > 0 and share == commission.total)
    if nothing_left and commission.state != State.REVERSED:
        commission.state = State.REVERSED
    commission.save(update_fields=["reversed_minor", "state"])
    return before != (commission.reversed_minor, commission.state)


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
    if commission.approved_at:  # one that was never credited is credited more when it is approved
        add_ledger_entry(commission, LedgerEntry.Kind.RESTORED, restored_amount, refund=refund)
    announce_commission(EventKind.COMMISSION_RESTORED, commission)
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
