"""What discounts take off a price, and which of several codes apply.

A percentage counts on the full price, half-up to the minor unit, so that the order in which codes are entered changes
no amount. Together, discounts never take off more than the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shop.money import Money


@dataclass(frozen=True, kw_only=True)
class Discount:
    """A percentage of the price, or else a flat amount in minor units of the price's currency."""

    percent: Decimal | None = None
    flat_minor: int = 0
    adds_up: bool = False  # with others that do, too

    def taken_off(self, price: Money) -> Money:
        off = Money(self.flat_minor, price.currency) if self.percent is None else price.percent(self.percent)
        return min(off, price)


def choose_discounts(price: Money, discounts: Sequence[Discount]) -> list[Money | None]:
    """What each discount takes off `price`; None for one that isn't applied.

    Discounts add up only with each other if each says so. Of the alternatives, the one that takes off the most is
    applied; of equal ones, the one that was entered first.
    """
    together = [number for number, each in enumerate(discounts) if each.adds_up]
    alternatives = [[number] for number, each in enumerate(discounts) if not each.adds_up]
    if together:
        alternatives.append(together)
    if not alternatives:
        return []
    applied = [_apply(price, discounts, numbers) for numbers in sorted(alternatives)]
    return max(applied, key=lambda amounts: sum(amount.minor for amount in amounts if amount))


def _apply(price: Money, discounts: Sequence[Discount], numbers: Sequence[int]) -> list[Money | None]:
    left, amounts = price, list[Money | None]([None] * len(discounts))
    for number in numbers:
        off = min(discounts[number].taken_off(price), left)
        amounts[number], left = off, left - off
    return amounts
