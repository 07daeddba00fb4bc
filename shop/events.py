"""PayPal's messages: stored once by their id, then used as triggers to look at the real thing."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tasks import task

from .models import Payment, PayPalEvent
from .payments import settle
from .paypal.errors import PayPalError
from .paypal.types import WebhookEvent
from .refunds import adopt_refund
from .signals import paypal_event_received

logger = logging.getLogger(__name__)

WORKER_TIME = timedelta(minutes=5)  # what the worker gets before the regular look-up does a message itself
TRY_FOR = timedelta(days=3)  # as long as PayPal itself would send it again


def receive_event(event: WebhookEvent) -> None:
    """Stores a verified message and enqueues its handling; one that came before changes nothing."""
    try:
        with transaction.atomic():
            stored = PayPalEvent.objects.create(
                event_id=event.id,
                event_type=event.event_type,
                resource_id=str(event.resource.get("id") or event.resource.get("payout_item_id") or _batch_id(event)),
                order_id=_order_id(event),
            )
            handle_event.enqueue(str(stored.pk))
    except IntegrityError:
        logger.info("message %s from PayPal came again", event.id)


def _batch_id(event: WebhookEvent) -> str:
    return str(_inside(event.resource, "batch_header", "payout_batch_id") or "")


def _order_id(event: WebhookEvent) -> str:
    return str(_inside(event.resource, "supplementary_data", "related_ids", "order_id") or "")


def _inside(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


@task()
def handle_event(event_pk: str) -> None:
    """Looks at PayPal for what the message names. A failure leaves it open for `handle_open_events`."""
    event = PayPalEvent.objects.get(pk=UUID(event_pk))
    if event.event_type.startswith(("PAYMENT.REFUND.", "PAYMENT.CAPTURE.REFUNDED")):
        adopt_refund(paypal_refund_id=event.resource_id)
    elif event.event_type.startswith(("CHECKOUT.ORDER.", "PAYMENT.CAPTURE.")):
        _settle_named(event)
    else:
        paypal_event_received.send(PayPalEvent, event_type=event.event_type, resource_id=event.resource_id)
    PayPalEvent.objects.filter(pk=event.pk).update(handled_at=timezone.now())


def handle_open_events(*, now: datetime) -> int:
    """Does again what failed: a refund made at PayPal's side is known from its message alone. Returns how many."""
    waiting = PayPalEvent.objects.filter(
        handled_at=None, received_at__lte=now - WORKER_TIME, received_at__gt=now - TRY_FOR
    )
    events = list(waiting.order_by("received_at")[:200])
    for event in events:
        try:
            handle_event.func(str(event.pk))
        except PayPalError as error:
            logger.warning("message %s is still open: %s", event.event_id, error)
    return len(events)


def _settle_named(event: PayPalEvent) -> None:
    order_id = event.order_id or event.resource_id
    payment = Payment.objects.filter(paypal_order_id=order_id).first()
    payment = payment or Payment.objects.filter(capture_id=event.resource_id).first()
    if payment is not None:
        settle(payment=payment)
