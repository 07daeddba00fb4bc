"""The report of a rehearsal, passed from the scratch copy to the live site as JSON, without personal data."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, order=True)
class FoundBreach:
    """`place` says where, without values: a column, a kind of file, or a page and its viewer.

    `tried` is False if a probe couldn't run, in which case the promise counts as broken.
    """

    promise: str
    place: str
    tried: bool = True


@dataclass
class RehearsalReport:
    """Number of `attempts` and `searches` by promise. `probes` counts both by promise and probe name."""

    attempts: Counter[str] = field(default_factory=Counter)
    searches: Counter[str] = field(default_factory=Counter)
    ways: int = 0  # tested entry points: URLs, fields, columns, commands
    breaches: set[FoundBreach] = field(default_factory=set)
    probes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unreached: list[str] = field(default_factory=list)  # descriptions of what was not searched

    @property
    def broken(self) -> set[str]:
        return {breach.promise for breach in self.breaches}

    def count_attempts(self, promise: str, probe: str, count: int = 1) -> None:
        self.attempts[promise] += count
        self.probes[promise][probe] += count

    def count_searches(self, promise: str, probe: str, count: int = 1) -> None:
        self.searches[promise] += count
        self.probes[promise][probe] += count

    def write(self, path: Path) -> None:
        path.write_text(json.dumps({**vars(self), "breaches": [asdict(breach) for breach in sorted(self.breaches)]}))

    @classmethod
    def read(cls, path: Path) -> RehearsalReport:
        """Reads a report. Raises `OSError`, `ValueError` or `TypeError` if it is incomplete."""
        told = json.loads(path.read_text())
        breaches = {FoundBreach(**breach) for breach in told["breaches"]}
        probes = defaultdict(Counter, {promise: Counter(counts) for promise, counts in told["probes"].items()})
        return cls(
            Counter(told["attempts"]), Counter(told["searches"]), told["ways"], breaches, probes, told["unreached"]
        )
