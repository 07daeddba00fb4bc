"""Reading 20,000 rows with three fields: plain, sealed, and with django-fernet-encrypted-fields."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.models import FernetRow, PlainRow, SealedRow
from benchmarks.timing import Ratio, side_by_side, sized

ROWS = sized(20_000, 5_000)
VALUES = {"name": "Carol Customer", "email": "carol.customer@example.org", "message": "How much is a small website?"}


def _prepare() -> None:
    for model in (PlainRow, SealedRow, FernetRow):
        model.objects.bulk_create((model(**VALUES) for _ in range(ROWS)), batch_size=2000)


def _read(model: Any, opened: bool) -> None:
    for row in model.objects.all():
        if opened:
            _ = row.name, row.email, row.message


def measure() -> Iterator[Ratio]:
    _prepare()
    for opened, target in ((True, 0.5), (False, 0.85)):
        sealed, plain, ratio = side_by_side(partial(_read, SealedRow, opened), partial(_read, PlainRow, opened))
        what = f"reading rows with {'all three' if opened else 'no'} sealed fields opened, against plain text"
        yield Ratio(what, ratio, target, at_least=True, detail=_rows_a_second(sealed, plain))
    sealed, fernet, ratio = side_by_side(lambda: _read(SealedRow, True), lambda: _read(FernetRow, True), rounds=3)
    yield Ratio(
        "the same, opened, against django-fernet-encrypted-fields",
        ratio,
        3,
        at_least=True,
        detail=_rows_a_second(sealed, fernet),
    )


def _rows_a_second(sealed: float, other: float) -> str:
    return f"{ROWS / sealed:,.0f} against {ROWS / other:,.0f} rows/s"
