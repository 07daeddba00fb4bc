"""Purpose-bound reading: code says for what it reads people's rows, and for whose eyes.

Every way in (a page, an admin page, a task, a step of housekeeping, a command) acts for the purposes and audiences that
it is declared with: `acts_for`, or `for_uses` around the addresses of an app. `@reads` adds those of one function. What
may then be read stands in the registry, as the uses of each table. Three things compare the two:

- A purpose-bound column opens only where its use is declared; any other code gets `OtherPurpose`, whichever way it came
  by the row.
- A statement that reads a `bound` table, or one of which a use is closed, is refused likewise
  (`privacy.registry.query_purposes`).
- The rehearsal looks at every statement and every table; so do the tests that ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from . import policy_gate
from .declarations import PersonalData, Use, declaration_for
from .policy_snapshot import place_of_use
from .purposes import Audience, Purpose

Params = ParamSpec("Params")
Result = TypeVar("Result")

ALL_TABLES = ""  # for what answers people: each of them may see everything about themselves


class OtherPurpose(Exception):
    """This is not read for this purpose, or by code that names none."""


@dataclass(frozen=True)
class Acting:
    """What the running code acts for. `upkeep` keeps rows safe and ends them in time; it shows them to nobody."""

    where: str = ""  # the way in, or the reader, in words without a value
    uses: frozenset[tuple[Purpose, Audience]] = frozenset()
    upkeep: bool = False

    def and_also(self, other: Acting) -> Acting:
        return Acting(other.where or self.where, self.uses | other.uses, self.upkeep or other.upkeep)


@dataclass(frozen=True)
class Reader:
    """A function that is declared to read the purpose-bound columns of a table."""

    code: str
    table: str
    purpose: Purpose
    audience: Audience


_readers: list[Reader] = []
_acting: ContextVar[Acting | None] = ContextVar("acting", default=None)


# --- Saying it -------------------------------------------------------------------------------------------------------


def reads(
    table: str, *, purpose: Purpose, audience: Audience = Audience.SITE
) -> Callable[[Callable[Params, Result]], Callable[Params, Result]]:
    """Declares a function as a reader of a table, for a purpose of its own beside that of its caller."""

    def declare(function: Callable[Params, Result]) -> Callable[Params, Result]:
        code = f"{function.__module__}.{function.__qualname__}"
        _readers.append(Reader(code, table, purpose, audience))
        own = Acting(code, frozenset({(purpose, audience)}))

        @wraps(function)
        def acting(*args: Params.args, **kwargs: Params.kwargs) -> Result:
            with acting_as((_acting.get() or Acting()).and_also(own)):
                return function(*args, **kwargs)

        return acting

    return declare


def acts_for(
    *purposes: Purpose, audience: Audience = Audience.SITE, upkeep: bool = False
) -> Callable[[Callable[Params, Result]], Callable[Params, Result]]:
    """Declares what a task, a command or a step of housekeeping acts for."""

    def declare(function: Callable[Params, Result]) -> Callable[Params, Result]:
        where = f"{function.__module__}.{function.__qualname__}"
        own = Acting(where, frozenset((purpose, audience) for purpose in purposes), upkeep)

        @wraps(function)
        def acting(*args: Params.args, **kwargs: Params.kwargs) -> Result:
            with acting_as(own):
                return function(*args, **kwargs)

        acting.acts_for = own  # type: ignore[attr-defined]
        return acting

    return declare


def upkeep(function: Callable[Params, Result]) -> Callable[Params, Result]:
    """Declares a function that keeps rows safe, ends them in time or measures them, whoever calls it; nobody is shown
    anything of them."""
    own = Acting(f"{function.__module__}.{function.__qualname__}", upkeep=True)

    @wraps(function)
    def acting(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        with acting_as((_acting.get() or Acting()).and_also(own)):
            return function(*args, **kwargs)

    return acting


def for_uses(patterns: Iterable[Any], *uses: tuple[Purpose, Audience]) -> None:
    """Declares what the pages at these addresses act for; those that have been declared keep theirs."""
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            for_uses(pattern.url_patterns, *uses)
        elif not hasattr(pattern.callback, "acts_for"):
            pattern.callback.acts_for = Acting(uses=frozenset(uses))


@contextmanager
def acting_as(acting: Acting | None) -> Iterator[None]:
    """Until the block ends, which no other request and no other task sees: each has a context of its own."""
    before = _acting.set(acting)
    try:
        yield
    finally:
        _acting.reset(before)


@contextmanager
def acting_for(purpose: Purpose, audience: Audience = Audience.SITE) -> Iterator[None]:
    with acting_as(Acting(uses=frozenset({(purpose, audience)}))):
        yield


def go_on_as(acting: Acting) -> None:
    """For the rest of the block of `acting_as` that is running: a page is known only after the request has begun."""
    _acting.set(acting)


def acting_now() -> Acting | None:
    """None outside every way in: a shell, a migration."""
    return _acting.get()


def at(acting: Acting, where: str) -> Acting:
    return replace(acting, where=where)


# --- What is allowed -------------------------------------------------------------------------------------------------


def readers(table: str) -> list[Reader]:
    return [reader for reader in _readers if reader.table in (table, ALL_TABLES)]


def require_purpose(table: str, column: str) -> None:
    """Raises `OtherPurpose` unless the running code acts for a use of this column; `NotInEffect` while it is closed."""
    acting = _acting.get()
    if acting is None or not is_used(table, {column}, acting):
        raise OtherPurpose(f"{table} is read for its purposes only: declare the reader with @reads")


def is_used(table: str, columns: set[str], acting: Acting) -> bool:
    """Whether the uses that this code acts for touch all these columns. Raises `NotInEffect` where the policy in effect
    does not cover one of them yet."""
    declaration = declaration_for(table)
    if not isinstance(declaration, PersonalData) or acting.upkeep:
        return True
    mine = [use for use in declaration.all_uses if (use.purpose, use.audience) in acting.uses]
    closed = [use for use in mine if policy_gate.is_closed(place_of_use(table, use))]
    if not closed or not _touch([use for use in mine if use not in closed], columns):
        if not _touch(mine, columns):
            return False
        for use in closed:
            policy_gate.require_use(place_of_use(table, use))
    return True


def _touch(uses: list[Use], columns: set[str]) -> bool:
    """Together, all of them."""
    return any(not use.columns for use in uses) or (
        bool(uses) and columns <= frozenset().union(*(use.columns for use in uses))
    )


def uses_open_to(table: str) -> set[tuple[Purpose, Audience]]:
    """What a table's rows are used for, and for whose eyes."""
    declaration = declaration_for(table)
    return {(u.purpose, u.audience) for u in declaration.all_uses} if isinstance(declaration, PersonalData) else set()
