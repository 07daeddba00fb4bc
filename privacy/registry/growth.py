"""Why no table only grows: each declaration in the registry says what bounds its rows, which job deletes old ones, or
why all are kept.

Personal data whose retention ends with deletion needs no rule of its own: the purge is it.
"""

from __future__ import annotations

from dataclasses import dataclass

PURGE = "expired rows purged"  # of personal data: `privacy.erasure.retention`
PRUNING = "old rows pruned"  # of all other tables: `privacy.erasure.pruning`


@dataclass(frozen=True)
class Bounded:
    """The number of rows depends on what staff write or the code contains, not on time or visitors."""

    by: str

    def __str__(self) -> str:
        return self.by


@dataclass(frozen=True)
class DeletedWith:
    """Rows are deleted with the row that this foreign key names, whose table has a rule of its own."""

    parent: str

    def __str__(self) -> str:
        return f"deleted with its {self.parent.replace('_', ' ')}"


@dataclass(frozen=True)
class Queue:
    """Rows wait for the job of housekeeping that deletes each one it has worked on."""

    job: str

    def __str__(self) -> str:
        return f"a queue, emptied by “{self.job}”"


@dataclass(frozen=True)
class Pruned:
    """The job deletes rows `days` after the time or day in the column `since`; `why` says why not earlier.

    `rows` is the name of the queryset method that says which rows it deletes; the others are kept.
    """

    since: str
    days: int = 0
    why: str = ""
    rows: str = ""
    job: str = PRUNING

    def __str__(self) -> str:
        days = {0: "when", 1: "a day after"}.get(self.days, f"{self.days} days after")
        past = "" if self.days else " has passed"
        return f"deleted {days} `{self.since}`{past}, by “{self.job}”{self.why and '; '}{self.why}"


@dataclass(frozen=True)
class Kept:
    """All rows are kept, for a reason that is worth their number."""

    why: str

    def __str__(self) -> str:
        return f"kept: {self.why}"


Growth = Bounded | DeletedWith | Queue | Pruned | Kept

STAFF = Bounded("as many as staff write")
BOOKS = Kept("the books add up only with every row; personal columns are emptied at the end of their retention")
