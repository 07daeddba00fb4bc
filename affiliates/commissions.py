"""Commissions: earned when the money arrives, approved by staff or after the hold, taken back in step with refunds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from shop.models import Payment, Refund
from shop.money import Money

from .models import Attribution, Commission, LedgerEntry

if TYPE_CHECKING:
    from accounts.models import User

State = Commission.State


def earn_commission(*, payment: Payment) -> Commission | None:
    """The commission on a payment that has arrived, once; None when nobody brought the order."""
    attribution = Attribution.objects.filter(order=payment.order_id).first()
    if attribution is None:
        return None
    now = timezone.now()
    commission, _ = Commission.objects.get_or_create(
        attribution=attribution,
        defaults={
            "base_minor": payment.amount_minor,
            "rate_percent": attribution.rate_percent,
            "amount_minor": payment.total.percent(attribution.rate_percent).minor,
            "currency": payment.currency,
            "hold_until": now + timedelta(days=settings.AFFILIATE_HOLD_DAYS),
        },
    )
    return commission


@transaction.atomic
def approve_commission(*, commission: Commission, approved_by: User | None) -> bool:
    """Credits what is left of a pending commission. False when it was not pending any more."""
    commission = Commission.objects.select_for_update().select_related("attribution").get(pk=commission.pk)
    if commission.state != State.PENDING:
        return False
    commission.state, commission.approved_at, commission.approved_by = State.APPROVED, timezone.now(), approved_by
    commission.save(update_fields=["state", "approved_at", "approved_by"])
    _enter(commission, LedgerEntry.Kind.COMMISSION, commission.remaining)
    return True


@transaction.atomic
def reject_commission(*, commission: Commission, reason: str) -> bool:
    """Refuses a pending commission. False when it was not pending any more."""
    return bool(
        Commission.objects.filter(pk=commission.pk, state=State.PENDING).update(state=State.REJECTED, reason=reason)
    )


def approve_past_hold(*, now: datetime) -> int:
    """Approves what has waited out its hold. Returns how many."""
    waiting = Commission.objects.past_hold(now)[:500]
    return sum(approve_commission(commission=commission, approved_by=None) for commission in waiting)


@transaction.atomic
def reverse_commission(*, payment: Payment, refund: Refund) -> None:
    """Takes back the same share as was refunded: all refunds so far, rounded once, less what was taken back before.

    So partial refunds in any split add up to the full reversal to the cent.
    """
    commission = (
        Commission.objects.select_for_update()
        .select_related("attribution")
        .filter(attribution__order=payment.order_id)
        .exclude(state=State.REJECTED)
        .first()
    )
    if commission is None:
        return
    share = Money.of(commission.total.amount * payment.refunded_minor / payment.amount_minor, commission.currency)
    taken_back = share - Money(commission.reversed_minor, commission.currency)
    was_credited = commission.state != State.PENDING
    _note_reversal(commission, share)
    if was_credited:
        _enter(commission, LedgerEntry.Kind.REVERSAL, -taken_back, refund=refund)


def _note_reversal(commission: Commission, share: Money) -> None:
    commission.reversed_minor = share.minor
    if commission.reversed_minor == commission.amount_minor:
        commission.state, commission.reason = State.REVERSED, "the order was refunded"
    commission.save(update_fields=["reversed_minor", "state", "reason"])


def _enter(commission: Commission, kind: str, amount: Money, **further: object) -> None:
    if amount.minor == 0:
        return
    LedgerEntry.objects.create(
        affiliate_id=commission.attribution.affiliate_id,
        kind=kind,
        amount_minor=amount.minor,
        currency=amount.currency,
        commission=commission,
        **further,
    )
