"""PayPal's messages: stored once by their id, then used as triggers to look at the real thing.

A message stays open until what it tells of is settled here. One about money that is not known yet is tried again, ever
more rarely, for three days; after that it waits for staff on the reconciliation page.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from privacy.audit.trail import record
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose
from shop.models import Payment, PayPalEvent
from shop.payments.capture_booking import MONEY_CAME, apply_capture
from shop.payments.capture_lookup import PaymentUnknown
from shop.payments.chargebacks import follow_reversal
from shop.payments.disputes import follow_dispute
from shop.payments.extra_captures import follow_extra_capture
from shop.payments.refunds import adopt_refund
from shop.payments.settlement import settle
from shop.paypal.errors import PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.types import WebhookEvent
from shop.signals import paypal_event_received

from .event_ids import EventNames, names_in
from .payload_filter import kept_of

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=6)  # between two tries


def receive_event(event: WebhookEvent) -> None:
    """Stores a verified message and enqueues its handling; one that came before changes nothing."""
    names = names_in(event)
    payment = _payment_named(names)
    try:
        with transaction.atomic():
            stored = PayPalEvent.objects.create(
                event_id=event.id,
                event_type=event.event_type,
                resource_id=names.resource,
                order_id=names.order,
                capture_id=names.capture,
                payment=payment,
                payload=None if payment and payment.order.is_erased else kept_of(event),
            )
            handle_event.enqueue(str(stored.pk))
    except IntegrityError:
        logger.info("message %s from PayPal came again", event.id)


def _payment_named(names: EventNames) -> Payment | None:
    order_ids, capture_ids = {names.order, names.resource} - {""}, {names.capture} - {""}
    named = Q(paypal_order_id__in=order_ids) | Q(capture_id__in=capture_ids)
    return Payment.objects.filter(named).select_related("order").first()


@task()
@acts_for(Purpose.ORDER)
def handle_event(event_pk: str) -> None:
    """The worker's try. A failure leaves the message open for `handle_open_events`."""
    _try(PayPalEvent.objects.get(pk=UUID(event_pk)))


def handle_open_events(*, now: datetime) -> int:
    """Does again what failed: a refund made at PayPal's side is known from its message alone. Returns how many."""
    events = list(PayPalEvent.objects.due(now)[:100])
    for event in events:
        _put_off(event, now=now)
        try:
            _try(event)
        except Exception:  # a message that nobody foresaw must not keep the others waiting
            logger.exception("message %s could not be handled", event.event_id)
    return len(events)


def _put_off(event: PayPalEvent, *, now: datetime) -> None:
    """Before the try, so that a message that ends the process does not come first for ever."""
    wait = min(timedelta(minutes=1) * 2 ** min(event.attempts, 10), LONGEST_WAIT)
    PayPalEvent.objects.filter(pk=event.pk).update(attempts=event.attempts + 1, due_at=now + wait)


def _try(event: PayPalEvent) -> None:
    try:
        _look(event)
    except (PaymentUnknown, PayPalError) as error:
        logger.warning("message %s is still open: %s", event.event_id, error)
    else:
        _close(event)


def _look(event: PayPalEvent) -> None:
    """Asks PayPal about what the message names, and applies the answer."""
    kind = event.event_type
    if kind.startswith("PAYMENT.") and follow_extra_capture(event.capture_id):
        return
    if kind == "PAYMENT.CAPTURE.REVERSED":
        follow_reversal(resource_id=event.resource_id, capture_id=event.capture_id)
    elif kind.startswith("PAYMENT.REFUND.") or kind == "PAYMENT.CAPTURE.REFUNDED":
        adopt_refund(paypal_refund_id=event.resource_id)
    elif kind.startswith("CUSTOMER.DISPUTE."):
        follow_dispute(paypal_id=event.resource_id)
    elif kind.startswith(("CHECKOUT.", "PAYMENT.CAPTURE.")):
        _settle_named(event)
    else:
        paypal_event_received.send(PayPalEvent, event_type=kind, resource_id=event.resource_id)


def _settle_named(event: PayPalEvent) -> None:
    payment = _payment_named(EventNames(event.resource_id, event.order_id, event.capture_id))
    if payment is None:
        return
    payment = settle(payment=payment)
    if event.capture_id not in {"", payment.capture_id}:  # another one than the payment's own
        capture = gateway().get_capture(event.capture_id)
        if capture.status in MONEY_CAME:
            apply_capture(payment=payment, capture=capture)


@transaction.atomic
def _close(event: PayPalEvent) -> None:
    """Ties the message to its payment, so that the person finds it and erasure reaches it."""
    PayPalEvent.objects.filter(pk=event.pk, handled_at=None).update(handled_at=timezone.now())
    payment = _payment_named(EventNames(event.resource_id, event.order_id, event.capture_id))
    if payment is None or event.payment_id is not None:
        return
    unnamed = PayPalEvent.objects.filter(pk=event.pk)
    unnamed.update(payment=payment)
    if payment.order.is_erased:
        unnamed.update(payload=None)


@transaction.atomic
def set_aside(*, event: PayPalEvent, actor: User) -> None:
    """Staff decide that a message is not about this shop, for example another one's on the same PayPal account."""
    if PayPalEvent.objects.open().filter(pk=event.pk).update(handled_at=timezone.now()):
        record(action="shop.message.set_aside", about=event, actor=actor)
