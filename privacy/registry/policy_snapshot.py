"""What the policy says, as data: the personal columns with their purposes, retention and recipients; what they are used
for and who learns of it; the promises.

A snapshot is JSON, kept with each version, so that any two can be compared and an old policy can be read as it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from .declarations import Erasure, PersonalData, Use, personal_models
from .promises import PROMISES
from .purposes import Purpose

Snapshot = Mapping[str, Any]


@cache
def running() -> Snapshot:
    """That of the running code. Code changes by a deploy only, so it is taken once."""
    columns = {
        f"{declaration.model._meta.db_table}.{name}": _column(declaration, name)
        for declaration in personal_models()
        for name in declaration.columns
    }
    return {
        "columns": columns,
        "purposes": sorted(Purpose.values),
        "uses": {
            place_of_use(declaration.model._meta.db_table, use): _use(declaration, use)
            for declaration in personal_models()
            for use in declaration.all_uses
        },
        "promises": [{"id": p.id, "title": p.title, "sentence": p.sentence} for p in PROMISES],
    }


def _column(declaration: PersonalData, name: str) -> dict[str, Any]:
    stays = declaration.erasure is Erasure.KEEP or name in declaration.kept
    return {
        "rows": declaration.label,
        "what": declaration.columns[name],
        "purpose": declaration.purpose.value,
        "kept": declaration.retention.text,
        "days": declaration.retention.days,
        "since": declaration.retention.since,
        "source": declaration.source,
        "recipients": declaration.recipients,
        "after_deletion": declaration.kept_because if stays else "",
        "erasure": declaration.erasure.value,
    }


def place_of_use(table: str, use: Use) -> str:
    return f"use:{table}:{use.purpose}:{use.audience}"


def _use(declaration: PersonalData, use: Use) -> dict[str, Any]:
    """Without columns: all of them."""
    return {
        "rows": declaration.label,
        "purpose": use.purpose.value,
        "audience": use.audience.value,
        "told": use.told,
        "columns": sorted(use.columns),
    }


def without(snapshot: Snapshot, places: Iterable[str]) -> Snapshot:
    """The same without some columns, named `table.column`."""
    left_out = set(places)
    return {**snapshot, "columns": {k: v for k, v in snapshot["columns"].items() if k not in left_out}}


def hash_of(snapshot: Snapshot) -> str:
    """SHA-256, in hexadecimal, of everything that concerns data; the promises' wording is not part of it.

    Snapshots made before uses were part of one keep their hash.
    """
    told = {name: snapshot[name] for name in ("columns", "purposes", "uses") if name in snapshot}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def kept_rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The policy's table, as it was: one entry for each kind of rows, with its columns' names in `details`, and in
    `uses` the sentences on what goes beyond their purpose."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    uses = uses_told(snapshot)
    for _, column in sorted(snapshot["columns"].items()):
        key = tuple(column[name] for name in ("rows", "purpose", "kept", "source", "recipients"))
        row = rows.setdefault(key, {**column, "purpose": purpose_label(column["purpose"]), "details": []})
        row["uses"] = uses.get(column["rows"], [])
        row["details"].append(column["what"])
    return [rows[key] for key in sorted(rows)]


def uses_told(snapshot: Snapshot) -> dict[str, list[str]]:
    """The sentences on uses that go beyond what rows are kept for, by the kind of rows."""
    told: dict[str, list[str]] = {}
    for _, use in sorted(snapshot.get("uses", {}).items()):
        if use["told"]:
            told.setdefault(use["rows"], []).append(use["told"])
    return told


def purpose_label(value: str) -> str:
    """The purpose in plain words; one that the code no longer has, by its name."""
    return str(Purpose(value).label) if value in Purpose.values else value.replace("_", " ")
