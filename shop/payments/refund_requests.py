"""Refund requests: who may ask until when, once for each order, and what closes a request."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.erasure.erased_rows import refuse_text_about_erased
from privacy.mail.sending import notify
from shop.mails import REFUND_DECLINED, REFUND_REQUESTED, REFUND_TO_DECIDE
from shop.models import Order, Payment, Refund, RefundRequest
from shop.signals import refund_request_closed, refund_requested

if TYPE_CHECKING:
    from accounts.models import User

State = RefundRequest.State


class RefundOption(StrEnum):
    """What the buyer of an order can do about a refund now. A dispute outranks a request: PayPal decides."""

    AVAILABLE = "available"
    REQUESTED = "requested"
    DECLINED = "declined"
    DISPUTED = "disputed"
    OVER = "over"  # the refund window has ended
    AGREED = "agreed"  # an installment of a quote, which the refund policy isn't about
    NONE = "none"  # not paid, refunded, or nothing was to pay


def refund_option(order: Order, *, now: datetime) -> RefundOption:
    if order.state not in Order.DELIVERED or order.refund_until is None or not order.amount_minor:
        return RefundOption.NONE
    if order.is_disputed:
        return RefundOption.DISPUTED
    if order.product.is_service:
        return RefundOption.AGREED
    if request := RefundRequest.objects.filter(order=order).first():
        return RefundOption.REQUESTED if request.is_open else RefundOption.DECLINED
    return RefundOption.AVAILABLE if now < order.refund_until else RefundOption.OVER


@transaction.atomic
def request_refund(*, order: Order, reason: str, now: datetime) -> RefundOption:
    """Records the request of whoever has the order's link. Returns the option afterward: REQUESTED if it is recorded,
    now or before."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    option = refund_option(order, now=now)
    if option is not RefundOption.AVAILABLE:
        return option
    # After an erasure nobody could find the text again to delete it.
    text = None if order.is_erased else reason.strip() or None
    request = RefundRequest.objects.create(order=order, reason=text, requested_at=now)
    record(action="shop.refund_request.opened", about=request, actor=None)
    notify(REFUND_REQUESTED, to=order.email, about=request)
    is_held = any(held for _, held in refund_requested.send(Order, order=order))
    notify(REFUND_TO_DECIDE, to=settings.BUSINESS["email"], about=request, context={"commission_is_held": is_held})
    return RefundOption.REQUESTED


@transaction.atomic
def decline_refund(*, refund_request: RefundRequest, answer: str, actor: User) -> None:
    """Declines with a reason that is mailed to the buyer, unless they were erased. Raises `ActionRefused`."""
    refund_request = RefundRequest.objects.select_for_update().get(pk=refund_request.pk)
    if not refund_request.is_open:
        raise ActionRefused("This request was already decided.")
    if refund_request.order.is_disputed:
        raise ActionRefused("This payment is disputed. Answer the request when PayPal has decided.")
    payments = Payment.objects.filter(order=refund_request.order_id)
    if Refund.objects.filter(payment__in=payments, state__in=Refund.IN_PROGRESS).exists():
        raise ActionRefused("A refund of this order is already on its way.")
    refuse_text_about_erased(refund_request, answer)
    refund_request.answer = answer.strip()
    _close(refund_request, State.DECLINED, decided_by=actor.pk)
    record(action="shop.refund_request.declined", about=refund_request, actor=actor)
    notify(REFUND_DECLINED, to=refund_request.order.email, about=refund_request)


def close_refunded_request(refund: Refund) -> None:
    """Call it when a refund is completed, with the order locked. A partial refund leaves the request open."""
    order = refund.payment.order
    request = RefundRequest.objects.open().filter(order=order).first()
    if request is not None and order.state == Order.State.REFUNDED:
        request.order = order
        _close(request, State.REFUNDED, decided_by=refund.requested_by_id)


def _close(request: RefundRequest, state: State, *, decided_by: object) -> None:
    request.state, request.decided_at = state, timezone.now()
    request.decided_by_id = decided_by  # type: ignore[assignment]
    request.save(update_fields=["state", "answer", "decided_at", "decided_by"])
    refund_request_closed.send(Order, order=request.order)
