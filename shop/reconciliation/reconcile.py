"""Reconciliation: do our books and PayPal's agree, amount by amount?

A look asks PayPal for a payment's order, with everything that was collected and given back, repairs what can be
repaired from it (a refund nobody told us of, a chargeback that was cancelled), and writes down what still differs.
A difference stands in `Payment.problem` until a later look finds none.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.utils import timezone

from privacy.audit.trail import record
from shop.models import Dispute, ExtraCapture, Payment, PayPalLook, Refund
from shop.models.reconciliation import LOOK_FOR
from shop.money import Money
from shop.payments.capture_booking import apply_capture
from shop.payments.capture_lookup import PaymentUnknown
from shop.payments.chargebacks import take_back_rest
from shop.payments.disputes import follow_dispute
from shop.payments.extra_captures import follow_extra_capture
from shop.payments.refunds import UNDONE, adopt_refund
from shop.payments.settlement import settle
from shop.paypal.errors import Expired, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.types import CaptureState, CaptureStatus, RefundState, RefundStatus

logger = logging.getLogger(__name__)

COLLECTED = {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED}
AT_ONCE = 20  # payments a look of the housekeeping, which comes every minute
BY_HAND = 10  # payments a press of the button: somebody waits for it


class Seen(NamedTuple):
    """What PayPal shows of one payment."""

    captured: Money
    returned: Money
    status: str
    capture_id: str


def look_at_payments(*, now: datetime, at_most: int = AT_ONCE) -> int:
    """Looks at received payments, each once a day, those that differ once an hour. Returns how many."""
    doubled = Q(pk__in=ExtraCapture.objects.to_refund().values("payment"))
    known = Payment.objects.filter(Q(state__in=Payment.RECEIVED) | doubled, created_at__gt=now - LOOK_FOR)
    due = known.exclude(pk__in=PayPalLook.objects.fresh(now).values("payment"))
    return _look_at_all(list(due.order_by(F("look__looked_at").asc(nulls_first=True))[:at_most]))


def look_again() -> int:
    """Staff's button: what differs first, then what was looked at longest ago. Returns how many were looked at."""
    doubled = Q(pk__in=ExtraCapture.objects.to_refund().values("payment"))
    differs = ~Q(problem="") | doubled
    known = Payment.objects.exclude(paypal_order_id=None).filter(differs | Q(state__in=Payment.RECEIVED))
    agrees = ExpressionWrapper(~differs, output_field=BooleanField())
    differing_first = known.annotate(agrees=agrees).order_by("agrees", F("look__looked_at").asc(nulls_first=True))
    return _look_at_all(list(differing_first[:BY_HAND]))


def _look_at_all(payments: list[Payment]) -> int:
    looked = 0
    for payment in payments:
        try:
            look_at(payment=payment)
        except PayPalError as error:
            logger.warning("payment %s could not be looked at: %s", payment.pk, error)
        else:
            looked += 1
    return looked


def look_at(*, payment: Payment) -> PayPalLook:
    """One look, with what it repairs. Raises `PayPalError` when PayPal can't be asked."""
    if not payment.is_received:
        payment = settle(payment=payment)
    for number in list(payment.extra_captures.to_refund().values_list("capture_id", flat=True)):
        follow_extra_capture(number)
    asked_at = timezone.now()
    seen, refunds = _ask(payment)
    if payment.is_received:
        _repair(payment, seen, refunds)
    return _write_down(payment, seen, asked_at)


def _ask(payment: Payment) -> tuple[Seen, tuple[RefundState, ...]]:
    """The order with all that belongs to it; where PayPal forgot the order, its capture and the refunds known here."""
    try:
        order = gateway().get_order(payment.paypal_order_id or "")
        captures, refunds = order.captures, order.refunds
    except Expired:
        captures, refunds = _ask_for_the_capture(payment)
    if payment.is_received and payment.capture_id in {capture.id for capture in captures}:
        for capture in captures:
            apply_capture(payment=payment, capture=capture)  # notes those that are not the payment's own
    extra = set(payment.extra_captures.values_list("capture_id", flat=True))
    captures = tuple(capture for capture in captures if capture.id not in extra)
    refunds = tuple(refund for refund in refunds if refund.capture_id not in extra)
    return _seen(payment, captures, refunds), refunds


def _ask_for_the_capture(payment: Payment) -> tuple[tuple[CaptureState, ...], tuple[RefundState, ...]]:
    """Nothing, where PayPal does not know that either: it is written down as a difference."""
    try:
        capture = gateway().get_capture(payment.capture_id or "")
        numbers = payment.refunds.exclude(paypal_refund_id=None).values_list("paypal_refund_id", flat=True)
        return (capture,), tuple(gateway().get_refund(number or "") for number in numbers)
    except Expired:
        return (), ()


def _seen(payment: Payment, captures: tuple[CaptureState, ...], refunds: tuple[RefundState, ...]) -> Seen:
    captured = [capture.amount for capture in captures if capture.status in COLLECTED]
    nothing = Money(0, captured[0].currency if captured else payment.currency)
    completed = [refund.amount for refund in refunds if refund.status is RefundStatus.COMPLETED]
    total = sum((amount for amount in captured if amount.currency == nothing.currency), nothing)
    returned = sum((amount for amount in completed if amount.currency == nothing.currency), nothing)
    if captures and all(capture.status is CaptureStatus.REFUNDED for capture in captures):
        returned = total  # the bank may have taken it back without a refund of PayPal's
    status = captures[0].status if captures else "nothing collected"
    return Seen(total, returned, status, captures[0].id if captures else "")


def _repair(payment: Payment, seen: Seen, refunds: tuple[RefundState, ...]) -> None:
    """Books what is missing here; what can't be repaired is left for `_write_down` to tell."""
    known = dict(payment.refunds.values_list("paypal_refund_id", "state"))
    try:
        for refund in refunds:
            if _is_news(refund, known.get(refund.id)):
                adopt_refund(paypal_refund_id=refund.id)
        if seen.status == CaptureStatus.REFUNDED and seen.captured == payment.total:
            take_back_rest(payment=payment)
        if seen.returned.minor < payment.refunded_minor:
            _look_at_won_disputes(payment)
    except PaymentUnknown:
        logger.error("payment %s: a refund at PayPal names another capture", payment.pk)


def _is_news(refund: RefundState, state: str | None) -> bool:
    if refund.status is RefundStatus.COMPLETED:
        return state not in {Refund.State.COMPLETED, Refund.State.UNDONE}
    return state is None or (refund.status in UNDONE and state == Refund.State.COMPLETED)


def _look_at_won_disputes(payment: Payment) -> None:
    for dispute in payment.disputes.filter(outcome__in=Dispute.KEPT):
        follow_dispute(paypal_id=dispute.paypal_id)


@transaction.atomic
def _write_down(payment: Payment, seen: Seen, asked_at: datetime) -> PayPalLook:
    """What was booked while PayPal answered may be missing in the answer: the next look compares it."""
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    problem = difference(payment, seen)
    is_comparable = not problem or payment.changed_at <= asked_at
    look, _ = PayPalLook.objects.update_or_create(
        payment=payment,
        defaults={
            "currency": seen.captured.currency,
            "captured_minor": seen.captured.minor,
            "returned_minor": seen.returned.minor,
            "status": seen.status,
            "looked_at": timezone.now() if is_comparable else asked_at,
        },
    )
    if is_comparable and problem != payment.problem:
        Payment.objects.filter(pk=payment.pk).update(problem=problem)
        record(action=f"shop.payment.{'differs' if problem else 'agrees'}", about=payment, actor=None)
    return look


def difference(payment: Payment, seen: Seen) -> str:
    """In words for staff; empty where the books agree."""
    if payment.state in Payment.UNSETTLED and seen.captured.minor == 0:
        return payment.problem  # nothing was collected, and what `settle` found in the way is still there
    expected = payment.total if payment.is_received else Money(0, payment.currency)
    if seen.captured != expected:
        return f"PayPal collected {seen.captured}; here it is {expected}"
    if payment.is_received and seen.capture_id != payment.capture_id:
        return f"PayPal's capture is {seen.capture_id}; here it is {payment.capture_id}"
    if seen.returned != payment.returned:
        return f"PayPal gave back {seen.returned}; here it is {payment.returned}"
    return ""
