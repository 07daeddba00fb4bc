"""docs/performance.md from the JSON of `make bench`: `python -m benchmarks.performance_doc`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .registry import BENCHMARKS
from .timing import Ratio

DOCS = Path(__file__).resolve().parent.parent / "docs"
FIGURES, DOCUMENT = DOCS / "performance.json", DOCS / "performance.md"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
HEAD = """# Performance

Written by `make bench` from `docs/performance.json`, which it wrote too: change neither. `make bench-quick` prints the
most important lines within three minutes, and changes nothing here.

Ours and its floor take turns in one run on one machine, so that whatever slows the machine slows both; what is compared
with what is in the module of each part. A figure is the median of its rounds, with the lowest and the highest round
where they were kept. HTTP is measured with `wrk`, 16 connections that are kept alive, and gunicorn as it is shipped. A
floor that answers is a bare view in the same gunicorn; one that stores is one raw INSERT.
"""


def render(figures: dict[str, Any]) -> str:
    databases = {name: figures["databases"][name] for name in NAMES if name in figures["databases"]}
    parts = [HEAD, "## Measured on\n\n" + _measured_on(figures["machine"], databases)]
    if missed := list(_missed(databases)):
        parts.append("## Missed\n\n" + "\n".join(missed) + "\n")
    for name, module in BENCHMARKS.items():
        if any(name in each["benchmarks"] for each in databases.values()):
            parts.append(f"## {name.replace('_', ' ').capitalize()}\n\n" + _table(name, module, databases))
    return "\n".join(parts)


def _measured_on(machine: dict[str, str], databases: dict[str, Any]) -> str:
    rows = [f"| {name} | {value} |" for name, value in machine.items()]
    for vendor, each in databases.items():
        server = each["server"]
        rest = ", ".join(f"{name} {value}" for name, value in server.items() if name != "version")
        rows.append(f"| {NAMES[vendor]} | {server['version']} ({rest}) |")
    return "| | |\n|---|---|\n" + "\n".join(rows) + "\n"


def _missed(databases: dict[str, Any]) -> Iterator[str]:
    for name in BENCHMARKS:
        for vendor, each in databases.items():
            found = each["benchmarks"].get(name, {"problem": "", "lines": []})
            if found["problem"]:
                yield f"- {name.replace('_', ' ').capitalize()}, {NAMES[vendor]}: not measured, {found['problem']}"
            for ratio in (Ratio(**line) for line in found["lines"]):
                if not ratio.is_met:
                    why = f" {ratio.obstacle[0].upper()}{ratio.obstacle[1:].rstrip('.')}." if ratio.obstacle else ""
                    yield f"- {ratio.what}, {NAMES[vendor]}: {_figure(ratio)} ({ratio.bound}).{why}"


def _table(name: str, module: str, databases: dict[str, Any]) -> str:
    """A row for each line, with the databases side by side. A line that only one of them has leaves the other empty."""
    found = {vendor: each["benchmarks"].get(name, {"lines": [], "at": ""}) for vendor, each in databases.items()}
    ratios = {vendor: {line["what"]: Ratio(**line) for line in each["lines"]} for vendor, each in found.items()}
    when = "; ".join(f"{NAMES[vendor]} {each['at'][:16].replace('T', ' ')}" for vendor, each in found.items())
    lines = [
        f"`benchmarks/{module.replace('.', '/')}.py`; {when} UTC.",
        "",
        f"| | target | {' | '.join(map(NAMES.__getitem__, found))} |",
    ]
    lines.append("|---" * (len(found) + 2) + "|")
    for what in dict.fromkeys(what for each in ratios.values() for what in each):
        here = [each.get(what) for each in ratios.values()]
        bound = next(ratio.bound for ratio in here if ratio)
        lines.append(f"| {what} | {bound} | {' | '.join(_cell(ratio) for ratio in here)} |")
    return "\n".join(lines) + "\n"


def _cell(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    shown = f"**{_figure(ratio)}**" if ratio.is_met else f"**{_figure(ratio)}, missed**"
    return "; ".join(filter(None, (shown, ratio.detail, ratio.spread and f"rounds {ratio.spread}"))).replace("|", "\\|")


def _figure(ratio: Ratio) -> str:
    return f"{ratio.value:,.2f}{ratio.unit}"


if __name__ == "__main__":
    DOCUMENT.write_text(render(json.loads(FIGURES.read_text())))
