"""Past sales: an order, its payment, and what became of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from affiliates.models import REFERRAL_LIFE, Affiliate, Click, Label
from affiliates.tracking.referral_cookie import COOKIE, Token, attach_referral
from privacy.audit.trail import record
from privacy.encryption.tokens import hash_token
from shop.checkout.orders import place_order
from shop.models import Payment, Product, Refund
from shop.models.terms import current_shop_terms
from shop.payments.capture_booking import apply_capture
from shop.payments.disputes import apply_dispute
from shop.payments.refunds import apply_refund

from .paypal_records import PayPalRecords


@dataclass(eq=False)
class DemoSale:
    """`referred_by` is an affiliate's name. With `by_code`, the buyer enters the code at checkout; otherwise they
    come through a link, perhaps with a campaign label."""

    at: datetime
    buyer: tuple[str, str]
    referred_by: str = ""
    by_code: bool = False
    label: str = ""
    payment: Payment = field(init=False)

    def make(self, product: Product, records: PayPalRecords, affiliate: Affiliate | None) -> None:
        """The buyer orders and pays."""
        order = place_order(
            product=product,
            terms=current_shop_terms(),
            code=affiliate.code if affiliate and self.by_code else "",
            request=self._request(affiliate),
            name=self.buyer[0],
            email=self.buyer[1],
        )
        self.payment = Payment.objects.create(
            order=order,
            state=Payment.State.CREATED,
            amount_minor=order.amount_minor,
            currency=order.currency,
            paypal_order_id=(number := records.number()),
            approve_url=f"{settings.PAYPAL_APPROVE_ORIGIN}/checkoutnow?token={number}",
        )
        apply_capture(payment=self.payment, capture=records.capture(self.payment, payer=self.buyer))

    def _request(self, affiliate: Affiliate | None) -> HttpRequest:
        """The buyer's request, with the referral cookie of a click in the hours before."""
        request = HttpRequest()
        request.user = AnonymousUser()
        if affiliate and not self.by_code:
            clicked_at = self.at - timedelta(hours=1 + self.at.minute % 20)
            labels = {each.name: each for each in Label.objects.filter(affiliate=affiliate)}
            request.COOKIES[COOKIE] = _click(affiliate, labels.get(self.label), clicked_at)
        attach_referral(request)
        return request

    def refund(self, records: PayPalRecords, *, staff: User, minor: int | None = None) -> None:
        """Staff refund the payment, or a part of it."""
        self.payment.refresh_from_db()
        refund = Refund.objects.create(
            id=uuid4(),
            payment=self.payment,
            amount_minor=minor or self.payment.amount_minor,
            currency=self.payment.currency,
            requested_by=staff,
            created_at=timezone.now(),
        )
        record(action="shop.refund.requested", about=refund, actor=staff)
        apply_refund(refund=refund, remote=records.refund(refund))

    def dispute(self, records: PayPalRecords, *, number: str, opened_at: datetime, won: bool = False) -> None:
        self.payment.refresh_from_db()
        remote = records.dispute(self.payment, number=number, opened_at=opened_at, won=won)
        apply_dispute(payment=self.payment, remote=remote)


def _click(affiliate: Affiliate, label: Label | None, clicked_at: datetime) -> str:
    """Stores a click, whose address is unknown, and returns the visitor's cookie."""
    click = Click(
        affiliate=affiliate,
        landing_path="/",
        label=label,
        clicked_at=clicked_at,
        expires_at=clicked_at + REFERRAL_LIFE,
    )
    cookie = Token(click.pk, affiliate.pk, clicked_at).sealed
    click.cookie_digest = hash_token(cookie)
    click.save(force_insert=True)
    return cookie
