"""Reconciliation: compares each payment with PayPal, amount by amount.

For each payment it fetches its disputes and PayPal's order with its captures and refunds. What PayPal says plainly is
recorded, as the lost message would have had it recorded: a refund, a reversal, a dispute, its end. The remaining
difference stands in `Payment.problem` until a later comparison finds none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.utils import timezone

from privacy.audit.trail import record
from shop.models import Dispute, ExtraCapture, Payment, PayPalSnapshot, Refund
from shop.models.reconciliation import COMPARE_FOR
from shop.money import Money
from shop.payments.capture_booking import apply_capture
from shop.payments.capture_lookup import PaymentUnknown
from shop.payments.chargebacks import record_remaining_chargeback
from shop.payments.disputes import update_dispute
from shop.payments.extra_captures import update_extra_capture
from shop.payments.refunds import REVERTED_STATUSES, import_refund
from shop.payments.settlement import settle
from shop.paypal.errors import Expired, Invalid
from shop.paypal.gateway import gateway
from shop.paypal.turn import Turn
from shop.paypal.types import CaptureState, CaptureStatus, RefundState, RefundStatus

logger = logging.getLogger(__name__)

COLLECTED = {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED}
BATCH = 20  # payments per housekeeping run, every minute
MANUAL_BATCH = 10  # payments per press of the button, because staff wait for it


class PayPalTotals(NamedTuple):
    """PayPal's view of one payment."""

    captured: Money
    returned: Money
    status: str
    capture_id: str


def reconcile_payments(*, now: datetime, at_most: int = BATCH) -> int:
    """Compares received payments daily, mismatched ones hourly. Returns the number compared."""
    doubled = Q(pk__in=ExtraCapture.objects.to_refund().values("payment"))
    known = Payment.objects.filter(Q(state__in=Payment.RECEIVED) | doubled, created_at__gt=now - COMPARE_FOR)
    due = known.through_paypal().exclude(pk__in=PayPalSnapshot.objects.fresh(now).values("payment"))
    return _reconcile_all(due.longest_unasked_first()[:at_most], now=now)


def reconcile_now() -> int:
    """The staff button: mismatched payments first, then those compared longest ago. Returns the number compared."""
    doubled = Q(pk__in=ExtraCapture.objects.to_refund().values("payment"))
    differs = ~Q(problem="") | doubled
    known = Payment.objects.exclude(paypal_order_id=None).filter(differs | Q(state__in=Payment.RECEIVED))
    agrees = ExpressionWrapper(~differs, output_field=BooleanField())
    mismatched_first = known.annotate(agrees=agrees).order_by("agrees", F("snapshot__checked_at").asc(nulls_first=True))
    return _reconcile_all(mismatched_first[:MANUAL_BATCH], now=timezone.now())


def _reconcile_all(payments: Iterable[Payment], *, now: datetime) -> int:
    turn, compared = Turn(), 0
    for payment in turn.take(payments):
        Payment.objects.filter(pk=payment.pk).update(asked_at=now)
        with turn.ask(f"payment {payment.pk}"):
            reconcile_payment(payment=payment)
            compared += 1
    return compared


def reconcile_payment(*, payment: Payment) -> PayPalSnapshot:
    """Compares and repairs one payment. Raises `PayPalError` if PayPal can't be reached."""
    if not payment.is_received:
        payment = settle(payment=payment)
    for number in list(payment.extra_captures.to_refund().values_list("capture_id", flat=True)):
        update_extra_capture(number)
    if payment.is_received and _update_disputes(payment):
        payment.refresh_from_db()
    asked_at = timezone.now()
    seen, refunds = _fetch_remote(payment)
    if payment.is_received:
        _repair_refunds(payment, seen, refunds)
    return _store_snapshot(payment, seen, asked_at)


def _update_disputes(payment: Payment) -> bool:
    """Records the disputes that changed without a message. First, because what a lost one took is no refund. Returns
    whether there were any."""
    try:
        changes = gateway().list_disputes(payment.capture_id or "")
    except (Expired, Invalid) as error:  # this PayPal app may not read disputes
        logger.info("the disputes of payment %s can't be listed: %s", payment.pk, error)
        return False
    known = {dispute.paypal_id: (dispute.state, dispute.changed_at) for dispute in payment.disputes.all()}
    news = [number for number, change in changes.items() if known.get(number) != change]
    for number in news:
        try:
            update_dispute(paypal_id=number)
        except PaymentUnknown:
            logger.error("payment %s: a dispute at PayPal names another capture", payment.pk)
    return bool(news)


def _fetch_remote(payment: Payment) -> tuple[PayPalTotals, tuple[RefundState, ...]]:
    """The order's captures and refunds; if the order expired at PayPal, the capture and the refunds known here."""
    try:
        order = gateway().get_order(payment.paypal_order_id or "")
        captures, refunds = order.captures, order.refunds
    except Expired:
        captures, refunds = _fetch_capture(payment)
    if payment.is_received and payment.capture_id in {capture.id for capture in captures}:
        for capture in captures:
            apply_capture(payment=payment, capture=capture)  # records extra captures
    extra = set(payment.extra_captures.values_list("capture_id", flat=True))
    captures = tuple(capture for capture in captures if capture.id not in extra)
    refunds = tuple(refund for refund in refunds if refund.capture_id not in extra)
    return _sum_remote(payment, captures, refunds), refunds


def _fetch_capture(payment: Payment) -> tuple[tuple[CaptureState, ...], tuple[RefundState, ...]]:
    """Empty if PayPal doesn't know the capture either; that becomes a difference."""
    try:
        capture = gateway().get_capture(payment.capture_id or "")
        numbers = payment.refunds.exclude(paypal_refund_id=None).values_list("paypal_refund_id", flat=True)
        return (capture,), tuple(gateway().get_refund(number or "") for number in numbers)
    except Expired:
        return (), ()


def _sum_remote(payment: Payment, captures: tuple[CaptureState, ...], refunds: tuple[RefundState, ...]) -> PayPalTotals:
    captured = [capture.amount for capture in captures if capture.status in COLLECTED]
    nothing = Money(0, captured[0].currency if captured else payment.currency)
    completed = [refund.amount for refund in refunds if refund.status is RefundStatus.COMPLETED]
    total = sum((amount for amount in captured if amount.currency == nothing.currency), nothing)
    returned = sum((amount for amount in completed if amount.currency == nothing.currency), nothing)
    if captures and all(capture.status is CaptureStatus.REFUNDED for capture in captures):
        returned = total  # the bank may have reversed it without a PayPal refund
    status = captures[0].status if captures else "nothing collected"
    return PayPalTotals(total, returned, status, captures[0].id if captures else "")


def _repair_refunds(payment: Payment, seen: PayPalTotals, refunds: tuple[RefundState, ...]) -> None:
    """Records what is missing here. Whatever can't be repaired is stored as a difference."""
    known = dict(payment.refunds.values_list("paypal_refund_id", "state"))
    try:
        for refund in refunds:
            if _is_state_change(refund, known.get(refund.id)):
                import_refund(paypal_refund_id=refund.id)
        if seen.status == CaptureStatus.REFUNDED and seen.captured == payment.total:
            record_remaining_chargeback(payment=payment)
        if seen.returned.minor < payment.refunded_minor:
            _update_won_disputes(payment)
    except PaymentUnknown:
        logger.error("payment %s: a refund at PayPal names another capture", payment.pk)


def _is_state_change(refund: RefundState, state: str | None) -> bool:
    if refund.status is RefundStatus.COMPLETED:
        return state not in {Refund.State.COMPLETED, Refund.State.REVERTED}
    return state is None or (refund.status in REVERTED_STATUSES and state == Refund.State.COMPLETED)


def _update_won_disputes(payment: Payment) -> None:
    for dispute in payment.disputes.filter(outcome__in=Dispute.KEPT):
        update_dispute(paypal_id=dispute.paypal_id)


@transaction.atomic
def _store_snapshot(payment: Payment, seen: PayPalTotals, asked_at: datetime) -> PayPalSnapshot:
    """Stores the snapshot and the difference, unless the payment changed while PayPal answered."""
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    problem = describe_mismatch(payment, seen)
    is_comparable = not problem or payment.changed_at <= asked_at
    snapshot, _ = PayPalSnapshot.objects.update_or_create(
        payment=payment,
        defaults={
            "currency": seen.captured.currency,
            "captured_minor": seen.captured.minor,
            "returned_minor": seen.returned.minor,
            "status": seen.status,
            "checked_at": timezone.now() if is_comparable else asked_at,
        },
    )
    if is_comparable and problem != payment.problem:
        Payment.objects.filter(pk=payment.pk).update(problem=problem)
        record(action=f"shop.payment.{'differs' if problem else 'agrees'}", about=payment, actor=None)
    return snapshot


def describe_mismatch(payment: Payment, seen: PayPalTotals) -> str:
    """The difference in words for staff; empty if there is none."""
    if payment.state in Payment.UNSETTLED and seen.captured.minor == 0:
        return payment.problem  # nothing was captured, and the problem that `settle` found persists
    expected = payment.total if payment.is_received else Money(0, payment.currency)
    if seen.captured != expected:
        return f"PayPal collected {seen.captured}; here it is {expected}"
    if payment.is_received and seen.capture_id != payment.capture_id:
        return f"PayPal's capture is {seen.capture_id}; here it is {payment.capture_id}"
    if seen.status == CaptureStatus.PARTIALLY_REFUNDED and not (seen.returned.minor or payment.refunded_minor):
        return "PayPal returned a part and doesn't say how much; here it is nothing"
    if seen.returned != payment.returned:
        return f"PayPal returned {seen.returned}; here it is {payment.returned}"
    return ""
