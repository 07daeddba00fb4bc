"""Fraud signals: signs that affiliates buy through their own links. Each only holds the commission; a person decides.

That click and order come from the same network address is typical of an honest sale: the buyer follows a link and buys,
at home. It counts as a signal only if orders of other buyers came from that address too, and never for a private
address, which a whole building may share. A shared mail domain is not a signal. An order that a token brought
(`AFFILIATE_CONSENT=link`) has no click and no address: this signal can't exist for it, and its explanation says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from affiliates.models import Affiliate, Attribution, Commission, Flag
from privacy.encryption.normalization import normalize_email
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Purpose

Kind = Flag.Kind
LOOK_BACK = 200  # earlier orders of the affiliate whose clicks are still stored
RATED_OVER = timedelta(days=180)
RATED_FROM = 10  # sales; fewer are not significant
TOO_MANY_REFUNDED = 0.3
GMAIL = {"gmail.com", "googlemail.com"}  # the same mailbox: https://support.google.com/mail/answer/10313


def detect_fraud_signals(*, attribution: Attribution, buyer: AbstractBaseUser | AnonymousUser) -> list[str]:
    """The signals about an order when it is placed."""
    return list(_signals(attribution, buyer))


def _signals(attribution: Attribution, buyer: AbstractBaseUser | AnonymousUser) -> Iterator[str]:
    affiliate, mailbox = attribution.affiliate, mailbox_of(attribution.order.email)
    if buyer.pk is not None and buyer.pk == affiliate.user_id:
        yield Kind.SAME_ACCOUNT
    if mailbox and mailbox == mailbox_of(affiliate.user.email):
        yield Kind.SAME_EMAIL
    if mailbox and mailbox == mailbox_of(affiliate.payout_email):
        yield Kind.SAME_PAYOUT_EMAIL
    if _address_has_other_buyers(attribution):
        yield Kind.SAME_ADDRESS
    if _is_refunded_too_often(attribution):
        yield Kind.REFUND_RATE


def is_payer_the_affiliate(affiliate: Affiliate, *, payer_email: str) -> bool:
    """Compares PayPal's payer with both of the affiliate's addresses when the payment arrives, without storing it."""
    return mailbox_of(payer_email) in {mailbox_of(affiliate.payout_email), mailbox_of(affiliate.user.email)} - {""}


def mailbox_of(email: str | None) -> str:
    """The mailbox behind an address, for comparing two: without a `+label`, and for Gmail without dots and under one
    domain. It never identifies a person: ADR 24."""
    local, _, domain = normalize_email(email or "").rpartition("@")
    local = local.partition("+")[0]
    if domain in GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if domain else ""


@reads("affiliates_click", purpose=Purpose.REFERRAL_TRACKING)
def _address_has_other_buyers(attribution: Attribution) -> bool:
    """Whether another buyer's click and order for this affiliate came from the same address within the life of the
    clicks."""
    click = attribution.click
    address = click.readable_address() if click and click.same_address else None
    if address is None or not ip_address(address).is_global:
        return False
    others = (
        Attribution.objects.filter(affiliate=attribution.affiliate_id, click__same_address=True)
        .exclude(order__email_index=attribution.order.email)
        .select_related("click")
        .order_by("-decided_at")[:LOOK_BACK]
    )
    return any(other.click and other.click.readable_address() == address for other in others)


def _is_refunded_too_often(attribution: Attribution) -> bool:
    sales = Commission.objects.filter(
        attribution__affiliate=attribution.affiliate_id, created_at__gt=attribution.decided_at - RATED_OVER
    )
    count = sales.count()
    return count >= RATED_FROM and sales.filter(reversed_minor__gt=0).count() > TOO_MANY_REFUNDED * count
