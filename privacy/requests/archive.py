"""Access archives: everything that is stored about a data subject.

The archive is a ZIP file with `index.html` for people, `data.json` for programs, and `files/` if there are any. All
come from the registry: each kind of row with its purpose, source, recipients, retention, and what is withheld and why.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.template.loader import render_to_string

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedBinaryField
from privacy.keystore.day_keys import KeyDestroyed
from privacy.registry.declarations import PersonalData, declaration_for, personal_models
from privacy.registry.purpose_binding import ALL_TABLES, reads
from privacy.registry.purposes import Purpose

from .cross_references import Section, reference_duplicates


@reads(ALL_TABLES, purpose=Purpose.PRIVACY_REQUEST)
def collect(*, email: str, tables: frozenset[str] | None = None) -> list[dict[str, Any]]:
    """One section per kind of row about this data subject, in the format of `data.json`. `tables` limits the kinds.

    Duplicates and empty values are left out. Only the access archive and the disclosure register may call it; nothing
    else may export personal data.
    """
    chosen = [*_chosen(tables)]
    sections = [section for declaration in chosen if (section := _section(declaration, email, tables))]
    sections += [section for declaration in chosen if (section := _section_by_others(declaration, email))]
    reference_duplicates(sections)
    return sorted((section.listed for section in sections), key=lambda listed: str(listed["what"]))


def files_of(*, email: str, tables: frozenset[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Path and content of each stored file about this data subject that isn't withheld. `collect` lists their paths.

    Only for the callers of `collect`.
    """
    for declaration in _chosen(tables):
        given = {*declaration.columns} - declaration.withheld
        names = [f.name for f in declaration.model._meta.concrete_fields if isinstance(f, SealedBinaryField)]
        for name in given.intersection(names):
            yield from ((_path_of(row), getattr(row, name)) for row in declaration.own_rows_of(email))


def _chosen(tables: frozenset[str] | None) -> Iterator[PersonalData]:
    return (one for one in personal_models() if tables is None or one.model._meta.db_table in tables)


def _section(declaration: PersonalData, email: str, tables: frozenset[str] | None) -> Section | None:
    found = list(declaration.own_rows_of(email))
    if declaration.copies and (tables is None or declaration.copies in tables):
        originals = _ids(declaration.copies, email)
        found = [row for row in found if row.pk not in originals]
    if not found:
        return None
    purposes = dict.fromkeys(_purpose(declaration, row) for row in found)
    listed = {
        "what": declaration.label,
        "purpose": ", ".join(purpose.label for purpose in purposes),
        "source": declaration.source,
        "recipients": declaration.recipients,
        "kept": str(declaration.retention),
        "copies": _copies_of(declaration, tables),
        "withheld": [
            {"what": declaration.columns[name], "why": declaration.withheld_because}
            for name in sorted(declaration.withheld)
        ],
        "rows": [_row(declaration, row, purposes=len(purposes)) for row in found],
    }
    return Section(declaration, listed)


def _section_by_others(declaration: PersonalData, email: str) -> Section | None:
    """What others wrote in this person's conversations, without who they are."""
    by_others = declaration.by_others
    if by_others is None or not by_others.label:
        return None
    fields = [f for f in declaration.model._meta.concrete_fields if f.name in by_others.given]
    names = {f: declaration.columns.get(f.name, str(f.verbose_name)) for f in fields}
    rows = [{name: _plain(row, f) for f, name in names.items()} for row in declaration.others_rows_of(email)]
    listed = {
        "what": by_others.label,
        "purpose": declaration.purpose.label,
        "source": by_others.source,
        "recipients": declaration.recipients,
        "kept": str(declaration.retention),
        "copies": [],
        "withheld": [{"what": by_others.withheld, "why": "it is about them, not about you"}],
        "rows": [{name: value for name, value in row.items() if value not in (None, "")} for row in rows],
    }
    return Section(declaration, listed) if rows else None


def _ids(table: str, email: str) -> set[Any]:
    original = declaration_for(table)
    return set(original.rows_of(email).values_list("pk", flat=True)) if isinstance(original, PersonalData) else set()


def _copies_of(declaration: PersonalData, tables: frozenset[str] | None) -> list[str]:
    """Where copies of these rows are stored, and for how long."""
    copies = (one for one in _chosen(tables) if one.copies == declaration.model._meta.db_table)
    return [f"{one.label}: {one.retention}" for one in copies]


def _purpose(declaration: PersonalData, row: models.Model) -> Purpose:
    return Purpose(getattr(row, "purpose", None) or declaration.purpose)


def _row(declaration: PersonalData, row: models.Model, *, purposes: int) -> dict[str, Any]:
    """The row's values by label; with the purpose if rows of this kind have different ones."""
    given = [name for name in declaration.columns if name not in declaration.withheld]
    personal = {declaration.columns[name]: _plain(row, _field(row, name)) for name in given}
    what_for = {"kept for": _purpose(declaration, row).label} if purposes > 1 and not _has(row, "purpose") else {}
    values = {**personal, **_circumstances(declaration, row), **what_for}
    return {label: value for label, value in values.items() if value not in (None, "", [])}


def _has(row: models.Model, name: str) -> bool:
    return any(f.name == name for f in row._meta.concrete_fields)


def _field(row: models.Model, name: str) -> models.Field[Any, Any]:
    return next(f for f in row._meta.concrete_fields if f.name == name)


def _circumstances(declaration: PersonalData, row: models.Model) -> dict[str, Any]:
    """Values of non-personal columns that are informative: dates, amounts, states. Defaults are left out."""
    told = declaration.circumstances
    fields = [
        f
        for f in row._meta.concrete_fields
        if f.name in told or (f.name not in {*declaration.columns, *declaration.unlisted} and not _internal(f))
    ]
    if any(hasattr(f, "in_words") for f in fields):
        fields = [f for f in fields if f.name != "currency"]  # part of the amount
    values = [(f, _day_or_moment(declaration, row, f)) for f in fields]
    return {told.get(f.name, str(f.verbose_name)): value for f, value in values if value or f.default != value}


def _day_or_moment(declaration: PersonalData, row: models.Model, f: models.Field[Any, Any]) -> Any:
    value = _plain(row, f)
    return value[:10] if declaration.days_alone and isinstance(f, models.DateTimeField) and value else value


def _internal(f: models.Field[Any, Any]) -> bool:
    """Lookup keys, foreign keys and secrets: unreadable for people, and some are security tokens."""
    unreadable = (BlindIndexField, models.BinaryField, models.UUIDField)
    return f.is_relation or isinstance(f, unreadable) or f.name.endswith("_digest")


def _plain(row: models.Model, f: models.Field[Any, Any]) -> Any:
    if f.is_relation:
        related = getattr(row, f.name)
        return None if related is None else str(related)
    if hasattr(f, "in_words"):
        value = getattr(row, f.name)
        return None if value == f.default == 0 else f.in_words(value, row) or None
    if f.choices:
        return str(getattr(row, f"get_{f.name}_display")() or "")
    try:
        value = getattr(row, f.attname)
    except KeyDestroyed:
        return "no longer readable: its day key was destroyed"
    if isinstance(value, bytes):
        return _path_of(row)
    if isinstance(value, list):
        return [_named(one) for one in value]
    if value is None or isinstance(value, (bool, int, str, dict)):
        return value
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def _named(value: Any) -> Any:
    """A table name's label in plain words; other values unchanged."""
    declaration = declaration_for(value) if isinstance(value, str) else None
    return declaration.label if isinstance(declaration, PersonalData) else value


def _path_of(row: Any) -> str:
    """The file's path in the archive. Models with files have an attribute `file_name`."""
    return f"files/{str(row.pk)[-8:]}-{row.file_name}"


def build_archive(*, email: str, now: datetime) -> bytes:
    """Builds the ZIP file in memory, so that no clear text reaches the disk."""
    data = {
        "about": email,
        "made_at": now.isoformat(timespec="seconds"),
        "by": settings.BUSINESS["name"],
        "sections": collect(email=email),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", render_to_string("privacy/archive/index.html", data))
        archive.writestr("data.json", json.dumps(data, indent=2, ensure_ascii=False))
        for path, content in files_of(email=email):
            archive.writestr(path, content)
    return buffer.getvalue()
