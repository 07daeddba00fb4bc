"""Second captures for one order: never counted as payments, shown to staff until they are refunded."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from privacy.audit.trail import record
from shop.models import ExtraCapture, Payment
from shop.paypal.gateway import gateway
from shop.paypal.types import CaptureState, CaptureStatus

logger = logging.getLogger(__name__)


@transaction.atomic
def record_extra_capture(*, payment: Payment, capture: CaptureState) -> None:
    """Records a capture beside the order's own, or that such a capture was refunded."""
    if Payment.objects.filter(capture_id=capture.id).exclude(state__in=Payment.UNSUCCESSFUL).exists():
        return  # it is another order's payment
    extra, is_new = ExtraCapture.objects.get_or_create(
        capture_id=capture.id,
        defaults={"payment": payment, "amount_minor": capture.amount.minor, "currency": capture.amount.currency},
    )
    if is_new:
        logger.error("payment %s: PayPal captured a second time", payment.pk)
        record(action="shop.payment.collected_twice", about=payment, actor=None)
    if capture.status is CaptureStatus.REFUNDED and extra.refunded_at is None:
        ExtraCapture.objects.filter(pk=extra.pk, refunded_at=None).update(refunded_at=timezone.now())
        record(action="shop.payment.second_refunded", about=payment, actor=None)


def update_extra_capture(capture_id: str) -> bool:
    """Updates a known extra capture from PayPal. Returns False if it isn't one; raises `PayPalError`."""
    extra = ExtraCapture.objects.filter(capture_id=capture_id).select_related("payment").first()
    if extra is not None:
        record_extra_capture(payment=extra.payment, capture=gateway().get_capture(capture_id))
    return extra is not None
