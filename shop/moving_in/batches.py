"""Takes over an export in batches, each in its own transaction: first as a rehearsal, which stores nothing.

Every line is taken over as a whole or not at all, and says why not. A run that breaks off has stored whole batches; the
next one passes over what is here already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from django.db import IntegrityError, models, transaction

from privacy.encryption.blind_index import BlindIndexField

from .cells import FORBIDDEN, CellRefused, NotTaken
from .export_file import ExportFile, FirstLines, Problem

BATCH = 500  # lines in a transaction


class MovingRow(Protocol):
    @property
    def line(self) -> int: ...


Row = TypeVar("Row", bound=MovingRow)


@dataclass
class Checked(Generic[Row]):
    """A batch after a look at the database: what can be stored, how many lines are here already, and what can't be."""

    new: list[Row] = field(default_factory=list)
    here: int = 0
    problems: list[Problem] = field(default_factory=list)


class Importer(Protocol[Row]):
    """One kind of rows. It may be asked to check a batch more than once."""

    def read(self, line: int, cells: Mapping[str, str], seen: FirstLines) -> Row:
        """Raises `CellRefused` or `NotTaken`."""

    def check(self, rows: Sequence[Row]) -> Checked[Row]: ...

    def store(self, rows: Sequence[Row]) -> None:
        """In the caller's transaction."""


@dataclass
class Outcome:
    """What became of the lines of a file."""

    taken: int = 0
    here: int = 0
    problems: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    forbidden: Counter[str] = field(default_factory=Counter)

    @property
    def lines(self) -> int:
        return self.taken + self.here + self.problems + self.left_out.total()


def move_in(
    file: ExportFile,
    importer: Importer[Row],
    *,
    apply: bool,
    tell: Callable[[Problem], None],
    progress: Callable[[Outcome], None],
) -> Outcome:
    """Takes over the file if `apply`, or else finds out what that would do. `tell` gets every line that can't be taken
    over; `progress` is called after each batch. Raises `IntegrityError` if another run stores the same lines."""
    outcome, batch = Outcome(), list[Row]()

    def refuse(problem: Problem) -> None:
        outcome.problems += 1
        tell(problem)

    def finish() -> None:
        checked = _store(importer, batch) if apply else importer.check(batch)
        outcome.taken += len(checked.new)
        outcome.here += checked.here
        for problem in checked.problems:
            refuse(problem)
        batch.clear()
        progress(outcome)

    with FirstLines() as seen:
        for record in file.records():
            if isinstance(record, Problem):
                refuse(record)
                continue
            for heading in FORBIDDEN.keys() & record.cells.keys():
                outcome.forbidden[FORBIDDEN[heading]] += bool(record.cells[heading])
            try:
                batch.append(importer.read(record.line, record.cells, seen))
            except CellRefused as refusal:
                refuse(Problem(record.line, str(refusal)))
            except NotTaken as reason:
                outcome.left_out[str(reason)] += 1
            if len(batch) == BATCH:
                finish()
        finish()
    return outcome


def _store(importer: Importer[Row], batch: Sequence[Row]) -> Checked[Row]:
    """Twice, because somebody may take a code or an address between the look and the insertion."""
    try:
        return _store_checked(importer, batch)
    except IntegrityError:
        return _store_checked(importer, batch)


@transaction.atomic
def _store_checked(importer: Importer[Row], batch: Sequence[Row]) -> Checked[Row]:
    checked = importer.check(batch)
    if checked.new:
        importer.store(checked.new)
    return checked


def stored_among(rows: models.QuerySet[Any], index_name: str, values: Iterable[str]) -> set[str]:
    """The values among these whose blind index some of these rows have. One query."""
    wanted = set(values)
    if not wanted:
        return set()
    index: Any = rows.model._meta.get_field(index_name)
    assert isinstance(index, BlindIndexField)  # noqa: S101
    candidates = {value: index.candidates(value) for value in wanted}
    every = [candidate for some in candidates.values() for candidate in some]
    found = {bytes(stored) for stored in rows.filter(**{f"{index_name}__in": every}).values_list(index_name, flat=True)}
    return {value for value, some in candidates.items() if any(bytes(one) in found for one in some)}
