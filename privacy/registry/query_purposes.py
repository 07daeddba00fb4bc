"""Checks SQL queries against the purposes that the running code acts for (`privacy.registry.purpose_binding`).

In production only queries on bound tables or tables with a closed use are checked; others cost a substring search.
The rehearsal, and tests with `observed`, check every table.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import local
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from . import policy_gate
from .declarations import PersonalData, declaration_for, personal_models
from .purpose_binding import Acting, PurposeNotAllowed, acting_now, is_used
from .purposes import Audience, Purpose

# What Django writes: `FROM "table" alias`, `"table"."column"`, `T4."column"`. Our own SQL may omit the quotes.
_TABLE = re.compile(r'(?<!DELETE )\b(?:FROM|JOIN)\s+"?(\w+)"?(?:\s+(?:AS\s+)?"?(\w+)"?)?', re.IGNORECASE)
_COLUMN = re.compile(r'"?(\w+)"?\s*\.\s*"?(\w+)"?')
_COUNT = re.compile(r"\s*SELECT COUNT\(\*\)", re.IGNORECASE)
UNKNOWN = "*"  # an unknown column


@dataclass(frozen=True, order=True)
class UndeclaredRead:
    """Personal rows were read for an undeclared use."""

    where: str
    table: str
    columns: tuple[str, ...]
    uses: tuple[tuple[Purpose, Audience], ...]

    def __str__(self) -> str:
        acts_for = ", ".join(f"{purpose} ({audience})" for purpose, audience in self.uses) or "nothing"
        return f"{self.where or 'a page without a purpose'} acts for {acts_for} and reads {self.table}"


def breach_of(undeclared: UndeclaredRead) -> tuple[str, str]:
    """The broken promise and the place."""
    is_bound = undeclared.table in bound_tables()
    return "referral-for-commission-only" if is_bound else "purpose-limitation", str(undeclared)


Observer = Callable[[UndeclaredRead], None]
_observers: list[Observer] = []
_busy = local()


@lru_cache(maxsize=4000)
def tables_read(statement: str) -> Mapping[str, frozenset[str]]:
    """The tables that a query reads, with the columns it names."""
    aliases: dict[str, str] = {}
    for table, alias in _TABLE.findall(statement):
        aliases |= {table: table, **({alias: table} if alias else {})}
    found: dict[str, set[str]] = defaultdict(set)
    for qualifier, column in _COLUMN.findall(statement):
        if qualifier in aliases:
            found[aliases[qualifier]].add(column)
    for table in aliases.values():
        if not found[table] and not _COUNT.match(statement):
            found[table].add(UNKNOWN)
    return {table: frozenset(columns) for table, columns in found.items()}


def check(execute: Callable[..., Any], statement: Any, parameters: Any, many: bool, context: Mapping[str, Any]) -> Any:
    """A Django execute wrapper. Raises `PurposeNotAllowed` and `NotInEffect`."""
    acting = acting_now()
    if acting is not None and not acting.upkeep and not getattr(_busy, "asking", False):
        _busy.asking = True
        try:
            _compare(str(statement), acting)
        finally:
            _busy.asking = False
    return execute(statement, parameters, many, context)


def _compare(statement: str, acting: Acting) -> None:
    if _observers:
        for table, columns in tables_read(statement).items():
            if not _is_declared(table, columns, acting):
                undeclared = UndeclaredRead(acting.where, table, tuple(sorted(columns)), tuple(sorted(acting.uses)))
                for observer in _observers:
                    observer(undeclared)
    refuse_undeclared(statement, acting)


def refuse_undeclared(statement: str, acting: Acting) -> None:
    """Raises `PurposeNotAllowed`, and `NotInEffect` for a use that is closed."""
    for table in {*bound_tables(), *policy_gate.closed_tables()}:
        columns = tables_read(statement).get(table) if table in statement else None
        if columns is not None and not _is_declared(table, columns, acting):
            where = acting.where or "a page without a purpose"
            raise PurposeNotAllowed(
                f"{table} may only be read for its declared purposes, and {where} acts for none of them"
            )


def _is_declared(table: str, columns: frozenset[str], acting: Acting) -> bool:
    declaration = declaration_for(table)
    if not isinstance(declaration, PersonalData) or declaration.everywhere:
        return True
    return is_used(table, {*columns}, acting)


@cache
def bound_tables() -> frozenset[str]:
    return frozenset(declared.model._meta.db_table for declared in personal_models() if declared.bound)


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Observes undeclared reads within the block."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


def watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Installs the check on a new database connection. As the first: whoever opens it within `execute_wrapper` would
    take off the last one, and with it the check."""
    if check not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, check)
