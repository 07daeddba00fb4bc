"""Finds rows of every kind that the user may see: by address, number or code through an index, and by words in memory.

Sealed columns have no index for words, and one that finds parts of a name would tell a thief names. So the newest rows
are opened one by one, which takes about 10 µs a value; how far back that went is part of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial, reduce
from operator import attrgetter
from typing import Any

from django.db import models
from django.db.models import Q

from privacy.admin_base.people.person import person_url
from privacy.encryption.blind_index import BlindIndexField
from privacy.registry.policy_gate import NotInEffect
from privacy.registry.purpose_binding import PurposeNotAllowed

from .pasted_text import PastedText, fold
from .row_kinds import RowKind, Shown, StaffUser, kinds_for

SHOWN = 20  # results of one kind; the page says if there are more
VALUES = 6000  # opened at once of one kind, so that a search of all stays below 200 ms
OLDER = 10  # times as many for each "search older ones"
CHUNK = 500  # rows fetched at once
MIN = datetime.min.replace(tzinfo=UTC)
SPACED = "\n"  # between the columns of a row, so that no word is found across two


@dataclass(frozen=True)
class Hit:
    """A row that was found. `person_url` is empty if it belongs to nobody."""

    row: models.Model
    shown: Shown
    url: str
    person_url: str = ""


@dataclass(frozen=True)
class Opened:
    """How far the words were searched: rows before `oldest` were not opened. None if all were."""

    number: int
    oldest: datetime | None


@dataclass(kw_only=True)
class KindResult:
    kind: RowKind
    hits: list[Hit] = field(default_factory=list)
    has_more: bool = False
    opened: Opened | None = None


@dataclass(frozen=True)
class Found:
    """`exact` were found by an address, number or code; otherwise by words."""

    pasted: PastedText
    results: list[KindResult]
    exact: bool
    unknown_emails: list[str]

    @property
    def groups(self) -> list[KindResult]:
        return [result for result in self.results if result.hits]

    @property
    def is_by_words(self) -> bool:
        return not self.exact and bool(self.pasted.words)

    @property
    def cut(self) -> list[KindResult]:
        """The kinds of which older rows were not searched."""
        return [result for result in self.results if result.opened and result.opened.oldest]

    @property
    def only_hit(self) -> Hit | None:
        """The one row that a number names, to go straight to it."""
        hits = [hit for result in self.results for hit in result.hits]
        return hits[0] if self.exact and self.pasted.is_one_number and len(hits) == 1 else None


def find_exactly(pasted: PastedText, user: StaffUser) -> Found:
    """By address, number and code. One query for each index."""
    results = [_reading(kind, partial(_by_index, kind, pasted, user)) for kind in kinds_for(user)]
    found = [result for result in results if result is not None]
    by_index = pasted.is_one_number or bool(pasted.emails or pasted.phones)
    is_exact = by_index and any(result.hits for result in found)
    return Found(pasted, found, is_exact, _unknown(pasted, found))


def find(pasted: PastedText, user: StaffUser, *, part: int = 1) -> Found:
    """Also by words, unless an address or number was found. `part` 2 and later open older rows instead of the newest;
    two queries for each kind."""
    exact = find_exactly(pasted, user)
    if exact.exact:
        return exact
    kinds = [kind for kind in kinds_for(user) if kind.words]
    worded = [_reading(kind, partial(_by_words, kind, pasted, user, part)) for kind in kinds]
    return replace(exact, results=_joined(exact.results, [result for result in worded if result is not None]))


def _reading(kind: RowKind, search: Callable[[], KindResult]) -> KindResult | None:
    """None if the policy in effect doesn't let staff see the kind."""
    try:
        return kind.reading(search)
    except (PurposeNotAllowed, NotInEffect):
        return None


def _by_index(kind: RowKind, pasted: PastedText, user: StaffUser) -> KindResult:
    found: dict[Any, models.Model] = {}
    for condition in conditions_of(kind, pasted):
        found |= {row.pk: row for row in kind.rows.filter(condition).order_by("-pk")[: SHOWN + 1]}
    newest = sorted(found.values(), key=lambda row: row.pk, reverse=True)
    return KindResult(kind=kind, hits=_hits(kind, newest[:SHOWN], user), has_more=len(newest) > SHOWN)


def conditions_of(kind: RowKind, pasted: PastedText) -> Iterator[Q]:
    """One query for each index: a condition that joined several could use none of them."""
    for lookups, values in ((kind.emails, pasted.emails), (kind.phones, pasted.phones), (kind.codes, pasted.codes)):
        if values:
            yield from (Q(**{f"{lookup}__in": values}) for lookup in lookups)
    if pasted.ids and isinstance(kind.model._meta.pk, models.UUIDField):
        yield Q(pk__in=pasted.ids)
    if (condition := kind.find(pasted)) is not None:
        yield condition


def _by_words(kind: RowKind, pasted: PastedText, user: StaffUser, part: int) -> KindResult:
    first = rows_at_once(kind)
    start, number = (0, first) if part == 1 else (first + (part - 2) * OLDER * first, OLDER * first)
    found, opened = open_rows(kind, pasted, start=start, number=number, at_most=SHOWN + 1)
    rows = kind.rows.filter(pk__in=found[:SHOWN]) if found else ()
    return KindResult(kind=kind, hits=_hits(kind, rows, user), has_more=len(found) > SHOWN, opened=opened)


def rows_at_once(kind: RowKind) -> int:
    return VALUES // len(kind.words)


def open_rows(
    kind: RowKind, pasted: PastedText, *, start: int = 0, number: int, at_most: int
) -> tuple[list[Any], Opened]:
    """The keys of rows that contain every word, newest first."""
    found: list[Any] = []
    opened, last = 0, None
    columns = [attrgetter(name.replace("__", ".")) for name in kind.words]
    relations = {name.rpartition("__")[0] for name in kind.words} - {""}
    rows = kind.model._default_manager.order_by("-pk").only("pk", kind.at, *kind.words).select_related(*relations)
    for row in rows[start : start + number].iterator(chunk_size=CHUNK) if pasted.words else ():
        opened, last = opened + 1, row
        text = fold(SPACED.join(str(column(row) or "") for column in columns))
        if all(word in text for word in pasted.words):
            found.append(row.pk)
            if len(found) == at_most:
                break
    return found, Opened(start + opened, getattr(last, kind.at) if opened == number else None)


def _hits(kind: RowKind, rows: Any, user: StaffUser) -> list[Hit]:
    hits = [Hit(row, kind.show(row), kind.url(row, user), person_url(row)) for row in rows]
    return sorted(hits, key=lambda hit: hit.shown.at or MIN, reverse=True)


def _joined(exact: list[KindResult], worded: list[KindResult]) -> list[KindResult]:
    """What a code found comes first: a name may also be somebody's code."""
    by_words = {result.kind.key: result for result in worded}
    for result in exact:
        other = by_words.get(result.kind.key)
        if other is None:
            by_words[result.kind.key] = result
            continue
        known = {hit.row.pk for hit in result.hits}
        other.hits = [*result.hits, *(hit for hit in other.hits if hit.row.pk not in known)]
    return sorted(by_words.values(), key=lambda result: result.kind.position)


def _unknown(pasted: PastedText, results: list[KindResult]) -> list[str]:
    """The addresses of which nothing was found, if all that was found is shown."""
    if any(result.has_more for result in results):
        return []
    known: set[bytes] = set()
    fields: dict[str, BlindIndexField] = {}
    for kind, hit in ((result.kind, hit) for result in results for hit in result.hits):
        for lookup in kind.emails:
            *relations, name = lookup.split("__")
            owner: Any = reduce(getattr, relations, hit.row)
            fields[f"{kind.key}.{lookup}"] = owner._meta.get_field(name)
            known.add(getattr(owner, name))
    return [
        email
        for email in pasted.emails
        if not any(index in known for field in fields.values() for index in field.candidates(email))
    ]
