"""Sales of an affiliate at any stage, made by the application's own functions."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.utils import timezone

from affiliates.commissions.lifecycle import approve_commission
from affiliates.commissions.rates import applied_rate
from affiliates.models import Affiliate, Attribution, Commission, LedgerEntry, PayoutRun
from affiliates.payouts.sending import follow_batch
from shop.models import Order, Payment, Product, Refund
from shop.money import Money
from shop.payments.capture_booking import apply_capture
from shop.payments.refunds import apply_refund
from tests import factories
from tests.shop.purchases import capture_of, refund_of

_numbers = count(1)


def attributed_order(affiliate: Affiliate, product: Product, campaign: str = "", **fields: Any) -> Order:
    order = factories.order(product, **fields)
    applied = applied_rate(affiliate=affiliate, product=product, currency=order.currency, moment=timezone.now())
    Attribution.objects.create(
        order=order,
        affiliate=affiliate,
        route=Attribution.Route.COOKIE,
        click=factories.click(affiliate, sub=campaign, counted=True) if campaign else None,
        rate=None if applied.is_default else applied.rate,
        step=applied.step,
        step_sales=applied.sales,
        rate_percent=applied.percent,
        rate_flat_minor=applied.flat_minor,
        terms_version="1",
    )
    return order


def sale(affiliate: Affiliate, product: Product, price: str = "59.95", campaign: str = "", **fields: Any) -> Commission:
    """A paid order and its pending commission."""
    minor = Money.of(price, product.currency).minor
    order = attributed_order(affiliate, product, campaign, amount_minor=minor, **fields)
    payment = factories.payment(order, state=Payment.State.CAPTURING, paypal_order_id=f"O-{order.pk}")
    apply_capture(payment=payment, capture=capture_of(payment, amount=price))
    return Commission.objects.get(attribution__order=order)


def approved_sale(affiliate: Affiliate, product: Product, price: str = "59.95") -> Commission:
    commission = sale(affiliate, product, price)
    approve_commission(commission=commission, actor=None)
    commission.refresh_from_db()
    return commission


def refund(commission: Commission, amount: str) -> Refund:
    """So much of the order's price goes back, as PayPal tells."""
    payment = commission.attribution.order.payments.get()
    money = Money.of(amount, payment.currency)
    row = Refund.objects.create(payment=payment, amount_minor=money.minor, currency=money.currency)
    apply_refund(refund=row, remote=refund_of(payment, amount, number=f"R{next(_numbers)}"))
    commission.refresh_from_db()
    return row


def balance(affiliate: Affiliate) -> str:
    return str(LedgerEntry.objects.filter(affiliate=affiliate).balance("USD"))


def follow_payout(*, run: PayoutRun) -> None:
    """Asks PayPal for the state of each payout of a run. Raises `PayPalError`."""
    for batch in run.batches.filter(paypal_batch_id__isnull=False):
        follow_batch(batch=batch)
