"""Every bar chart of this site: numbers that `templates/_bars.html` writes into an SVG.

The drawing is nothing but bars in a box of 100 by 100 that stretches to its place; all words stand outside it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

HIGHEST, LOWEST = 96, 1.5  # of 100: a little air above the highest bar, and the lowest can be seen
GAP = 0.22  # of a bar's place


@dataclass(frozen=True)
class Bar:
    """Where it stands in the box, and what it says."""

    x: str
    width: str
    y: str
    height: str
    text: str


def bars(values: Collection[tuple[str, int]], *, places: int = 1) -> list[Bar]:
    """A bar for each positive value, with its text. `places`: at least so many fit side by side, so that two bars alone
    are bars and not walls."""
    highest = max((value for _, value in values), default=0)
    place = 100 / max(len(values), places)
    return [
        Bar(
            x=f"{index * place + place * GAP / 2:.2f}",
            width=f"{place * (1 - GAP):.2f}",
            y=f"{100 - _height(value, highest):.2f}",
            height=f"{_height(value, highest):.2f}",
            text=text,
        )
        for index, (text, value) in enumerate(values)
        if value > 0
    ]


def _height(value: int, highest: int) -> float:
    return max(value / highest * HIGHEST, LOWEST)
