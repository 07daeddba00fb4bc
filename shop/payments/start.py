"""Starts a payment at PayPal: one PayPal order per attempt, however often the buyer clicks."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from shop.models import Order, Payment
from shop.paypal.errors import Conflict, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.types import OrderItem

from .capture_booking import record_problem

logger = logging.getLogger(__name__)

State = Payment.State
INVOICE_IS_PAID = "DUPLICATE_INVOICE_ID"


class PaymentUnavailable(Exception):
    """PayPal can't be reached or refuses the order now. The order is kept and can be paid later."""


class PaymentStarting(Exception):
    """PayPal is still processing the same request of another click; `approve_url` will be set shortly."""


def start_payment(*, order: Order) -> str:
    """The URL where the buyer approves the payment. Idempotent, and never waits for another request.

    Raises `PaymentUnavailable` and `PaymentStarting`.
    """
    payment = _running_payment(order)
    if not payment.approve_url:
        try:
            _create_at_paypal(payment)
        except Conflict as error:
            if INVOICE_IS_PAID in error.issues:
                record_problem(payment, "PayPal says that the invoice of this payment is already paid")
                raise PaymentUnavailable from error
            payment.refresh_from_db()  # another click may have started it
        except PayPalError as error:
            logger.warning("payment %s could not be started: %s", payment.pk, error)
            raise PaymentUnavailable from error
    return approve_url(payment)


def approve_url(payment: Payment) -> str:
    """The approval URL of a started payment. Raises `PaymentUnavailable` and `PaymentStarting`."""
    if not payment.approve_url:
        raise PaymentStarting
    if not payment.approve_url.startswith(f"{settings.PAYPAL_APPROVE_ORIGIN}/"):
        record_problem(payment, "the approve URL is not PayPal's")
        raise PaymentUnavailable
    return payment.approve_url


def _create_at_paypal(payment: Payment) -> None:
    order = payment.order
    created = gateway().create_order(
        request_id=payment.create_key,
        reference_id=str(payment.pk),
        invoice_id=f"{order.reference}-{payment.attempt}",
        description=order.product_name,
        total=payment.total,
        items=(OrderItem(name=order.product_name, unit_amount=payment.total),),
        # Neither URL contains the order page's token: PayPal doesn't need it (shop/checkout/checkout_cookie.py).
        return_url=settings.SITE_URL + reverse("shop:checkout_return"),
        cancel_url=settings.SITE_URL + reverse("shop:checkout_cancelled"),
    )
    started = {"state": State.CREATED, "paypal_order_id": created.id, "approve_url": created.approve_url}
    if Payment.objects.filter(pk=payment.pk, state=State.NEW).update(**started, changed_at=timezone.now()):
        payment.approve_url = created.approve_url
    else:  # another click was first
        payment.refresh_from_db()


def _running_payment(order: Order) -> Payment:
    """The order's open payment, created if there is none. Most orders have had none yet, so that is tried first."""
    try:
        with transaction.atomic():
            return _create_payment(order, attempt=1)
    except IntegrityError:
        return _open_payment(order)


@transaction.atomic
def _open_payment(order: Order) -> Payment:
    order = Order.objects.select_for_update().get(pk=order.pk)
    attempts = list(order.payments.all())
    running = next((payment for payment in attempts if payment.state not in Payment.UNSUCCESSFUL), None)
    return running or _create_payment(order, attempt=len(attempts) + 1)


def _create_payment(order: Order, *, attempt: int) -> Payment:
    return Payment.objects.create(
        order=order, attempt=attempt, amount_minor=order.amount_minor, currency=order.currency
    )
