"""Purpose binding: code declares for which purpose and audience it reads personal data.

Every entry point (page, admin page, task, housekeeping step, command) declares the purposes and audiences it acts
for: with `acts_for`, or with `for_uses` around an app's URLs. `@reads` adds those of one function. The registry
declares the allowed uses of each table. Three mechanisms compare the two:

- A purpose-bound column opens only for a declared use; other code gets `PurposeNotAllowed`.
- SQL that reads a `bound` table, or a table with a closed use, is refused likewise (`privacy.registry.query_purposes`).
- The rehearsal, and tests that ask for it, check every statement and every table.
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

ALL_TABLES = ""  # for access requests: people may see everything about themselves


class PurposeNotAllowed(Exception):
    """The running code doesn't act for a purpose for which this may be read."""


@dataclass(frozen=True)
class Acting:
    """What the running code acts for. `upkeep` is maintenance (encryption, retention) that shows rows to nobody."""

    where: str = ""  # name of the entry point or reader, without values
    uses: frozenset[tuple[Purpose, Audience]] = frozenset()
    upkeep: bool = False

    def combined_with(self, other: Acting) -> Acting:
        return Acting(other.where or self.where, self.uses | other.uses, self.upkeep or other.upkeep)


@dataclass(frozen=True)
class Reader:
    """A function declared to read the purpose-bound columns of a table."""

    code: str
    table: str
    purpose: Purpose
    audience: Audience


_readers: list[Reader] = []
_acting: ContextVar[Acting | None] = ContextVar("acting", default=None)


# --- Declaring -------------------------------------------------------------------------------------------------------


def reads(
    table: str, *, purpose: Purpose, audience: Audience = Audience.SITE
) -> Callable[[Callable[Params, Result]], Callable[Params, Result]]:
    """Declares a function as a reader of a table, for a purpose in addition to its caller's."""

    def declare(function: Callable[Params, Result]) -> Callable[Params, Result]:
        code = f"{function.__module__}.{function.__qualname__}"
        _readers.append(Reader(code, table, purpose, audience))
        own = Acting(code, frozenset({(purpose, audience)}))

        @wraps(function)
        def acting(*args: Params.args, **kwargs: Params.kwargs) -> Result:
            with acting_as((_acting.get() or Acting()).combined_with(own)):
                return function(*args, **kwargs)

        return acting

    return declare


def acts_for(
    *purposes: Purpose, audience: Audience = Audience.SITE, upkeep: bool = False
) -> Callable[[Callable[Params, Result]], Callable[Params, Result]]:
    """Declares what a task, command or housekeeping step acts for."""

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
    """Declares a maintenance function, which may read all rows but shows them to nobody."""
    own = Acting(f"{function.__module__}.{function.__qualname__}", upkeep=True)

    @wraps(function)
    def acting(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        with acting_as((_acting.get() or Acting()).combined_with(own)):
            return function(*args, **kwargs)

    return acting


def for_uses(patterns: Iterable[Any], *uses: tuple[Purpose, Audience]) -> None:
    """Declares what the views of these URL patterns act for, unless they already have a declaration."""
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            for_uses(pattern.url_patterns, *uses)
        elif not hasattr(pattern.callback, "acts_for"):
            pattern.callback.acts_for = Acting(uses=frozenset(uses))


@contextmanager
def acting_as(acting: Acting | None) -> Iterator[None]:
    """Sets what the code acts for within the block. Each request and task has its own context."""
    before = _acting.set(acting)
    try:
        yield
    finally:
        _acting.reset(before)


@contextmanager
def acting_for(purpose: Purpose, audience: Audience = Audience.SITE) -> Iterator[None]:
    with acting_as(Acting(uses=frozenset({(purpose, audience)}))):
        yield


def set_acting(acting: Acting) -> None:
    """Changes what the code acts for, for the rest of the current `acting_as` block, once the view is known."""
    _acting.set(acting)


def acting_now() -> Acting | None:
    """None outside entry points: in a shell or a migration."""
    return _acting.get()


def at(acting: Acting, where: str) -> Acting:
    return replace(acting, where=where)


# --- What is allowed -------------------------------------------------------------------------------------------------


def readers(table: str) -> list[Reader]:
    return [reader for reader in _readers if reader.table in (table, ALL_TABLES)]


def require_purpose(table: str, column: str) -> None:
    """Raises `PurposeNotAllowed` unless the running code acts for a use of this column, or `NotInEffect` if it is
    closed."""
    acting = _acting.get()
    if acting is None or not is_used(table, {column}, acting):
        raise PurposeNotAllowed(f"{table} may only be read for its declared purposes: declare the reader with @reads")


def is_used(table: str, columns: set[str], acting: Acting) -> bool:
    """Whether the uses that this code acts for cover all these columns. Raises `NotInEffect` if the policy in effect
    doesn't cover a use yet."""
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
    """Whether the uses together cover all columns."""
    return any(not use.columns for use in uses) or (
        bool(uses) and columns <= frozenset().union(*(use.columns for use in uses))
    )


def uses_open_to(table: str) -> set[tuple[Purpose, Audience]]:
    """The declared uses of a table, as purposes and audiences."""
    declaration = declaration_for(table)
    return {(u.purpose, u.audience) for u in declaration.all_uses} if isinstance(declaration, PersonalData) else set()
