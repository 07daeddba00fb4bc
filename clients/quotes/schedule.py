"""What the installments of a quote come to. Their amounts add up to its total, to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shop.money import Money


class ScheduleProblem(ValueError):
    """The installments can't be paid as entered. The text says why, for staff."""


@dataclass(frozen=True)
class Share:
    """A percentage of the total, a fixed amount, or (neither) the rest."""

    percent: Decimal | None = None
    fixed: Money | None = None

    @property
    def is_rest(self) -> bool:
        return self.percent is None and self.fixed is None


def installment_amounts(total: Money, shares: Sequence[Share]) -> list[Money]:
    """The amounts, in the same order. Percentages are rounded half up; the rest, or the last of percentages that make
    100%, takes the difference. Raises `ScheduleProblem`."""
    rests = [share for share in shares if share.is_rest]
    if len(rests) > 1:
        raise ScheduleProblem("Only one installment can be the rest: give the others a percentage or an amount.")
    amounts = [_amount(total, share) for share in shares]
    left = total - sum(amounts, Money(0, total.currency))
    if rests:
        amounts[shares.index(rests[0])] = left
    elif sum(share.percent or 0 for share in shares) == 100 and all(share.percent for share in shares):
        amounts[-1] += left
    elif left.minor:
        added = total - left
        raise ScheduleProblem(
            f"The installments add up to {added}, and the quote to {total}. Leave percentage and amount of one"
            " installment empty: then it is the rest."
        )
    if any(amount.minor <= 0 for amount in amounts):
        raise ScheduleProblem(f"Nothing is left of {total} for one of the installments. Make the others smaller.")
    return amounts


def _amount(total: Money, share: Share) -> Money:
    if share.percent is not None:
        return total.percent(share.percent)
    return share.fixed or Money(0, total.currency)
