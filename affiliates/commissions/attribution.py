"""Attribution: which affiliate brought an order, decided once, when the order is placed."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from affiliates.models import Affiliate, Attribution, Click, Flag
from affiliates.tracking.referral_cookie import referral_of
from privacy.keystore.day_keys import one_use
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Purpose
from privacy.web.client_address import client_address
from shop.models import DiscountCode, Order

from .flags import raise_flag
from .fraud_signals import detect_fraud_signals, is_payer_the_affiliate
from .rates import applied_rate


def attribute_order(
    *, order: Order, request: HttpRequest | None, code: str, discounts: Sequence[DiscountCode] = ()
) -> Attribution | None:
    """Attributes an order by the code typed at checkout, or else by an affiliate's discount code, or else by the token
    in the checkout's address (`AFFILIATE_CONSENT=link`) or the referral cookie of the buyer's request, and raises fraud
    flags. None also for services while the program has no rate for them, and for the code of an affiliate who isn't
    active: it works for the buyer, and earns nothing."""
    with one_use():  # of the keys of the clicks' days: the address is compared with those of earlier buyers
        attribution = _decide_attribution(order, request, code, discounts)
        if attribution is not None:
            buyer = request.user if request else AnonymousUser()
            for kind in detect_fraud_signals(attribution=attribution, buyer=buyer):
                raise_flag(attribution=attribution, kind=kind)
    return attribution


def flag_self_payment(*, order: Order, payer_email: str) -> None:
    """Holds the commission when the order was paid from the affiliate's own PayPal account."""
    compared = ("affiliate__payout_email", "affiliate__user__email")
    attribution = Attribution.objects.filter(order=order).select_related("affiliate__user").only(*compared).first()
    if attribution is not None and is_payer_the_affiliate(attribution.affiliate, payer_email=payer_email):
        raise_flag(attribution=attribution, kind=Flag.Kind.SAME_PAYER)


def _decide_attribution(
    order: Order, request: HttpRequest | None, code: str, discounts: Sequence[DiscountCode]
) -> Attribution | None:
    affiliates = Affiliate.objects.select_related("user")  # whose address is compared with the buyer's
    referral = referral_of(request) if request else None
    cookie = referral.credited_cookie if referral else None
    if code and (by_code := affiliates.with_code(code)):
        return _create_attribution(order, by_code, route=Attribution.Route.CODE, discounts=discounts)
    if by_discount := affiliates.active().of_discounts(discounts):
        return _create_attribution(order, by_discount, route=Attribution.Route.DISCOUNT, discounts=discounts)
    if referral is not None and referral.link is not None:
        by_token = affiliates.with_code(referral.link.code)
        route = Attribution.Route.TOKEN
        return _create_attribution(order, by_token, route=route, discounts=discounts) if by_token else None
    if request is None or referral is None or cookie is None:
        return None
    click = referral.click_with_affiliate()
    by_link = click.affiliate if click else affiliates.filter(pk=cookie.affiliate_id).first()
    if by_link is None or not by_link.is_active:
        return None
    click = _with_address_comparison(click, request)
    return _create_attribution(order, by_link, route=Attribution.Route.COOKIE, click=click, discounts=discounts)


@reads("affiliates_click", purpose=Purpose.REFERRAL_TRACKING)
def _with_address_comparison(click: Click | None, request: HttpRequest) -> Click | None:
    """The click, marked with whether the order came from the same address. Unmarked once the address is unreadable."""
    clicked_from = click.readable_address() if click else None
    if click is not None and clicked_from is not None:
        click.same_address = clicked_from == client_address(request)
        Click._base_manager.filter(pk=click.pk).update(same_address=click.same_address)
    return click


def _create_attribution(
    order: Order,
    affiliate: Affiliate,
    *,
    route: str,
    click: Click | None = None,
    discounts: Sequence[DiscountCode] = (),
) -> Attribution | None:
    # As of the order, so that the installments of one quote have the same rate.
    applied = applied_rate(
        affiliate=affiliate,
        product=order.product,
        currency=order.currency,
        moment=order.placed_at,
        discounts=discounts,
    )
    if order.product.is_service and applied.is_default:
        return None
    return Attribution.objects.create(
        order=order,
        affiliate=affiliate,
        route=route,
        click=click,
        rate=None if applied.is_default else applied.rate,
        step=applied.step,
        step_sales=applied.sales,
        rate_percent=applied.percent,
        rate_flat_minor=applied.flat_minor,
        terms_version=affiliate.terms_version,
        decided_at=timezone.now(),
    )
