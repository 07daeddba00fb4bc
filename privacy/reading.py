"""Purpose-bound reading: some columns open only for code that says what it reads them for.

A function that reads such a column is declared with `@reads`. Any other code gets `OtherPurpose`, whichever way it came
by the row. Who is declared stands in `readers()`, for the page of evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from .purposes import Purpose
from .registry import PersonalData, declaration_for

Params = ParamSpec("Params")
Result = TypeVar("Result")

ALL_TABLES = ""  # for what answers people: each of them may see everything about themselves


class OtherPurpose(Exception):
    """This column is not read for this purpose, or by code that names none."""


@dataclass(frozen=True)
class Reader:
    """A function that is declared to read the purpose-bound columns of a table."""

    code: str
    table: str
    purpose: Purpose


_readers: list[Reader] = []
_acting_for: ContextVar[Purpose | None] = ContextVar("acting_for", default=None)


def reads(table: str, *, purpose: Purpose) -> Callable[[Callable[Params, Result]], Callable[Params, Result]]:
    """Declares a function as a reader of a table's purpose-bound columns."""

    def declare(function: Callable[Params, Result]) -> Callable[Params, Result]:
        _readers.append(Reader(f"{function.__module__}.{function.__qualname__}", table, purpose))

        @wraps(function)
        def acting(*args: Params.args, **kwargs: Params.kwargs) -> Result:
            with acting_for(purpose):
                return function(*args, **kwargs)

        return acting

    return declare


@contextmanager
def acting_for(purpose: Purpose) -> Iterator[None]:
    before = _acting_for.set(purpose)
    try:
        yield
    finally:
        _acting_for.reset(before)


def readers(table: str) -> list[Reader]:
    return [reader for reader in _readers if reader.table in (table, ALL_TABLES)]


def require_purpose(table: str) -> None:
    """Raises `OtherPurpose` unless the running code acts for a purpose that the table's rows are kept for."""
    if _acting_for.get() not in purposes_open_to(table):
        raise OtherPurpose(f"{table} is read for its purpose only: declare the reader with @reads")


def purposes_open_to(table: str) -> set[Purpose]:
    """What the rows are kept for, and showing them to the person whom they are about."""
    declaration = declaration_for(table)
    own = {declaration.purpose} if isinstance(declaration, PersonalData) else set()
    return own | {Purpose.PRIVACY_REQUEST}
