"""Bar charts: the coordinates that `templates/_bars.html` writes into an SVG.

The SVG contains only bars, in a 100 × 100 viewBox that stretches to the space available; all text is outside it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

HIGHEST, LOWEST = 96, 1.5  # of 100: leaves a margin above the highest bar, and keeps the lowest visible
GAP = 0.22  # share of a bar's slot


@dataclass(frozen=True)
class Bar:
    """Coordinates in the viewBox, and the text."""

    x: str
    width: str
    y: str
    height: str
    text: str


def bars(values: Collection[tuple[str, int]], *, places: int = 1) -> list[Bar]:
    """A bar for each positive value, with its text. `places` is the minimum number of slots, so that a chart of two
    values has narrow bars."""
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
