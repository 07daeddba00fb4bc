"""Receivers for the shop's signals and for changes of this app's own rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from privacy.models import Heartbeat
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Purpose
from shop.models import Order, Payment, Refund
from shop.signals import (
    code_entered,
    dispute_closed,
    order_placed,
    payer_known,
    payment_captured,
    payment_disputed,
    payment_refunded,
    paypal_event_received,
    refund_reverted,
)

from .commissions.attribution import attribute_order, flag_self_payment
from .commissions.flags import end_dispute_flags, raise_flag
from .commissions.lifecycle import earn_commission, reverse_commission
from .commissions.reverted_refunds import restore_commission
from .models import Affiliate, Attribution, Click, Commission, Flag, Label, PayPalBatch
from .payouts.sending import follow_batch
from .statistics.label_sales import queue_uncounted_sale
from .statistics.sales_rollups import recalculate_sales_of
from .tracking.code_cache import clear_code_cache
from .tracking.unstored_visits import keep_deleted_click

Params = ParamSpec("Params")
Result = TypeVar("Result")


def _pays(function: Callable[Params, Result]) -> Callable[Params, Result]:
    """Lets a receiver read for this app's own purposes, whatever page or webhook sent the signal."""
    for_commission = reads("affiliates_attribution", purpose=Purpose.REFERRAL_TRACKING)
    return reads("affiliates_affiliate", purpose=Purpose.AFFILIATE_ACCOUNT)(for_commission(function))


@receiver(code_entered)
@_pays
def know_the_code(*, code: str, **kwargs: Any) -> bool:
    return Affiliate.objects.with_code(code) is not None


@receiver(order_placed)
@_pays
def attribute(*, order: Order, request: HttpRequest, code: str, **kwargs: Any) -> None:
    attribute_order(order=order, request=request, code=code)


@receiver(payment_captured)
@_pays
def earn(*, payment: Payment, **kwargs: Any) -> None:
    earn_commission(payment=payment)


@receiver(payment_refunded)
@_pays
def reverse(*, payment: Payment, refund: Refund, **kwargs: Any) -> None:
    reverse_commission(payment=payment, refund=refund)


@receiver(refund_reverted)
@_pays
def restore(*, payment: Payment, refund: Refund, **kwargs: Any) -> None:
    restore_commission(payment=payment, refund=refund)


@receiver(payer_known)
@_pays
def compare(*, payment: Payment, payer_email: str, **kwargs: Any) -> None:
    flag_self_payment(order=payment.order, payer_email=payer_email)


@receiver(payment_disputed)
@_pays
def hold(*, payment: Payment, dispute: Model, **kwargs: Any) -> None:
    """Holds the commission of a disputed payment."""
    attribution = Attribution.objects.filter(order=payment.order_id).first()
    if attribution is not None:
        raise_flag(attribution=attribution, kind=Flag.Kind.PAYMENT_DISPUTE, dispute_id=str(dispute.pk))


@receiver(dispute_closed)
@_pays
def release(*, payment: Payment, dispute: Model, **kwargs: Any) -> None:
    attribution = Attribution.objects.filter(order=payment.order_id).first()
    if attribution is not None:
        end_dispute_flags(attribution=attribution, dispute_id=str(dispute.pk))


@receiver(paypal_event_received)
@_pays
def follow(*, event_type: str, resource_id: str, **kwargs: Any) -> None:
    """On a webhook about a PayPal batch or one of its payouts: fetches the state of the whole batch."""
    if event_type.startswith("PAYMENT.PAYOUTSBATCH."):
        _follow(PayPalBatch.objects.filter(paypal_batch_id=resource_id).first())
    elif event_type.startswith("PAYMENT.PAYOUTS-ITEM."):
        _follow(PayPalBatch.objects.filter(items__paypal_item_id=resource_id).first())


def _follow(batch: PayPalBatch | None) -> None:
    if batch is not None:
        follow_batch(batch=batch)


@receiver(pre_delete, sender=Click)
def keep_the_count(*, instance: Click, **kwargs: Any) -> None:
    keep_deleted_click(instance, now=timezone.now())


@receiver(post_save, sender=Commission)
@_pays
def sum_up(*, instance: Commission, created: bool, **kwargs: Any) -> None:
    recalculate_sales_of(instance)
    if created:
        queue_uncounted_sale(instance)


post_save.connect(clear_code_cache, sender=Affiliate)
post_save.connect(clear_code_cache, sender=Label)
post_delete.connect(clear_code_cache, sender=Label)
post_save.connect(clear_code_cache, sender=Heartbeat)
