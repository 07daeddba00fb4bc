"""Columns that hold readable text, and why nobody's words are in them.

A column that is not sealed is declared here with its reason, by the app that has it, in a module `clear_text` that
start-up finds. A new one that is not fails `tests/privacy/registry/test_clear_text.py` and turns the row `encrypted`
red: seal it (`SealedTextField`, declared with `@personal_data`), give it `choices`, or say why only the program writes
it or why everybody may read it. The sweep (`privacy.evidence.sweep`) reads what is really in them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connections, models

from .coverage import live_columns


class Sign(StrEnum):
    """What a text can look like, whoever wrote it."""

    EMAIL = "an e-mail address"
    PHONE = "a telephone number"
    CARD = "the number of a card"
    NETWORK = "a network address"
    TOKEN = "a key or a token"  # noqa: S105


@dataclass(frozen=True, kw_only=True)
class ClearTextKind:
    """Why a column is readable. `may_hold` are looks that its values have by right; each one fits `shape`, or is empty.

    `quoted`: people repeat such a value in what they write, so that it says nothing about anybody.
    """

    reason: str
    shape: re.Pattern[str] | None = None
    may_hold: frozenset[Sign] = frozenset()
    quoted: bool = False
    in_base64: bool = False


DIGEST = ClearTextKind(reason="a digest", shape=re.compile("[0-9a-f]{64}"))
PASSWORD = ClearTextKind(
    reason="the hash of a password, or none",
    shape=re.compile(r"!\w*|[a-z0-9_]+\$.+"),
    may_hold=frozenset({Sign.PHONE, Sign.TOKEN}),
)
# Cards' and telephones' numbers are digits alone; a random name of this site's has letters in it, or is too short.
OWN_NUMBER = ClearTextKind(
    reason="a random number or code that this site makes", may_hold=frozenset({Sign.PHONE}), quoted=True
)
PAYPALS = ClearTextKind(
    reason="a number, code or address of PayPal's", may_hold=frozenset({Sign.PHONE, Sign.TOKEN}), quoted=True
)
CURRENCY = ClearTextKind(reason="a currency", shape=re.compile("[A-Z]{3}"))
PROGRAM = ClearTextKind(
    reason="a name of the program's own: an action, a model, a kind, a state, a list of them", quoted=True
)
PROCESS = ClearTextKind(reason="a random name of a process", may_hold=frozenset({Sign.TOKEN}))
IDS = ClearTextKind(reason="ids alone")
TRACEBACK = ClearTextKind(reason="where in the program a task failed; the error's own words are cut off")
OWN_WORDS = ClearTextKind(reason="what the program says in words of its own, with numbers and ids")
PUBLIC = ClearTextKind(
    reason="everybody may read it on the site",
    may_hold=frozenset({Sign.EMAIL, Sign.PHONE, Sign.NETWORK, Sign.TOKEN}),
    quoted=True,
)
ROLE = ClearTextKind(reason="a role of staff, not a person", quoted=True)
ROW = ClearTextKind(reason="a row by its id or number, and the names of changed fields")
DOMAIN = ClearTextKind(reason="the domain of a network, reduced to the part that was registered", quoted=True)
PAGE = ClearTextKind(reason="a page of this site that exists, or `other`", quoted=True)
SEALED = ClearTextKind(reason="sealed before it is stored", in_base64=True)
HASHES = ClearTextKind(
    reason="a hash under a key that ends with its day", shape=re.compile(r".*:limit-(key-\d+-\d+|[0-9a-f]{64}-\d+)")
)
UNDECLARED = ClearTextKind(reason="")


@dataclass(frozen=True)
class ClearText:
    """Why a column is readable, and which promise is broken when something personal is in it."""

    kind: ClearTextKind
    promise: str = "encrypted"


_declared: dict[str, ClearText] = {}
READABLE = (models.CharField, models.TextField, models.JSONField, models.FileField, models.GenericIPAddressField)
READABLE_TYPES = {"CharField", "TextField", "JSONField", "GenericIPAddressField"}


def clear_text(kind: ClearTextKind, columns: str, *, promise: str = "encrypted") -> None:
    """Declares columns, written `table.column`, in one text. Raises `ValueError` for one that is declared twice."""
    for column in columns.split():
        if column in _declared:
            raise ValueError(f"{column} is declared twice")
        _declared[column] = ClearText(kind, promise)


def declared_columns() -> set[str]:
    return {*_declared}


def clear_text_of(column: str) -> ClearText:
    """Of one that nobody declared (it has `choices`, or was forgotten), everything is looked for."""
    return _declared.get(column, ClearText(UNDECLARED))


def model_fields() -> dict[str, models.Field[Any, Any]]:
    """`table.column` → the model's field."""
    return {
        f"{model._meta.db_table}.{field.column}": field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
    }


@dataclass(frozen=True)
class TextColumn:
    """A free one may hold any text: its model gives it no `choices`."""

    table: str
    name: str
    is_free: bool

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"

    @property
    def is_explained(self) -> bool:
        return not self.is_free or str(self) in _declared


def text_columns(alias: str) -> list[TextColumn]:
    """The columns of the live schema that hold text, libraries' tables included."""
    known, connection = model_fields(), connections[alias]
    found, described = [], cache(lambda table: _readable_by_type(connection, table))
    for table, column in live_columns(connection):
        field = known.get(f"{table}.{column}")
        if isinstance(field, READABLE) if field else column in described(table):
            found.append(TextColumn(table, column, not getattr(field, "choices", None)))
    return found


def _readable_by_type(connection: Any, table: str) -> set[str]:
    """For columns of no model. On SQLite, this is slow."""
    look = connection.introspection
    with connection.cursor() as cursor:
        described = look.get_table_description(cursor, table)
    return {column.name for column in described if look.get_field_type(column.type_code, column) in READABLE_TYPES}
