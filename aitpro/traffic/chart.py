"""The bars of the daily chart, as numbers that the template writes into an SVG."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 720, 160  # of the drawing, in its own units


@dataclass(frozen=True)
class Bar:
    day: date
    views: int
    x: float
    y: float
    width: float
    height: float


def bars(days: list[tuple[date, int]]) -> list[Bar]:
    step = WIDTH / max(len(days), 1)
    most = max((views for _, views in days), default=0) or 1
    return [
        _bar(day, views, x=round(number * step, 2), width=round(step * 0.8, 2), height=round(HEIGHT * views / most, 2))
        for number, (day, views) in enumerate(days)
    ]


def _bar(day: date, views: int, *, x: float, width: float, height: float) -> Bar:
    return Bar(day, views, x, round(HEIGHT - height, 2), width, height)
