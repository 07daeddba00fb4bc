"""Reads the codes that a buyer entered or followed a link with, and calculates the price with them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from privacy.encryption.normalization import normalize_code
from shop.models import DiscountCode, DiscountUse, Product
from shop.models.discount import CODE
from shop.money import Money
from shop.pricing.discounts import choose_discounts

MOST_CODES = 3  # of one order
MOST_WORDS = 6  # that are looked up at once; whoever sends more is guessing
LONGEST_IN_LINK = 100  # characters
_BETWEEN = re.compile(r"[\s,;+]+")
_AROUND = "#@\"'`.:!?()<>[]{}\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"  # what people write around a code


class CodeRefused(Exception):
    """The code can't be used for this product now; the text says why, for the buyer."""


def no_place_left(code: DiscountCode) -> str:
    return f"The code {code.code} has been used up, or others are paying with its last places right now."


@dataclass(frozen=True, kw_only=True)
class DiscountedPrice:
    """`applied` are the codes with what each takes off, `left_out` those that don't add up with them. `rest` is what
    was entered beside discount codes: an affiliate's code, or nothing."""

    price: Money
    applied: tuple[tuple[DiscountCode, Money], ...] = ()
    left_out: tuple[DiscountCode, ...] = ()
    rest: str = ""

    @property
    def off(self) -> Money:
        return sum((amount for _, amount in self.applied), Money(0, self.price.currency))

    @property
    def total(self) -> Money:
        return self.price - self.off

    @property
    def codes(self) -> str:
        """As orders keep them: `SPRING10`, or `SPRING10 + LOYAL`; empty without a discount."""
        return " + ".join(code.code for code, _ in self.applied)


def codes_in(typed: str) -> list[str]:
    """What may be codes, each once, as typed."""
    return list(dict.fromkeys(filter(None, _BETWEEN.split(typed.strip()))))


def discounted_price(
    *, product: Product, typed: str, now: datetime, own_orders: Collection[UUID] = ()
) -> DiscountedPrice:
    """The price of the product with the codes in `typed`, in at most one query, or two with a code that is used up.
    Raises `CodeRefused`.

    `own_orders` are those that the same browser placed before: their places are the buyer's. Whether a limited code has
    a place left is certain only once `shop.discounts.places` has taken one.
    """
    if product.price is None:
        raise ValueError("a product without a price has no discount")
    words = codes_in(typed)
    if len(words) > MOST_WORDS:
        raise CodeRefused(f"Please enter at most {MOST_CODES} codes.")
    read = {word: code for word in words if CODE.fullmatch(code := normalize_code(word).strip(_AROUND))}
    rows = DiscountCode.objects.filter(code__in=read.values()).with_terms_for(product) if read else ()
    known = {row.code: row for row in rows}
    codes = list({code: known[code] for code in read.values() if code in known}.values())
    rest = " ".join(word for word in words if read.get(word) not in known) if codes else typed.strip()
    if len(codes) > MOST_CODES:
        raise CodeRefused(f"Please enter at most {MOST_CODES} codes.")
    for each in codes:
        if obstacle := each.obstacle(product, now=now):
            raise CodeRefused(obstacle)
        if not each.has_room() and not DiscountUse.objects.held_by(own_orders, each).exists():
            raise CodeRefused(no_place_left(each))
    amounts = choose_discounts(product.price, [code.discount for code in codes])
    pairs = list(zip(codes, amounts, strict=True))
    return DiscountedPrice(
        price=product.price,
        applied=tuple((code, amount) for code, amount in pairs if amount is not None),
        left_out=tuple(code for code, amount in pairs if amount is None),
        rest=rest,
    )


def code_query(text: str) -> str:
    """`?code=…` for a link to a page that shows a price; empty without a code."""
    return f"?{urlencode({'code': text})}" if (text := text.strip()[:LONGEST_IN_LINK]) else ""
