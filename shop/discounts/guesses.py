"""The price with the codes of a visitor, as long as their network doesn't try out codes.

A code that takes off everything is worth as much as the product, and staff choose codes that people can remember. So
wrong ones are limited per network and hour; right ones cost nothing. Above the limit no code is looked up, not even a
right one, and the product can be bought without.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from privacy.web.rate_limits import has_room, is_full, seconds_left
from shop.models import Product
from shop.signals import code_entered

from .codes import MOST_CODES, CodeRefused, DiscountedPrice, codes_in, discounted_price

WRONG_PER_NETWORK = 30  # words that are no code, per hour
LIMIT = "wrong codes network"
SEVERAL_AFFILIATES = "These are several affiliate codes. Please enter only one of them."
NO_SUCH_CODE = "This code doesn't exist. Please check it, or leave the field empty."


class TooManyWrongCodes(CodeRefused):
    """No code of this network is looked up for `seconds`."""

    def __init__(self, *, seconds: int) -> None:
        self.seconds, minutes = seconds, seconds // 60 + 1
        super().__init__(
            f"Too many wrong codes came from your network. Please try again in {minutes}"
            f" minute{'' if minutes == 1 else 's'}. Without a code, you can buy now."
        )


class UnknownCode(CodeRefused):
    """Neither a discount code nor an affiliate's. `price` is that with the other codes."""

    def __init__(self, price: DiscountedPrice) -> None:
        self.price = price
        super().__init__(NO_SUCH_CODE)


def price_within_limits(
    *, product: Product, typed: str, network: str, now: datetime, own_orders: Collection[UUID] = ()
) -> DiscountedPrice:
    """`discounted_price`, counted for the network (`network_of`). Raises `CodeRefused`, for a code that nobody has as
    `UnknownCode`."""
    if is_full(LIMIT, network, slots=WRONG_PER_NETWORK, now=now):
        raise TooManyWrongCodes(seconds=seconds_left(now))
    price = discounted_price(product=product, typed=typed, now=now, own_orders=own_orders)
    if price.rest and not is_affiliates(price.rest):
        if are_several_affiliates(price.rest):
            raise CodeRefused(SEVERAL_AFFILIATES)
        if not all(has_room(LIMIT, network, slots=WRONG_PER_NETWORK, now=now) for _ in price.rest.split()):
            raise TooManyWrongCodes(seconds=seconds_left(now))
        raise UnknownCode(price)
    return price


def is_affiliates(code: str) -> bool:
    """Whether an active affiliate has the code."""
    return any(known for _, known in code_entered.send(None, code=code))


def are_several_affiliates(codes: str) -> bool:
    """Whether active affiliates have all of these codes, more than one."""
    words = codes_in(codes)
    return 1 < len(words) <= MOST_CODES and all(map(is_affiliates, words))
