"""Lookups by blind index, compared with a plain index, among ten thousand and a million rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from benchmarks.models import PlainPerson, SealedPerson
from benchmarks.timing import Ratio, side_by_side, sized

FEW, MANY = sized(10_000, 1000), sized(1_000_000, 20_000)
LOOK_UPS = 300


def prepare(rows: int, start: int = 0) -> None:
    for model in (PlainPerson, SealedPerson):
        people = (model(email=f"person{number}@example.org") for number in range(start, rows))
        model.objects.bulk_create(people, batch_size=5000)


def _look_ups(model: Any, column: str, rows: int) -> Callable[[], None]:
    numbers = count()

    def run() -> None:
        for _ in range(LOOK_UPS):
            address = f"person{(next(numbers) * 7919) % rows}@example.org"
            assert model.objects.filter(**{column: address}).exists()  # noqa: S101

    return run


def _against_plain(rows: int) -> tuple[float, float, float]:
    blind, plain = _look_ups(SealedPerson, "email_index", rows), _look_ups(PlainPerson, "email", rows)
    return side_by_side(plain, blind)


def measure() -> Iterator[Ratio]:
    prepare(FEW)
    plain, blind, ratio = _against_plain(FEW)
    yield Ratio(
        f"look-up by blind index against a plain index, {FEW:,} rows",
        ratio,
        1.2,
        at_least=False,
        detail=_microseconds(blind, plain),
    )
    prepare(MANY, start=FEW)
    few = blind
    plain, blind, ratio = _against_plain(MANY)
    yield Ratio(f"the same, {MANY:,} rows", ratio, 1.2, at_least=False, detail=_microseconds(blind, plain))
    yield Ratio(f"look-up by blind index, {MANY:,} rows against {FEW:,}", blind / few, 1.2, at_least=False)


def _microseconds(blind: float, plain: float) -> str:
    return f"{blind / LOOK_UPS * 1e6:.0f} µs against {plain / LOOK_UPS * 1e6:.0f} µs"
