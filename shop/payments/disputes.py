"""Disputes: PayPal's message is the reason to look, and what PayPal answers is written down under the payment's lock.

While one is open the payment is marked, staff refuse to refund it, and the floors above hold what depends on it. What a
lost one took is booked as a chargeback (`shop.payments.chargebacks`); what a dispute won later brings back is undone
the same way. Both are safe to repeat, in every order of arrival.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Sum
from django.utils import timezone

from privacy.audit.trail import record
from privacy.mail.sending import MailKind, notify
from shop.mails import DISPUTE_CLOSED, DISPUTE_OPENED
from shop.models import Dispute, Payment, Refund
from shop.money import Money
from shop.paypal.errors import Expired, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.types import CaptureStatus, DisputeState, DisputeStatus
from shop.signals import dispute_closed, payment_disputed

from .capture_lookup import PaymentUnknown, payment_of_capture
from .chargebacks import adopt_all_refunds, take_back
from .refund_booking import lock, note_problem, undo
from .refunds import UNDONE

logger = logging.getLogger(__name__)

Changes = list[tuple[str, models.Model]]


def follow_dispute(*, paypal_id: str) -> Dispute:
    """Looks the dispute up and applies it. Raises `PaymentUnknown` and `PayPalError`."""
    remote = gateway().get_dispute(paypal_id)
    payment = _payment_of(remote)
    outcome = str(remote.outcome) if remote.status is DisputeStatus.RESOLVED else ""
    if outcome in Dispute.LOST:
        with suppress(Expired):  # PayPal forgot the order: the outcome's own amount counts
            adopt_all_refunds(payment=payment)
    returned = _returned(payment) if outcome in Dispute.KEPT else set()
    return apply_dispute(payment=payment, remote=remote, returned=returned)


def _payment_of(remote: DisputeState) -> Payment:
    """PayPal can put several payments into one dispute; ours have one each, so the first that is ours counts."""
    known = Payment.objects.filter(capture_id__in=remote.capture_ids).first()
    if known is None and not remote.capture_ids:
        raise PaymentUnknown(remote.id)
    return payment_of_capture(known.capture_id if known and known.capture_id else remote.capture_ids[0])


def _returned(payment: Payment) -> set[UUID]:
    """The chargebacks whose money PayPal has given back, by its own word on each or on the whole capture."""
    taken = dict(_chargebacks(payment).values_list("pk", "paypal_refund_id"))
    status = gateway().get_capture(payment.capture_id or "").status if taken else None
    if status is CaptureStatus.COMPLETED:
        return set(taken)
    if status is not CaptureStatus.PARTIALLY_REFUNDED:
        return set()
    rest_is_back = payment.state == Payment.State.REFUNDED
    return {pk for pk, number in taken.items() if (_is_undone(number) if number else rest_is_back)}


def _is_undone(paypal_refund_id: str) -> bool:
    return gateway().get_refund(paypal_refund_id).status in UNDONE


def _chargebacks(payment: Payment) -> models.QuerySet[Refund]:
    return payment.refunds.filter(source=Refund.Source.CHARGEBACK, state=Refund.State.COMPLETED)


@transaction.atomic
def apply_dispute(*, payment: Payment, remote: DisputeState, returned: Collection[UUID] = ()) -> Dispute:
    """Writes down what PayPal says, books the money first, and then tells of the opening or the end, once each."""
    payment = lock(payment.pk)
    dispute = Dispute.objects.filter(paypal_id=remote.id).first() or Dispute(paypal_id=remote.id, payment=payment)
    dispute.payment = payment
    if not dispute._state.adding and remote.changed_at < dispute.changed_at:
        return dispute  # an older answer, overtaken on the way
    was_open = not dispute._state.adding and dispute.is_open
    was_closed = not dispute._state.adding and not dispute.is_open
    _copy(dispute, remote)
    changes = _move_money(dispute, remote, returned)
    _mark(payment)
    if dispute.is_open and not was_open:
        changes += _opened(dispute)
    elif not dispute.is_open and not was_closed:
        changes += _closed(dispute)
    for action, about in changes:
        record(action=action, about=about, actor=None)
    return dispute


def _copy(dispute: Dispute, remote: DisputeState) -> None:
    dispute.state, dispute.outcome, dispute.reason = remote.status, remote.outcome or "", remote.reason
    dispute.amount_minor, dispute.currency = remote.amount.minor, remote.amount.currency
    dispute.opened_at, dispute.changed_at, dispute.respond_by = remote.opened_at, remote.changed_at, remote.respond_by
    dispute.closed_at = None if dispute.is_open else remote.changed_at
    dispute.looked_at = timezone.now()
    dispute.save()


def _mark(payment: Payment) -> None:
    payment.is_disputed = payment.disputes.open().exists()
    payment.save(update_fields=["is_disputed", "changed_at"])


def _move_money(dispute: Dispute, remote: DisputeState, returned: Collection[UUID]) -> Changes:
    if dispute.is_lost:
        taken = _take(dispute, remote)
        return [("shop.refund.completed", taken)] if taken else []
    return [("shop.refund.undone", refund) for refund in _give_back(dispute, returned)]


def _take(dispute: Dispute, remote: DisputeState) -> Refund | None:
    """What the outcome took, less what went back since the dispute was opened: the money's own message may be first."""
    payment, lost = dispute.payment, _lost(dispute, remote)
    if lost.currency != payment.currency:
        note_problem(payment, f"A dispute took {lost}, in another currency")
        return None
    since = payment.refunds.filter(created_at__gte=dispute.known_since)
    gone = since.exclude(state__in=[Refund.State.FAILED, Refund.State.UNDONE]).aggregate(sum=Sum("amount_minor"))
    return take_back(payment, lost - Money(gone["sum"] or 0, payment.currency))


def _lost(dispute: Dispute, remote: DisputeState) -> Money:
    """The outcome's own amount; without one, all that was disputed where the buyer won, and nothing otherwise."""
    if remote.refunded is not None:
        return remote.refunded
    return dispute.total if dispute.outcome == Dispute.Outcome.BUYER else Money(0, dispute.currency)


def _give_back(dispute: Dispute, returned: Collection[UUID]) -> list[Refund]:
    """A dispute that was lost first and won later: PayPal has the money in its place again."""
    refunds = list(_chargebacks(dispute.payment).filter(pk__in=returned).select_for_update())
    for refund in refunds:
        refund.payment = dispute.payment
        undo(refund)
    return refunds


def _opened(dispute: Dispute) -> Changes:
    payment_disputed.send(Payment, payment=dispute.payment, dispute=dispute)
    _tell_staff(DISPUTE_OPENED, dispute)
    return [("shop.dispute.opened", dispute)]


def _closed(dispute: Dispute) -> Changes:
    dispute_closed.send(Payment, payment=dispute.payment, dispute=dispute)
    _tell_staff(DISPUTE_CLOSED, dispute)
    return [("shop.dispute.closed", dispute)]


def _tell_staff(kind: MailKind, dispute: Dispute) -> None:
    if not notify(kind, to=settings.BUSINESS["email"], about=dispute):
        logger.warning("staff were not told of %s", dispute)


def follow_open_disputes(*, now: datetime) -> int:
    """Looks at open disputes, each once an hour: a message can be lost. Returns how many."""
    disputes = list(Dispute.objects.due(now)[:50])
    for dispute in disputes:
        try:
            follow_dispute(paypal_id=dispute.paypal_id)
        except (PaymentUnknown, PayPalError) as error:
            logger.warning("%s could not be looked at: %s", dispute, error)
            Dispute.objects.filter(pk=dispute.pk).update(looked_at=now)
    return len(disputes)
