"""Holes, one function each, which changes the running code so that the hole is open again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """`breaks` are the promises that turn red by it, and no others."""

    breaks: frozenset[str]
    apply: Callable[[], None]


MUTATIONS: dict[str, Mutation] = {}


def breaks(*promises: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def declare(function: Callable[[], None]) -> Callable[[], None]:
        MUTATIONS[function.__name__] = Mutation(frozenset(promises), function)
        return function

    return declare


@breaks("encrypted")
def free_text_is_logged() -> None:
    import logging

    from contacts.views import ContactView

    before = ContactView.form_valid

    def form_valid(self, form):  # type: ignore[no-untyped-def]
        logging.getLogger("mutation").warning("somebody wrote: %s", form.cleaned_data)
        return before(self, form)

    ContactView.form_valid = form_valid  # type: ignore[method-assign]
