"""The deletion report, stored for some days: what was deleted, what was kept and why, and which purchases keep
working."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from privacy.erasure.consequences import UsablePurchase
from privacy.erasure.erase import ErasureLine
from privacy.registry.declarations import Erasure

from ..models import AccessArchive


@dataclass(frozen=True)
class DeletionReport:
    answer: AccessArchive
    lines: list[ErasureLine]
    usable: list[UsablePurchase]  # purchases that keep working
    ended: bool  # there were purchases, and the person ended them

    @property
    def gone(self) -> list[ErasureLine]:
        return gone(self.lines)

    @property
    def staying(self) -> list[ErasureLine]:
        return staying(self.lines)


def gone(lines: Iterable[ErasureLine]) -> list[ErasureLine]:
    return [line for line in lines if line.rule is Erasure.DELETE]


def staying(lines: Iterable[ErasureLine]) -> list[ErasureLine]:
    """Kept and anonymized rows, in one line per label, without what the erasure itself added: the page says that in
    words, and it is nothing that the person asked for."""
    merged: dict[str, ErasureLine] = {}
    for line in lines:
        if line.rule is not Erasure.DELETE:
            first = merged.get(line.label, replace(line, rows=0))
            merged[line.label] = replace(first, rows=first.rows + line.rows - line.added)
    return [line for line in merged.values() if line.rows > 0]


def write_report(lines: Iterable[ErasureLine], usable: Iterable[UsablePurchase], *, keep_usable: bool) -> bytes:
    """Serializes the report. Purchases that were ended are not included."""
    things = [asdict(thing) for thing in usable]
    report = {
        "lines": [asdict(line) for line in lines],
        "usable": things if keep_usable else [],
        "ended": bool(things) and not keep_usable,
    }
    return json.dumps(report).encode()


def read_report(answer: AccessArchive) -> DeletionReport:
    report = json.loads(answer.content)
    lines = [ErasureLine(**{**line, "rule": Erasure(line["rule"])}) for line in report["lines"]]
    return DeletionReport(answer, lines, [UsablePurchase(**thing) for thing in report["usable"]], report["ended"])
