"""Access: everything that is kept about a person, as an archive that anybody can read.

The archive is a zip with `index.html` for people, `data.json` for programs, and `files/` where files are kept. All come
from the registry: each kind of row with its purpose, source, recipients, retention, and what is withheld and why.
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

from .encryption.blind_index import BlindIndexField
from .encryption.fields import SealedBinaryField
from .keystore.day_keys import KeyDestroyed
from .purposes import Purpose
from .reading import ALL_TABLES, reads
from .registry import PersonalData, personal_models


@reads(ALL_TABLES, purpose=Purpose.PRIVACY_REQUEST)
def collect(*, email: str, tables: frozenset[str] | None = None) -> list[dict[str, Any]]:
    """One section per kind of row that exists about this person; shape as in `data.json`. `tables` limits the kinds.

    Only the archive for the person and the disclosure register call it: nothing else may export what is kept.
    """
    return [section for declaration in _chosen(tables) if (section := _section(declaration, email))]


def files_of(*, email: str, tables: frozenset[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file that is kept about this person and not withheld: what `collect` names by its path.

    For the callers of `collect` only.
    """
    for declaration in _chosen(tables):
        given = {*declaration.columns} - declaration.withheld
        names = [f.name for f in declaration.model._meta.concrete_fields if isinstance(f, SealedBinaryField)]
        for name in given.intersection(names):
            yield from ((_path_of(row), getattr(row, name)) for row in declaration.rows_of(email))


def _chosen(tables: frozenset[str] | None) -> Iterator[PersonalData]:
    return (one for one in personal_models() if tables is None or one.model._meta.db_table in tables)


def _section(declaration: PersonalData, email: str) -> dict[str, Any] | None:
    rows = [_row(declaration, row) for row in declaration.rows_of(email)]
    if not rows:
        return None
    return {
        "what": declaration.label,
        "purpose": declaration.purpose.label,
        "source": declaration.source,
        "recipients": declaration.recipients,
        "kept": str(declaration.retention),
        "withheld": [
            {"what": declaration.columns[name], "why": declaration.withheld_because}
            for name in sorted(declaration.withheld)
        ],
        "rows": rows,
    }


def _row(declaration: PersonalData, row: models.Model) -> dict[str, Any]:
    personal = {
        label: _plain(row, _field(row, name))
        for name, label in declaration.columns.items()
        if name not in declaration.withheld
    }
    return {**personal, **_circumstances(declaration, row)}


def _field(row: models.Model, name: str) -> models.Field[Any, Any]:
    return next(f for f in row._meta.concrete_fields if f.name == name)


def _circumstances(declaration: PersonalData, row: models.Model) -> dict[str, Any]:
    """The columns beside the personal ones that mean something to a reader: dates, amounts, states."""
    told = declaration.circumstances
    return {
        told.get(f.name, str(f.verbose_name)): _day_or_moment(declaration, row, f)
        for f in row._meta.concrete_fields
        if f.name in told or (f.name not in declaration.columns and not f.is_relation and not _internal(f))
    }


def _day_or_moment(declaration: PersonalData, row: models.Model, f: models.Field[Any, Any]) -> Any:
    value = _plain(row, f)
    return value[:10] if declaration.days_alone and isinstance(f, models.DateTimeField) and value else value


def _internal(f: models.Field[Any, Any]) -> bool:
    """Look-up keys and secrets: nothing a person could read, some of them security tokens."""
    return isinstance(f, (BlindIndexField, models.BinaryField, models.UUIDField)) or f.name.endswith("_digest")


def _plain(row: models.Model, f: models.Field[Any, Any]) -> Any:
    if f.is_relation:
        return str(getattr(row, f.name))
    if f.choices:
        return str(getattr(row, f"get_{f.name}_display")())
    if isinstance(f, BlindIndexField):
        return "present"
    try:
        value = getattr(row, f.attname)
    except KeyDestroyed:
        return "no longer readable: the key of its day is destroyed"
    if isinstance(value, bytes):
        return _path_of(row)
    if value is None or isinstance(value, (bool, int, str, list, dict)):
        return value
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def _path_of(row: Any) -> str:
    """Where a file lies in the archive. A model with a readable file says with `file_name` what it is called."""
    return f"files/{str(row.pk)[-8:]}-{row.file_name}"


def build_archive(*, email: str, now: datetime) -> bytes:
    """The zip file, made in memory: nothing readable touches the disk."""
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
