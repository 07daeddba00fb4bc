"""A commission's lifecycle: earned when the payment is captured, approved by staff or after the hold, or rejected."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from affiliates.endpoints.outbox import announce_commission
from affiliates.models import Attribution, Commission, EventKind, Flag, LedgerEntry, calculate_commission
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.erasure.erased_rows import refuse_text_about_erased
from shop.models import Payment
from shop.money import Money

if TYPE_CHECKING:
    from accounts.models import User

State = Commission.State
DECIDE = "affiliates.decide_commission"


def commission_base(*, payment: Payment) -> Money:
    """The base of a commission: the amount without tax, shipping and discount, none of which is charged yet.

    This is the only place to change when an order gets one of them.
    """
    return payment.total


@transaction.atomic
def earn_commission(*, payment: Payment) -> Commission | None:
    """Creates the commission for a captured payment, once; the caller holds the order's lock. Returns None for an order
    without an attribution."""
    attributions = Attribution.objects.select_related("affiliate", "commission")  # whom `notify_of_sale` mails
    attribution = attributions.filter(order=payment.order_id).first()
    if attribution is None:
        return None
    if hasattr(attribution, "commission"):
        return attribution.commission
    base = commission_base(payment=payment)
    amount = calculate_commission(base, percent=attribution.rate_percent, flat_minor=attribution.rate_flat_minor)
    commission = Commission.objects.create(
        attribution=attribution,
        base_minor=base.minor,
        rate_percent=attribution.rate_percent,
        rate_flat_minor=attribution.rate_flat_minor,
        amount_minor=amount.minor,
        currency=base.currency,
        hold_until=payment.order.refund_window_end(paid_at=timezone.now()),
    )
    announce_commission(EventKind.COMMISSION_CREATED, commission)
    _reject_if_confirmed(commission)
    return commission


def _reject_if_confirmed(commission: Commission) -> None:
    """Rejects the commission if staff confirmed a flag on this order before the payment."""
    confirmed = commission.attribution.flags.filter(state=Flag.State.CONFIRMED).first()
    if confirmed:
        reject_commission(commission=commission, reason=confirmed.why or "we had already reviewed this sale")
        commission.refresh_from_db()


@transaction.atomic
def approve_commission(*, commission: Commission, actor: User | None) -> bool:
    """Credits what is left of a pending commission. False if it is no longer pending, or held by a flag.

    Raises `ActionRefused`.
    """
    commission = Commission.objects.select_for_update().select_related("attribution").get(pk=commission.pk)
    if not commission.may_become(State.APPROVED) or commission.approved_at or commission.is_held:
        return False
    leave_to_a_colleague(commission.affiliate, actor=actor, permission=DECIDE)
    commission.state, commission.approved_at, commission.approved_by = State.APPROVED, timezone.now(), actor
    commission.save(update_fields=["state", "approved_at", "approved_by"])
    add_ledger_entry(commission, LedgerEntry.Kind.COMMISSION, commission.remaining)
    announce_commission(EventKind.COMMISSION_APPROVED, commission)
    record(action="affiliates.commission.approved", about=commission, actor=actor)
    return True


@transaction.atomic
def reject_commission(*, commission: Commission, reason: str, actor: User | None = None) -> bool:
    """Rejects a pending commission. False if it is no longer pending. Raises `ActionRefused`."""
    if not reason.strip():
        raise ActionRefused("Please enter a reason. The affiliate will see it.")
    commission = Commission.objects.select_for_update(of=("self",)).select_related("attribution").get(pk=commission.pk)
    if not commission.may_become(State.REJECTED):
        return False
    leave_to_a_colleague(commission.affiliate, actor=actor, permission=DECIDE)
    if actor is not None:
        refuse_text_about_erased(commission, reason)
    commission.state, commission.reason = State.REJECTED, reason.strip()[:300]
    commission.save(update_fields=["state", "reason"])  # not `update()`: saving recalculates the statistics of its day
    announce_commission(EventKind.COMMISSION_REJECTED, commission)
    record(action="affiliates.commission.rejected", about=commission, actor=actor)
    return True


def approve_past_hold(*, now: datetime) -> int:
    """Approves commissions whose hold has ended and that no flag holds. Returns how many."""
    waiting = Commission.objects.past_hold(now).order_by("hold_until")[:500]
    return sum(approve_commission(commission=commission, actor=None) for commission in waiting)


def add_ledger_entry(commission: Commission, kind: str, amount: Money, **further: object) -> None:
    """Books what the commission comes to now; nothing for an amount of zero."""
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
