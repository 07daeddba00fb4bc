"""Runs a sweep: its parts, within a time limit.

Apps contribute parts in their `sweeps` module, which is discovered like `admin.py`.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module

from django.db import connections
from django.utils.module_loading import autodiscover_modules

from privacy.databases.aliases import own_aliases
from privacy.encryption.validators import has_card_number
from privacy.evidence.rehearsal.report import FoundBreach, RehearsalReport
from privacy.registry.purpose_binding import acts_for

from .required_promises import SWEPT
from .samples import is_bound, sealed_fields, values_of, words_of
from .word_search import Word, Words

logger = logging.getLogger(__name__)

SECONDS = 240  # limit for very large sites; usually much less (`make bench`)
STORES = ("columns", "caches", "files", "mails")  # columns first: words found in public columns are ignored elsewhere


@dataclass(frozen=True)
class SweepPart:
    """A part of a sweep. `share` is its relative share of the time. If it fails, `promises` count as broken."""

    name: str
    promises: tuple[str, ...]
    share: int
    run: Callable[[Sweep], None]


_parts: list[SweepPart] = []


def part(*promises: str, share: int = 1) -> Callable[[Callable[[Sweep], None]], Callable[[Sweep], None]]:
    """Declares a function as a part of every sweep. Raises `ValueError` for a promise missing in
    `required_promises`."""
    if unknown := {*promises} - {*SWEPT}:
        raise ValueError(f"a sweep does not cover {', '.join(sorted(unknown))}")

    def declare(function: Callable[[Sweep], None]) -> Callable[[Sweep], None]:
        _parts.append(SweepPart(f"{function.__module__}.{function.__name__}", promises, share, function))
        return function

    return declare


class Sweep:
    """The context of a part: the words to search for, its time limit, and reporting results."""

    def __init__(self) -> None:
        self.report, self.words = RehearsalReport(), Words([])
        self._part: SweepPart | None = None
        self._ends = 0.0

    @property
    def has_time(self) -> bool:
        """Whether the running part has time left. Otherwise it should finish quickly and report what it left out."""
        return time.monotonic() < self._ends

    def searched(self, promise: str, count: int = 1) -> None:
        if self._part:
            self.report.count_searches(promise, self._part.name, count)

    def breach(self, promise: str, place: str) -> None:
        """Reports a broken promise. `place` must not contain a value."""
        self.report.breaches.add(FoundBreach(promise, place))

    def not_tried(self, place: str, *promises: str) -> None:
        """Reports that something couldn't be searched, which breaks the promises."""
        for promise in promises or (self._part.promises if self._part else ()):
            self.report.breaches.add(FoundBreach(promise, place, tried=False))

    def left(self, place: str) -> None:
        """Reports what was not searched, without breaking a promise."""
        if place not in self.report.unreached:
            self.report.unreached.append(place)

    def run(self, each: SweepPart, *, seconds: float) -> None:
        """Runs a part. If it crashes, its promises count as broken; the other parts continue."""
        self._part, self._ends = each, time.monotonic() + seconds
        try:
            each.run(self)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.not_tried(f"{each.name} failed: {type(error).__name__} in {where.name}")
            logger.exception("%s failed", each.name)
        finally:
            self._part = None


@part("encrypted", "paypal-only")
def sealed_values_open_here_alone(sweep: Sweep) -> None:
    """Takes the sample that other parts search for, and checks it for card numbers."""
    fields = sealed_fields()
    words: list[Word] = []
    for field in fields:
        if is_bound(field):
            sweep.left(f"{field.place}, which is purpose-bound")
    for field, value in values_of(fields):
        sweep.searched("paypal-only")
        words += words_of(field, value)
        if isinstance(value, str) and has_card_number(value):
            sweep.breach("paypal-only", f"{field.place} contains what looks like a card number")
    sweep.words = Words(words)
    sweep.searched("encrypted", len(sweep.words))


def all_parts() -> list[SweepPart]:
    """All parts in order of execution: the sample, the stores, and parts of other apps."""
    for store in STORES:
        import_module(f"{__package__}.{store}")
    autodiscover_modules("sweeps")
    return _parts


@acts_for(upkeep=True)
def sweep(*, seconds: float = SECONDS) -> RehearsalReport:
    """Sweeps the live data within the time limit. Writes nothing; errors in parts are reported, not raised."""
    found, parts = Sweep(), all_parts()
    end = time.monotonic() + seconds
    with read_only():
        for number, each in enumerate(parts):
            shares = sum(other.share for other in parts[number:])
            found.run(each, seconds=(end - time.monotonic()) * each.share / shares)
    return found.report


@contextmanager
def read_only() -> Iterator[None]:
    """Makes all databases read-only within the block."""
    with ExitStack() as stack:
        for alias in own_aliases():
            stack.enter_context(_read_only(alias))
        yield


@contextmanager
def _read_only(alias: str) -> Iterator[None]:
    connection = connections[alias]
    begin, end = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(end)
