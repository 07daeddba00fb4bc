"""What may happen to an affiliate while a payout run waits: most of it makes them ineligible."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from affiliates.commissions.flags import raise_flag
from affiliates.membership.account_state import close_affiliate, suspend_affiliate
from affiliates.models import Commission, Flag
from privacy.admin_base.refusals import ActionRefused
from shop.models import Payment
from shop.payments.refunds import refund_payment

from .steps import CURRENCIES, RECEIVED
from .world import World

Trouble = Callable[[World, int, str], None]  # who, and the run's currency


def suspend(world: World, who: int, currency: str) -> None:
    with suppress(ActionRefused):
        suspend_affiliate(affiliate=world.affiliate(who), reason="because", actor=world.bob)


def close(world: World, who: int, currency: str) -> None:
    with suppress(ActionRefused):
        close_affiliate(affiliate=world.affiliate(who), reason="because", actor=world.bob)


def hold(world: World, who: int, currency: str) -> None:
    earned = Commission.objects.filter(attribution__affiliate=world.affiliates[who], currency=currency)
    raise_flag(attribution=earned.order_by("pk")[earned.count() - 1].attribution, kind=Flag.Kind.BY_STAFF)


def publish_terms(world: World, who: int, currency: str) -> None:
    world.publish_terms()


def change_address(world: World, who: int, currency: str) -> None:
    world.change_address(who, f"happy.{who}@example.net")


def take_address_away(world: World, who: int, currency: str) -> None:
    world.change_address(who, None)


def share_address(world: World, who: int, currency: str) -> None:
    """With another affiliate, who has something to come."""
    world.put_right(1 - who)
    world.sell(1 - who, CURRENCIES.index(currency))
    world.approve_commissions()
    world.change_address(1 - who, world.affiliate(who).payout_email)


def refund_everything(world: World, who: int, currency: str) -> None:
    brought = Payment.objects.filter(order__attribution__affiliate=world.affiliates[who], currency=currency)
    for payment in brought.filter(state__in=RECEIVED):
        with suppress(ActionRefused):
            refund_payment(payment=payment, amount=payment.refundable, actor=world.bob)


TROUBLES: dict[str, Trouble] = {
    "suspended": suspend,
    "closed": close,
    "held": hold,
    "terms": publish_terms,
    "other address": change_address,
    "no address": take_address_away,
    "shared address": share_address,
    "refunded": refund_everything,
}
