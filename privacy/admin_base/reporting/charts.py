"""Bar charts for staff, drawn here as an SVG: title, axis with round numbers, values as text and in a table.

Lengths in the SVG are percentages, and its text is text: it scales to any width and keeps the size of its letters.
A second series, such as the period before, is drawn as a line across each bar's place, so that the two differ in
shape, not in color.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

STEPS = 4  # of the axis, about
LABELED = 12  # bars; more get no value of their own in the drawing, only in the table
ON_A_PHONE = 5  # of them, that have room for their values there
X_LABELS = 5  # below the axis, about
GAP = 0.24  # share of a bar's place


@dataclass(frozen=True)
class Point:
    """One bar: its name, its value, and the value before it, if there is one to compare with."""

    label: str
    value: int
    before: int | None = None


@dataclass(frozen=True)
class ChartBar:
    """A bar's lengths in percent of the drawing, and its texts."""

    x: str
    width: str
    y: str
    height: str
    middle: str
    top: str
    label: str
    text: str
    before_text: str
    before_y: str
    place_x: str
    place_end: str
    has_label: bool
    anchor: str


@dataclass(frozen=True)
class Tick:
    """A line of the axis, from the top down."""

    y: str
    text: str
    is_zero: bool


@dataclass(frozen=True)
class Chart:
    """What `templates/privacy/admin/_chart.html` draws."""

    title: str
    description: str
    first_column: str
    value_name: str
    before_name: str
    bars: list[ChartBar]
    ticks: list[Tick]
    shows_values: bool

    @property
    def is_dense(self) -> bool:
        """Whether its values would overlap on a phone."""
        return len(self.bars) > ON_A_PHONE

    @property
    def is_empty(self) -> bool:
        return not self.bars


def bar_chart(
    title: str,
    points: Sequence[Point],
    *,
    shown: Callable[[int], str] = "{:,}".format,
    first_column: str = "Day",
    value_name: str = "Value",
    before_name: str = "",
) -> Chart:
    """A chart of whole numbers. `shown` writes a value, such as an amount in minor units, as text."""
    values = [point.value for point in points]
    before = [point.before for point in points if point.before is not None]
    lowest, highest = min([0, *values, *before]), max([0, *values, *before])
    axis = axis_ticks(lowest, highest)
    place = 100 / max(len(points), 1)
    every = max(1, ceil(len(points) / X_LABELS))

    def height(value: int) -> float:
        """Of the value's line, in percent from the top."""
        return 100 * (axis[-1] - value) / (axis[-1] - axis[0])

    def bar(number: int, point: Point) -> ChartBar:
        top, bottom = sorted((height(point.value), height(0)))
        middle = (number + 0.5) * place
        return ChartBar(
            x=f"{(number + GAP / 2) * place:.3f}",
            width=f"{(1 - GAP) * place:.3f}",
            y=f"{top:.3f}",
            height=f"{bottom - top:.3f}",
            middle=f"{middle:.3f}",
            top=f"{top:.3f}",
            label=point.label,
            text=shown(point.value),
            before_text="" if point.before is None else shown(point.before),
            before_y=f"{height(point.before):.3f}" if point.before else "",  # a row of zeros would hide the axis
            place_x=f"{number * place:.3f}",
            place_end=f"{(number + 1) * place:.3f}",
            has_label=number % every == 0,
            anchor="start" if middle < 8 else "end" if middle > 92 else "middle",
        )

    total = shown(sum(values))
    described = f"{value_name} for each of {len(points)} bars, {total} in all, at most {shown(max([0, *values]))}."
    return Chart(
        title=title,
        description=f"{described} All values are in the table below.",
        first_column=first_column,
        value_name=value_name,
        before_name=before_name if before else "",
        bars=[bar(number, point) for number, point in enumerate(points)],
        ticks=[Tick(f"{height(value):.3f}", _short(shown(value)), value == 0) for value in reversed(axis)],
        shows_values=len(points) <= LABELED,
    )


def axis_ticks(lowest: int, highest: int) -> list[int]:
    """Round numbers, ascending, that enclose both: multiples of 1, 2 or 5 times a power of ten, about `STEPS` steps."""
    span = max(highest - lowest, 1)
    rough = span / STEPS
    power = 10 ** max(floor(log10(rough)), 0)
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first, last = floor(lowest / step), max(ceil(highest / step), 1)
    return [step * number for number in range(first, last + 1)]


def _short(amount: str) -> str:
    """`$2,000` for `$2,000.00`: the numbers of an axis are round."""
    return amount.replace(".00", "")
