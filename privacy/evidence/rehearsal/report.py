"""What a rehearsal found, as it is handed from the scratch copy to the real site: JSON, without a value of anybody."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, order=True)
class FoundBreach:
    """`place` says where, in words that hold no value: a column, a file's kind, a page and who saw it.

    `tried` is false where a probe could not be carried out: what was not tried is not kept.
    """

    promise: str
    place: str
    tried: bool = True


@dataclass
class RehearsalReport:
    """Counts by promise: `attempts` of getting at something, `searches` of a store, page or mail for it.

    `probes` counts both by promise and then by the name of the probe that made them.
    """

    attempts: Counter[str] = field(default_factory=Counter)
    searches: Counter[str] = field(default_factory=Counter)
    ways: int = 0  # in: addresses, fields, columns, commands that were tried
    breaches: set[FoundBreach] = field(default_factory=set)
    probes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unreached: list[str] = field(default_factory=list)  # what nobody is to believe was searched; in words, no values

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
        """Raises `OSError`, `ValueError` or `TypeError` for a report that was not finished."""
        told = json.loads(path.read_text())
        breaches = {FoundBreach(**breach) for breach in told["breaches"]}
        probes = defaultdict(Counter, {promise: Counter(counts) for promise, counts in told["probes"].items()})
        return cls(
            Counter(told["attempts"]), Counter(told["searches"]), told["ways"], breaches, probes, told["unreached"]
        )
