"""What a mutation is, and how code that runs is changed at the cause.

The holes themselves are in `holes`, by subject, one function each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mutation:
    """`breaks` are the promises that turn red by it, and no others. `by` says which attack sees it: the rehearsal, or
    the sweep of the stores that a rehearsal has filled."""

    breaks: frozenset[str]
    apply: Callable[[], None]
    by: str = "rehearsal"


MUTATIONS: dict[str, Mutation] = {}


def breaks(*promises: str, by: str = "rehearsal") -> Callable[[Callable[[], None]], Callable[[], None]]:
    def declare(function: Callable[[], None]) -> Callable[[], None]:
        MUTATIONS[function.__name__] = Mutation(frozenset(promises), function, by)
        return function

    return declare


def swap(old: Any, new: Any) -> None:
    """Puts `new` wherever a module of the project has `old`, under whatever name it was imported."""
    for place in _places():
        for name, value in list(place.items()):
            if value is old:
                place[name] = new


def _places() -> Iterable[dict[str, Any]]:
    """The project's modules, and the tables of functions in them."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in {"aitpro", "affiliates", "shop", "contacts", "accounts", "privacy"}:
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
