"""Webhook events: stored once by their id, then used as triggers to query PayPal.

An event stays open until it is fully handled. An event about an unknown capture is retried for three days with growing
delays; after that it waits for staff on the reconciliation page.
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
from privacy.databases.tasks import commits_by_itself
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose
from shop.models import Payment, PayPalEvent
from shop.payments.capture_booking import CAPTURED_STATUSES, apply_capture
from shop.payments.capture_lookup import PaymentUnknown
from shop.payments.chargebacks import handle_reversal
from shop.payments.disputes import update_dispute
from shop.payments.extra_captures import update_extra_capture
from shop.payments.refunds import import_refund
from shop.payments.settlement import settle
from shop.paypal.gateway import gateway
from shop.paypal.turn import Turn
from shop.paypal.types import WebhookEvent
from shop.signals import paypal_event_received

from .event_ids import EventIds, extract_ids
from .payload_filter import filter_payload

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=6)  # between two attempts


def receive_event(event: WebhookEvent) -> None:
    """Stores a verified event and enqueues its handling. A duplicate changes nothing."""
    names = extract_ids(event)
    payment = _find_payment(names)
    try:
        with transaction.atomic():
            stored = PayPalEvent.objects.create(
                event_id=event.id,
                event_type=event.event_type,
                resource_id=names.resource,
                order_id=names.order,
                capture_id=names.capture,
                payment=payment,
                payload=None if payment and payment.order.is_erased else filter_payload(event),
            )
            handle_event.enqueue(str(stored.pk))
    except IntegrityError:
        logger.info("duplicate webhook event %s", event.id)


def _find_payment(names: EventIds) -> Payment | None:
    order_ids, capture_ids = {names.order, names.resource} - {""}, {names.capture} - {""}
    named = Q(paypal_order_id__in=order_ids) | Q(capture_id__in=capture_ids)
    found = Payment.objects.filter(named).select_related("order")
    return found.only("order__email", "order__name").first()  # which tell whether the order is erased


@task()
@commits_by_itself
@acts_for(Purpose.ORDER)
def handle_event(event_pk: str) -> None:
    """The first attempt, in the worker. A failure leaves the event open for `handle_open_events`."""
    _process_event(PayPalEvent.objects.select_related("payment__order").get(pk=UUID(event_pk)), Turn())


def handle_open_events(*, now: datetime) -> int:
    """Retries failed events, because a refund made at PayPal is known from its event alone. Returns their number."""
    turn, tried = Turn(), 0
    for event in turn.take(PayPalEvent.objects.due(now)[:100]):
        _schedule_retry(event, now=now)
        try:
            _process_event(event, turn)
        except Exception:  # an unexpected event must not block the others
            logger.exception("event %s could not be handled", event.event_id)
        tried += 1
    return tried


def _schedule_retry(event: PayPalEvent, *, now: datetime) -> None:
    """Schedules the next attempt before this one, so that an event that kills the process doesn't block the others."""
    wait = min(timedelta(minutes=1) * 2 ** min(event.attempts, 10), LONGEST_WAIT)
    PayPalEvent.objects.filter(pk=event.pk).update(attempts=event.attempts + 1, due_at=now + wait)


def _process_event(event: PayPalEvent, turn: Turn) -> None:
    with turn.ask(f"event {event.event_id}", PaymentUnknown):
        _apply_event(event)
        _close_event(event)


def _apply_event(event: PayPalEvent) -> None:
    """Queries PayPal about the event's subject and applies the result."""
    kind = event.event_type
    if kind.startswith("PAYMENT.") and update_extra_capture(event.capture_id):
        return
    if kind == "PAYMENT.CAPTURE.REVERSED":
        handle_reversal(resource_id=event.resource_id, capture_id=event.capture_id)
    elif kind.startswith("PAYMENT.REFUND.") or kind == "PAYMENT.CAPTURE.REFUNDED":
        import_refund(paypal_refund_id=event.resource_id)
    elif kind.startswith("CUSTOMER.DISPUTE."):
        update_dispute(paypal_id=event.resource_id)
    elif kind.startswith(("CHECKOUT.", "PAYMENT.CAPTURE.")):
        _settle_named(event)
    else:
        paypal_event_received.send(PayPalEvent, event_type=kind, resource_id=event.resource_id)


def _settle_named(event: PayPalEvent) -> None:
    payment = event.payment or _find_payment(EventIds(event.resource_id, event.order_id, event.capture_id))
    if payment is None:
        return
    payment = settle(payment=payment)
    if event.capture_id not in {"", payment.capture_id}:  # not the payment's own capture
        capture = gateway().get_capture(event.capture_id)
        if capture.status in CAPTURED_STATUSES:
            apply_capture(payment=payment, capture=capture)


@transaction.atomic
def _close_event(event: PayPalEvent) -> None:
    """Links the event to its payment, so that access requests and erasure find it."""
    PayPalEvent.objects.filter(pk=event.pk, handled_at=None).update(handled_at=timezone.now())
    if event.payment_id is not None:
        return
    payment = _find_payment(EventIds(event.resource_id, event.order_id, event.capture_id))
    if payment is None:
        return
    unnamed = PayPalEvent.objects.filter(pk=event.pk)
    unnamed.update(payment=payment)
    if payment.order.is_erased:
        unnamed.update(payload=None)


@transaction.atomic
def dismiss_event(*, event: PayPalEvent, actor: User) -> None:
    """Closes an event that doesn't belong to this shop, for example another shop's on the same PayPal account."""
    if PayPalEvent.objects.open().filter(pk=event.pk).update(handled_at=timezone.now()):
        record(action="shop.event.dismissed", about=event, actor=actor)
