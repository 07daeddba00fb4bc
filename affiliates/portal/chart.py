"""Statistics as bar charts: one small chart per metric, each with its own scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from affiliates.statistics.daily_statistics import Statistics
from privacy.web.bar_chart import Bar, bars
from shop.money import Money

from .metrics import count_text, earned


@dataclass(frozen=True)
class Panel:
    """One metric over time."""

    name: str
    series: int  # its color
    highest: str
    bars: list[Bar]


def panels(days: dict[date, Statistics], *, currency: str, step: str) -> list[Panel]:
    """Clicks, orders and earnings."""

    def panel(name: str, series: int, values: list[int], shown: Callable[[int], str] = count_text) -> Panel:
        texts = [(f"{day_in_words(day, step)}: {shown(value)}", value) for day, value in zip(days, values, strict=True)]
        return Panel(name, series, shown(max([0, *values])), bars(texts))

    figures = days.values()
    return [
        panel("Clicks", 3, [one.clicks for one in figures]),
        panel("Orders", 2, [one.orders for one in figures]),
        panel("Earned", 1, [earned(one) for one in figures], lambda minor: str(Money(minor, currency))),
    ]


def day_in_words(day: date, step: str) -> str:
    return f"{day:%B %Y}" if step == "month" else f"{day:%B %-d, %Y}"
