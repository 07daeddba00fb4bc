"""Keeps attributions, commissions and flags in step with orders, payments, refunds and disputes of the shop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.dispatch import receiver
from django.http import HttpRequest

from affiliates.models import Affiliate, Attribution, Commission, Flag
from affiliates.purposes import reads_for_commissions
from shop.models import DiscountCode, Order, Payment, Refund
from shop.signals import (
    code_entered,
    dispute_closed,
    order_placed,
    payer_known,
    payment_captured,
    payment_disputed,
    payment_refunded,
    refund_request_closed,
    refund_requested,
    refund_reverted,
)

from .attribution import attribute_order, flag_self_payment
from .flags import end_dispute_flags, end_refund_flag, raise_flag
from .lifecycle import earn_commission
from .reversals import restore_commission, reverse_commission


@receiver(code_entered)
@reads_for_commissions
def on_code_entered(*, code: str, **kwargs: Any) -> bool:
    """Whether it is a code that an affiliate has or had. One whose account isn't active works for the buyer, as a
    discount code of theirs does, and earns nothing."""
    return Affiliate.objects.all().spelled(code).exists()


@receiver(order_placed)
@reads_for_commissions
def on_order_placed(
    *, order: Order, request: HttpRequest | None, code: str, discounts: Sequence[DiscountCode], **kwargs: Any
) -> None:
    attribute_order(order=order, request=request, code=code, discounts=discounts)


@receiver(payer_known)
@reads_for_commissions
def on_payer_known(*, payment: Payment, payer_email: str, **kwargs: Any) -> None:
    flag_self_payment(order=payment.order, payer_email=payer_email)


@receiver(payment_captured)
@reads_for_commissions
def on_payment_captured(*, payment: Payment, **kwargs: Any) -> None:
    earn_commission(payment=payment)


@receiver(payment_refunded)
@reads_for_commissions
def on_payment_refunded(*, payment: Payment, refund: Refund, **kwargs: Any) -> None:
    reverse_commission(payment=payment, refund=refund)


@receiver(refund_reverted)
@reads_for_commissions
def on_refund_reverted(*, payment: Payment, refund: Refund, **kwargs: Any) -> None:
    restore_commission(payment=payment, refund=refund)


@receiver(payment_disputed)
@reads_for_commissions
def on_payment_disputed(*, payment: Payment, dispute: Model, **kwargs: Any) -> None:
    """Holds the commission until the dispute closes."""
    attribution = Attribution.objects.filter(order=payment.order_id).first()
    if attribution is not None:
        raise_flag(attribution=attribution, kind=Flag.Kind.PAYMENT_DISPUTE, dispute_id=str(dispute.pk))


@receiver(dispute_closed)
@reads_for_commissions
def on_dispute_closed(*, payment: Payment, dispute: Model, **kwargs: Any) -> None:
    attribution = Attribution.objects.filter(order=payment.order_id).first()
    if attribution is not None:
        end_dispute_flags(attribution=attribution, dispute_id=str(dispute.pk))


@receiver(refund_requested)
@reads_for_commissions
def on_refund_requested(*, order: Order, **kwargs: Any) -> bool:
    """Holds the commission until the request is answered, even past the end of the refund window. Returns whether
    there is one that was not paid out yet."""
    attribution = Attribution.objects.filter(order=order).first()
    if attribution is None:
        return False
    raise_flag(attribution=attribution, kind=Flag.Kind.REFUND_REQUEST)
    return Commission.objects.filter(
        attribution=attribution, state__in=[Commission.State.PENDING, Commission.State.APPROVED]
    ).exists()


@receiver(refund_request_closed)
@reads_for_commissions
def on_refund_request_closed(*, order: Order, **kwargs: Any) -> None:
    attribution = Attribution.objects.filter(order=order).first()
    if attribution is not None:
        end_refund_flag(attribution=attribution)
