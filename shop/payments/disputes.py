"""Disputes. A webhook event triggers a lookup at PayPal, and the result is recorded under the payment's lock.

While a dispute is open, the payment is marked and can't be refunded here, and apps that depend on the shop hold its
commission. A lost dispute is recorded as a chargeback (`shop.payments.chargebacks`); winning it later reverts the
chargeback. Both are idempotent, in any order of events.
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
from shop.paypal.errors import Expired
from shop.paypal.gateway import gateway
from shop.paypal.turn import Turn
from shop.paypal.types import CaptureStatus, DisputeState, DisputeStatus
from shop.signals import dispute_closed, payment_disputed

from .capture_lookup import PaymentUnknown, payment_of_capture
from .chargebacks import import_all_refunds, record_chargeback
from .refund_booking import lock_payment, record_problem, revert_refund
from .refunds import REVERTED_STATUSES

logger = logging.getLogger(__name__)

Changes = list[tuple[str, models.Model]]


def update_dispute(*, paypal_id: str) -> Dispute:
    """Fetches the dispute from PayPal and applies it. Raises `PaymentUnknown` and `PayPalError`."""
    remote = gateway().get_dispute(paypal_id)
    payment = _payment_of(remote)
    outcome = str(remote.outcome) if remote.status is DisputeStatus.RESOLVED else ""
    if outcome in Dispute.LOST:
        with suppress(Expired):  # the order expired at PayPal: use the outcome's own amount
            import_all_refunds(payment=payment)
    returned = _reverted_chargebacks(payment) if outcome in Dispute.KEPT else set()
    return apply_dispute(payment=payment, remote=remote, returned=returned)


def _payment_of(remote: DisputeState) -> Payment:
    """A PayPal dispute can list several transactions; the first one known here counts."""
    known = Payment.objects.filter(capture_id__in=remote.capture_ids).first()
    if known is None and not remote.capture_ids:
        raise PaymentUnknown(remote.id)
    return payment_of_capture(known.capture_id if known and known.capture_id else remote.capture_ids[0])


def _reverted_chargebacks(payment: Payment) -> set[UUID]:
    """The chargebacks that PayPal has reverted, according to each refund or to the whole capture."""
    taken = dict(_chargebacks(payment).values_list("pk", "paypal_refund_id"))
    status = gateway().get_capture(payment.capture_id or "").status if taken else None
    if status is CaptureStatus.COMPLETED:
        return set(taken)
    if status is not CaptureStatus.PARTIALLY_REFUNDED:
        return set()
    rest_is_back = payment.state == Payment.State.REFUNDED
    return {pk for pk, number in taken.items() if (_is_reverted(number) if number else rest_is_back)}


def _is_reverted(paypal_refund_id: str) -> bool:
    return gateway().get_refund(paypal_refund_id).status in REVERTED_STATUSES


def _chargebacks(payment: Payment) -> models.QuerySet[Refund]:
    return payment.refunds.filter(source=Refund.Source.CHARGEBACK, state=Refund.State.COMPLETED)


@transaction.atomic
def apply_dispute(*, payment: Payment, remote: DisputeState, returned: Collection[UUID] = ()) -> Dispute:
    """Stores the dispute, records its money, then announces its opening or closing once."""
    payment = lock_payment(payment.pk)
    dispute = Dispute.objects.filter(paypal_id=remote.id).first() or Dispute(paypal_id=remote.id, payment=payment)
    dispute.payment = payment
    if not dispute._state.adding and remote.changed_at < dispute.changed_at:
        return dispute  # an older response that arrived late
    was_open = not dispute._state.adding and dispute.is_open
    was_closed = not dispute._state.adding and not dispute.is_open
    _store_remote_state(dispute, remote)
    changes = _move_money(dispute, remote, returned)
    _update_disputed_flag(payment)
    if dispute.is_open and not was_open:
        changes += _announce_opened(dispute)
    elif not dispute.is_open and not was_closed:
        changes += _announce_closed(dispute)
    for action, about in changes:
        record(action=action, about=about, actor=None)
    return dispute


def _store_remote_state(dispute: Dispute, remote: DisputeState) -> None:
    dispute.state, dispute.outcome, dispute.reason = remote.status, remote.outcome or "", remote.reason
    dispute.amount_minor, dispute.currency = remote.amount.minor, remote.amount.currency
    dispute.opened_at, dispute.changed_at, dispute.respond_by = remote.opened_at, remote.changed_at, remote.respond_by
    dispute.closed_at = None if dispute.is_open else remote.changed_at
    dispute.checked_at = timezone.now()
    dispute.save()


def _update_disputed_flag(payment: Payment) -> None:
    payment.is_disputed = payment.disputes.open().exists()
    payment.save(update_fields=["is_disputed", "changed_at"])


def _move_money(dispute: Dispute, remote: DisputeState, returned: Collection[UUID]) -> Changes:
    if dispute.is_lost:
        taken = _record_loss(dispute, remote)
        return [("shop.refund.completed", taken)] if taken else []
    return [("shop.refund.reverted", refund) for refund in _revert_chargebacks(dispute, returned)]


def _record_loss(dispute: Dispute, remote: DisputeState) -> Refund | None:
    """Records what the outcome took, minus refunds since the dispute was opened, because PAYMENT.CAPTURE.REVERSED may
    have arrived first."""
    payment, lost = dispute.payment, _lost_amount(dispute, remote)
    if lost.currency != payment.currency:
        record_problem(payment, f"A dispute took {lost}, in another currency")
        return None
    since = payment.refunds.filter(created_at__gte=dispute.known_since)
    gone = since.exclude(state__in=[Refund.State.FAILED, Refund.State.REVERTED]).aggregate(sum=Sum("amount_minor"))
    return record_chargeback(payment, lost - Money(gone["sum"] or 0, payment.currency))


def _lost_amount(dispute: Dispute, remote: DisputeState) -> Money:
    """The outcome's amount; without one, the disputed amount if the buyer won, else zero."""
    if remote.refunded is not None:
        return remote.refunded
    return dispute.total if dispute.outcome == Dispute.Outcome.BUYER else Money(0, dispute.currency)


def _revert_chargebacks(dispute: Dispute, returned: Collection[UUID]) -> list[Refund]:
    """Reverts the chargebacks of a dispute that was lost first and won on appeal."""
    refunds = list(_chargebacks(dispute.payment).filter(pk__in=returned).select_for_update())
    for refund in refunds:
        refund.payment = dispute.payment
        revert_refund(refund)
    return refunds


def _announce_opened(dispute: Dispute) -> Changes:
    payment_disputed.send(Payment, payment=dispute.payment, dispute=dispute)
    _notify_staff(DISPUTE_OPENED, dispute)
    return [("shop.dispute.opened", dispute)]


def _announce_closed(dispute: Dispute) -> Changes:
    dispute_closed.send(Payment, payment=dispute.payment, dispute=dispute)
    _notify_staff(DISPUTE_CLOSED, dispute)
    return [("shop.dispute.closed", dispute)]


def _notify_staff(kind: MailKind, dispute: Dispute) -> None:
    if not notify(kind, to=settings.BUSINESS["email"], about=dispute):
        logger.warning("staff were not told of %s", dispute)


def update_open_disputes(*, now: datetime) -> int:
    """Checks each open dispute hourly, in case a webhook event was lost. Returns the number checked."""
    turn, asked = Turn(), 0
    for dispute in turn.take(Dispute.objects.due(now)[:50]):
        Dispute.objects.filter(pk=dispute.pk).update(checked_at=now)
        with turn.ask(str(dispute), PaymentUnknown):
            update_dispute(paypal_id=dispute.paypal_id)
        asked += 1
    return asked
