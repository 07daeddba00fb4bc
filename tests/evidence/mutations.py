"""What a mutation is, and how code that runs is changed at the cause.

The holes themselves are in `holes`, by subject, one function each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from privacy.evidence.rehearsal.report import FoundBreach
from tests.own_apps import OWN_APPS


@dataclass(frozen=True)
class Mutation:
    """`breaks` are the promises that turn red by it, and no others. `by` says which attack sees it: the rehearsal, or
    the sweep of the stores that a rehearsal has filled.

    `at` is what the place of one breach of each of them has in it. A hole that is `alone` would hide others, or make
    them fail.
    """

    breaks: frozenset[str]
    apply: Callable[[], None]
    by: str = "rehearsal"
    at: str = ""
    alone: bool = False

    def is_seen_in(self, breach: FoundBreach) -> bool:
        """What could not be tried is no find, unless that is what the hole is about."""
        return breach.promise in self.breaks and self.at in breach.place and bool(breach.tried or self.at)

    def disturbs(self, other: Mutation) -> bool:
        """Whether nobody could tell from one report which of both was found."""
        told_apart = self.at and other.at and self.at not in other.at and other.at not in self.at
        return self.alone or other.alone or self.by != other.by or bool(self.breaks & other.breaks and not told_apart)


MUTATIONS: dict[str, Mutation] = {}
MOST_AT_ONCE = 8  # so that few are to be tried one at a time, when something turns red that should not


def breaks(
    *promises: str, by: str = "rehearsal", at: str = "", alone: bool = False
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def declare(function: Callable[[], None]) -> Callable[[], None]:
        MUTATIONS[function.__name__] = Mutation(frozenset(promises), function, by, at, alone)
        return function

    return declare


def groups(*, one_by_one: bool = False) -> list[list[str]]:
    """Holes that one rehearsal finds together: each in the first group where it disturbs nobody, in declared order."""
    found: list[list[str]] = []
    for name in MUTATIONS:
        fitting = (group for group in found if not one_by_one and _has_room(group, MUTATIONS[name]))
        if group := next(fitting, None):
            group.append(name)
        else:
            found.append([name])
    return found


def _has_room(group: list[str], mutation: Mutation) -> bool:
    return len(group) < MOST_AT_ONCE and not any(mutation.disturbs(MUTATIONS[name]) for name in group)


def swap(old: Any, new: Any) -> None:
    """Puts `new` wherever a module of the project has `old`, under whatever name it was imported."""
    for place in _places():
        for name, value in list(place.items()):
            if value is old:
                place[name] = new


def _places() -> Iterable[dict[str, Any]]:
    """The project's modules, and the tables of functions in them."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OWN_APPS:
            yield vars(module)
            yield from (value for value in list(vars(module).values()) if type(value) is dict)


def put(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)


def around(owner: Any, name: str, change: Callable[..., Any]) -> None:
    """Replaces a method by `change`, which gets the former one before its own arguments."""
    before = getattr(owner, name)

    def changed(*args: Any, **kwargs: Any) -> Any:
        return change(before, *args, **kwargs)

    put(owner, name, changed)
