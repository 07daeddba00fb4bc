"""The policy as data: personal columns with purposes, retention and recipients; uses and their audiences; promises.

A snapshot is JSON, stored with each version, so that versions can be compared and old ones displayed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from .declarations import Erasure, PersonalData, Use, personal_models, tables_switched_off
from .promises import PROMISES
from .purposes import Purpose

Snapshot = Mapping[str, Any]


def running() -> Snapshot:
    """The snapshot of the running code, without what a setting switches off."""
    return _snapshot_without(tables_switched_off())


def switched_off() -> frozenset[str]:
    """What a setting switches off: tables, columns, purposes, and uses for these purposes. Privacy requests are still
    answered from rows that are left."""
    return _places_of(tables_switched_off())


@cache  # code only changes with a deploy
def _snapshot_without(off: frozenset[str]) -> Snapshot:
    on = {table: declaration for table, declaration in _by_table().items() if table not in off}
    columns = {
        f"{table}.{name}": _column(declaration, name)
        for table, declaration in on.items()
        for name in declaration.columns
    }
    return {
        "columns": columns,
        "purposes": sorted({*Purpose.values} - _purposes_of(off)),
        "uses": {
            place_of_use(table, use): _use(declaration, use)
            for table, declaration in on.items()
            for use in declaration.all_uses
        },
        "promises": [{"id": p.id, "title": p.title, "sentence": str(p.sentence)} for p in PROMISES],
    }


@cache
def _places_of(off: frozenset[str]) -> frozenset[str]:
    places = {*off, *(f"purpose:{purpose}" for purpose in _purposes_of(off))}
    for table in off:
        declaration = _by_table()[table]
        own = (declaration.purpose, *declaration.also_for)
        places |= {f"{table}.{name}" for name in declaration.columns}
        places |= {place_of_use(table, use) for use in declaration.all_uses if use.purpose in own}
    return frozenset(places)


def _purposes_of(off: frozenset[str]) -> set[str]:
    """The purposes of nothing but rows of these tables."""
    own: dict[bool, set[str]] = {True: set(), False: set()}
    for table, declaration in _by_table().items():
        own[table in off] |= {declaration.purpose, *declaration.also_for}
    return own[True] - own[False]


def _by_table() -> dict[str, PersonalData]:
    return {declaration.model._meta.db_table: declaration for declaration in personal_models()}


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
    """An empty list of columns means all columns."""
    return {
        "rows": declaration.label,
        "purpose": use.purpose.value,
        "audience": use.audience.value,
        "told": use.told,
        "columns": sorted(use.columns),
    }


def without(snapshot: Snapshot, places: Iterable[str]) -> Snapshot:
    """The snapshot without some columns, named `table.column`."""
    left_out = set(places)
    return {**snapshot, "columns": {k: v for k, v in snapshot["columns"].items() if k not in left_out}}


def hash_of(snapshot: Snapshot) -> str:
    """SHA-256, in hexadecimal, of the data declarations, without the wording of promises.

    Snapshots from before uses were recorded keep their hash.
    """
    told = {name: snapshot[name] for name in ("columns", "purposes", "uses") if name in snapshot}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def data_table(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The policy's data table: one entry per kind of row, with column names in `details` and sentences about additional
    uses in `uses`."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    uses = additional_uses(snapshot)
    for _, column in sorted(snapshot["columns"].items()):
        key = tuple(column[name] for name in ("rows", "purpose", "kept", "source", "recipients"))
        row = rows.setdefault(key, {**column, "purpose": purpose_label(column["purpose"]), "details": []})
        row["uses"] = uses.get(column["rows"], [])
        row["details"].append(column["what"])
    return [rows[key] for key in sorted(rows)]


def additional_uses(snapshot: Snapshot) -> dict[str, list[str]]:
    """Sentences about additional uses, by kind of row."""
    told: dict[str, list[str]] = {}
    for _, use in sorted(snapshot.get("uses", {}).items()):
        if use["told"]:
            told.setdefault(use["rows"], []).append(use["told"])
    return told


def purpose_label(value: str) -> str:
    """The purpose's label; its name if the code no longer has it."""
    return str(Purpose(value).label) if value in Purpose.values else value.replace("_", " ")
