"""Statistics as bar charts: one small chart per metric, each with its own scale.

The drawing is only bars in a box of 100 by 100 that is stretched to its place; all text is outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from affiliates.statistics.daily_statistics import Figures
from shop.money import Money

HIGHEST = 96  # of 100: leaves a margin above the highest bar
GAP = 0.22  # of a bar's slot


@dataclass(frozen=True)
class Bar:
    """Its position in the box, and its text."""

    x: str
    width: str
    y: str
    height: str
    text: str


@dataclass(frozen=True)
class Panel:
    """One metric over time."""

    name: str
    series: int  # its color
    highest: str
    bars: list[Bar]


def panels(days: dict[date, Figures], *, currency: str, step: str) -> list[Panel]:
    """Clicks, orders and earnings."""

    def money(minor: int) -> str:
        return str(Money(minor, currency))

    return [
        _panel("Clicks", 3, days, lambda one: one.clicks, str, step),
        _panel("Orders", 2, days, lambda one: one.orders, str, step),
        _panel("Earned", 1, days, lambda one: one.earned_minor - one.reversed_minor, money, step),
    ]


def _panel(
    name: str,
    series: int,
    days: dict[date, Figures],
    of: Callable[[Figures], int],
    shown: Callable[[int], str],
    step: str,
) -> Panel:
    values = [max(of(one), 0) for one in days.values()]
    highest = max(values, default=0)
    place = 100 / max(len(values), 1)
    bars = [
        Bar(
            x=f"{index * place + place * GAP / 2:.2f}",
            width=f"{place * (1 - GAP):.2f}",
            y=f"{100 - _height(value, highest):.2f}",
            height=f"{_height(value, highest):.2f}",
            text=f"{day_in_words(day, step)}: {shown(value)}",
        )
        for index, (day, value) in enumerate(zip(days, values, strict=True))
        if value
    ]
    return Panel(name, series, shown(highest), bars)


def _height(value: int, highest: int) -> float:
    return max(value / highest * HIGHEST, 1.5)


def day_in_words(day: date, step: str) -> str:
    return f"{day:%B %Y}" if step == "month" else f"{day:%B %-d, %Y}"
