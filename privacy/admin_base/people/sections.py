"""The sections of a person's page: rows of each kind that the user may see, and what apps compute from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import models

from privacy.admin_base.search.row_kinds import Fact, RowKind, Shown, StaffUser, kinds_for
from privacy.registry.policy_gate import NotInEffect
from privacy.registry.purpose_binding import PurposeNotAllowed

from .person import address_of, gave_no_address, person_url

NEWEST = 10  # rows of a section on the page; more are on a page of their own
NOT_OPEN = "The privacy policy in effect doesn't cover showing these rows to staff yet."


@dataclass(frozen=True)
class Line:
    """A row of a section."""

    row: models.Model
    shown: Shown
    url: str


@dataclass(frozen=True, kw_only=True)
class PersonSection:
    """`refused` says why rows can't be read, if so. `more` is the page with all of them, empty if they are all here."""

    kind: RowKind
    lines: list[Line] = field(default_factory=list)
    more: str = ""
    refused: str = ""


@dataclass(frozen=True)
class CardLine:
    fact: Fact
    url: str  # of the section


@dataclass(frozen=True)
class Card:
    """`email` is None if the person's data was erased, or if the row came without an address; then it has a name."""

    row: models.Model
    email: str | None
    name: str = ""
    since: datetime | None = None
    lines: list[CardLine] = field(default_factory=list)
    url: str = ""


def sections_for(row: models.Model, user: StaffUser) -> list[PersonSection]:
    """One query or two for each kind, however many rows there are. Empty sections are left out."""
    email = address_of(row)
    if not email:
        return [
            _alone(kind, row) for kind in _person_kinds(user) if isinstance(row, kind.model) and gave_no_address(row)
        ]
    sections = [_section(kind, row, email) for kind in _person_kinds(user)]
    return [section for section in sections if section.lines or section.refused]


def _person_kinds(user: StaffUser) -> list[RowKind]:
    return [kind for kind in kinds_for(user) if kind.for_person]


def _section(kind: RowKind, row: models.Model, email: str) -> PersonSection:
    try:
        newest = kind.reading(lambda: lines_of(kind, kind.rows_of(email).order_by(f"-{kind.at}", "-pk")[: NEWEST + 1]))
    except (PurposeNotAllowed, NotInEffect):
        return PersonSection(kind=kind, refused=NOT_OPEN)
    return PersonSection(kind=kind, lines=newest[:NEWEST], more=person_url(row, kind) if len(newest) > NEWEST else "")


def _alone(kind: RowKind, row: models.Model) -> PersonSection:
    return PersonSection(kind=kind, lines=kind.reading(lambda: lines_of(kind, [row])))


def lines_of(kind: RowKind, rows: Iterable[Any]) -> list[Line]:
    return [Line(row, kind.show(row), kind.url(row)) for row in rows]


def card_for(row: models.Model, user: StaffUser) -> Card:
    """A few queries for each kind, however many rows there are."""
    email = address_of(row)
    url, lines, since = person_url(row), [], []
    kinds = _person_kinds(user)
    if not email:
        own = next((kind for kind in kinds if isinstance(row, kind.model) and gave_no_address(row)), None)
        return Card(row, None, own.reading(lambda: own.show(row).name) if own else "", url=url)
    for kind in kinds:
        try:
            fact = kind.reading(partial(kind.fact, email))
        except (PurposeNotAllowed, NotInEffect):
            continue
        if fact is not None:
            lines.append(CardLine(fact, f"{url}#{kind.model_name}"))
            since += [fact.since] if fact.since else []
    return Card(row, email, _name(row, email, kinds), min(since, default=None), lines, url)


def _name(row: models.Model, email: str, kinds: list[RowKind]) -> str:
    """The row's own name; otherwise that of the newest row that has one."""
    naming = [kind for kind in kinds if kind.names_person]
    for kind in sorted(naming, key=lambda kind: not isinstance(row, kind.model)):
        if name := kind.reading(partial(_name_in, kind, row, email)):
            return name
    return ""


def _name_in(kind: RowKind, row: models.Model, email: str) -> str:
    found = row if isinstance(row, kind.model) else kind.rows_of(email).order_by("-pk").first()
    return kind.show(found).name if found is not None else ""
