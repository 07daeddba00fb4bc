"""The bars of a report, as numbers for an SVG."""

from __future__ import annotations

from dataclasses import dataclass

from affiliates.statistics.reports import Row

WIDTH, HEIGHT = 720, 160  # of the chart, in its own units
MOST_BARS = 60  # more would be too thin


@dataclass(frozen=True)
class Bar:
    row: Row
    x: float
    y: float
    width: float
    height: float


def bars(rows: list[Row]) -> list[Bar]:
    """Earnings, one bar for each of the first rows."""
    shown = rows[:MOST_BARS]
    step = WIDTH / max(len(shown), 6)  # a few bars are not stretched over the whole width
    most = max((row.figures.earned_minor for row in shown), default=0) or 1
    return [
        _bar(row, number * step, step * 0.8, HEIGHT * row.figures.earned_minor / most)
        for number, row in enumerate(shown)
    ]


def _bar(row: Row, x: float, width: float, height: float) -> Bar:
    return Bar(row, round(x, 2), round(HEIGHT - height, 2), round(width, 2), round(height, 2))
