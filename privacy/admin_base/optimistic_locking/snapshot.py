"""Snapshots of the rows that a page showed, carried in its form, and their differences from the current rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.db.models import Model
from django.utils import formats, timezone

from privacy.admin_base.staff_labels import staff_label

SHOWN = 200  # characters of a value carried in the page, to be shown as "before"; the whole value is carried as a hash
NOTHING = "empty"
SALT = "privacy.optimistic_locking"

Values = dict[str, list[str]]  # column: hash and beginning of its value
Rows = dict[str, Values]  # "app.model:key": the row's columns


@dataclass(frozen=True)
class Watched:
    """A row and its columns to compare."""

    row: Model
    columns: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.row._meta.label_lower}:{self.row.pk}"

    def column(self, name: str) -> Any:
        return self.row._meta.get_field(name)

    @property
    def values(self) -> Values:
        return {name: fingerprint(text_of(self.column(name).value_from_object(self.row))) for name in self.columns}


@dataclass
class ColumnDifference:
    """One column of one row: the value shown, the stored value, and the entered value if there is a form."""

    row: Watched | None  # None if the row was deleted
    key: str
    name: str
    label: str
    before: str
    now: str
    raw_before: list[str] = field(default_factory=list)
    mine: str = ""


def text_of(value: Any) -> str:
    """A canonical text for a value from the database or a form. Times are in whole seconds, as in forms."""
    if value is None:
        return ""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, datetime):
        return value.astimezone(timezone.get_default_timezone()).isoformat(timespec="seconds")
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, dict)) and not hasattr(value, "chunks"):
        return ",".join(sorted(text_of(each) for each in value))
    return str(value).replace("\r\n", "\n")


def fingerprint(text: str) -> list[str]:
    return [sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32], text[:SHOWN]]


def pack(watched: Iterable[Watched]) -> str:
    """The signed token for the page. Signed because it names rows, so that nobody can request others with it."""
    rows = {each.key: each.values for each in watched}
    return signing.dumps({"at": timezone.now().isoformat(), "rows": rows}, salt=SALT, compress=True)


@dataclass(frozen=True)
class SeenRows:
    """The snapshot submitted with a form: the rows as shown, the page's main row first."""

    at: datetime
    rows: Rows

    @classmethod
    def unpack(cls, token: str) -> SeenRows:
        """Raises `SuspiciousOperation` (400) for an invalid token."""
        try:
            seen = signing.loads(token, salt=SALT)
        except signing.BadSignature:
            raise SuspiciousOperation("the optimistic-locking token is invalid") from None
        return cls(at=datetime.fromisoformat(seen["at"]), rows=seen["rows"])

    @property
    def model(self) -> type[Model]:
        return apps.get_model(next(iter(self.rows)).partition(":")[0])

    @property
    def pk(self) -> str:
        return next(iter(self.rows)).partition(":")[2]

    @property
    def keys(self) -> set[str]:
        """Primary keys of all rows shown."""
        return {key.partition(":")[2] for key in self.rows}

    def differences(self, watched: Iterable[Watched]) -> list[ColumnDifference]:
        """Differences between the snapshot and these current rows."""
        now = {each.key: each for each in watched}
        changed = [d for key, each in now.items() for d in (self._changed(each) if key in self.rows else _new(each))]
        gone = [
            ColumnDifference(None, key, "", _name(key), "existed", "deleted") for key in self.rows if key not in now
        ]
        return changed + gone

    def _changed(self, row: Watched) -> list[ColumnDifference]:
        before = self.rows[row.key]
        as_shown = Overlaid(row.row, {name: text for name, (_, text) in before.items()})
        return [
            ColumnDifference(
                row=row,
                key=row.key,
                name=name,
                label=_label(row, name, is_main=row.key == next(iter(self.rows))),
                before=in_words(row.column(name), before[name][1], as_shown),
                now=in_words(row.column(name), text_of(row.column(name).value_from_object(row.row)), row.row),
                raw_before=before[name],
            )
            for name, value in row.values.items()
            if name in before and before[name][0] != value[0]
        ]


def _new(row: Watched) -> list[ColumnDifference]:
    """A row that was added since, as one line."""
    columns = (row.column(name) for name in row.columns)
    said = [in_words(column, text_of(column.value_from_object(row.row)), row.row) for column in columns]
    now = "; ".join(text for text in said if text != NOTHING)
    return [ColumnDifference(row, row.key, "", f"New {row.row._meta.verbose_name}", NOTHING, now)]


def _label(row: Watched, name: str, *, is_main: bool) -> str:
    label = str(row.column(name).verbose_name)
    return label.capitalize() if is_main else f"{row.row._meta.verbose_name}: {label}".capitalize()


def _name(key: str) -> str:
    return str(apps.get_model(key.partition(":")[0])._meta.verbose_name).capitalize()


def is_amount(difference: ColumnDifference) -> bool:
    """Whether the column has words of its own, which depend on the row's currency."""
    return (
        difference.row is not None
        and bool(difference.name)
        and hasattr(difference.row.column(difference.name), "in_words")
    )


class Overlaid:
    """A row with other values in some columns, for columns whose words depend on another one (an amount's currency)."""

    def __init__(self, row: Any, texts: dict[str, str]) -> None:
        self._row, self._texts = row, texts

    def __getattr__(self, name: str) -> Any:
        return self._texts[name] if name in self._texts else getattr(self._row, name)


def in_words(column: Any, text: str, row: Any) -> str:
    """The display text of a value: labels for choices, names for rows, amounts with their currency, times in the site's
    format."""
    if not text:
        return NOTHING
    if hasattr(column, "in_words"):
        return str(column.in_words(column.to_python(text), row))
    if column.related_model is not None:
        rows = column.related_model._base_manager.filter(pk__in=text.split(","))
        return ", ".join(staff_label(row) for row in rows)
    if column.flatchoices:
        return str(dict(column.flatchoices).get(text, text))
    if column.get_internal_type() == "BooleanField":
        return "yes" if text == "True" else "no"
    if column.get_internal_type() == "DateTimeField":
        return formats.date_format(timezone.localtime(datetime.fromisoformat(text)), "DATETIME_FORMAT")
    return text if len(text) != SHOWN else f"{text}…"
