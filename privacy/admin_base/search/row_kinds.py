"""The registry of what staff can find: each app declares its kinds of rows in `staff_lookup.py`, discovered like
`admin.py`. One declaration serves the search in the header and the pages about people.

Reading the rows of a kind acts for the kind's purpose with staff as audience, and for nothing else. A kind that its
registry entry doesn't allow is refused at start-up, and by the purpose binding when it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from privacy.admin_base.staff_labels import may_see
from privacy.models.consent import Person
from privacy.registry.declarations import PersonalData, declaration_for
from privacy.registry.purpose_binding import reads, uses_open_to
from privacy.registry.purposes import Audience, Purpose

from .pasted_text import PastedText

Result = TypeVar("Result")
StaffUser = AbstractBaseUser | PermissionsMixin | AnonymousUser


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How a row is shown in a list: `number` names the row, `name` the person, if it is one's."""

    number: str
    at: datetime | None
    name: str = ""
    state: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Fact:
    """One line of a person's card. `since` is the time of the first row."""

    text: str
    since: datetime | None = None
    is_open: bool = False  # something waits for staff


@dataclass(frozen=True, kw_only=True)
class RowKind:
    """`show` describes a row; `related` are the relations it uses. `at` is the column with the row's time.

    Found by: `emails`, `phones` and `codes` (lookups by address, number in E.164 format and code), `find` (any other
    rule), and `words` (columns opened in memory). `for_person`: the kind is a section of the pages about people, whose
    rows are found as the registry declares (`found_by`), or by `of_person`. `facts` summarizes these rows on the card.
    """

    model: type[models.Model]
    purpose: Purpose
    one: str
    many: str
    show: Callable[[Any], Shown]
    at: str
    position: int = 100  # on pages
    related: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    find: Callable[[PastedText], Q | None] = lambda pasted: None
    words: tuple[str, ...] = ()
    for_person: bool = False
    names_person: bool = False  # `Shown.name` is the person's own
    of_person: Callable[[str], QuerySet[Any]] | None = None
    open: Q | None = None  # rows that wait for staff
    facts: Callable[[QuerySet[Any]], Fact | None] | None = None
    contact: Callable[[Any], Person] | None = None  # the contact points that a row gave, for `contact permissions`
    page: Callable[[Any], str] | None = None  # the row's page, if not the admin's
    belongs_to: str = ""  # a relation to the row whose page has all that staff need; they go there if they may see it
    joins_for: tuple[Purpose, ...] = ()  # purposes of related rows, if others
    shown_with: str = ""  # the permission, if not that of the model
    _reading: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        table = self.model._meta.db_table
        if isinstance(declaration_for(table), PersonalData) and (self.purpose, Audience.STAFF) not in uses_open_to(
            table
        ):
            raise ImproperlyConfigured(f"{self.model._meta.label} is not declared for {self.purpose} by staff.")
        reading: Callable[..., Any] = _call
        for purpose in (self.purpose, *self.joins_for):
            reading = reads(table, purpose=purpose, audience=Audience.STAFF)(reading)
        object.__setattr__(self, "_reading", reading)

    @property
    def key(self) -> str:
        """In addresses: `shop.order`."""
        return self.model._meta.label_lower

    @property
    def permission(self) -> str:
        return self.shown_with or f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"

    @property
    def model_name(self) -> str:
        return str(self.model._meta.model_name)

    @property
    def title(self) -> str:
        return self.many[:1].upper() + self.many[1:]

    def reading(self, function: Callable[[], Result]) -> Result:
        """Calls the function while acting for the kind's purpose."""
        result: Result = self._reading(function)
        return result

    @property
    def rows(self) -> QuerySet[Any]:
        return (
            self.model._default_manager.select_related(*self.related)
            if self.related
            else (self.model._default_manager.all())
        )

    def rows_of(self, email: str) -> QuerySet[Any]:
        """The rows of the person with this address. Raises `ValueError` if it is empty."""
        if not email:
            raise ValueError("an email address is required")
        if self.of_person is not None:
            return self.of_person(email)
        declaration = declaration_for(self.model._meta.db_table)
        lookups = declaration.found_by if isinstance(declaration, PersonalData) else ()
        return self.rows.filter(Q(*((lookup, email) for lookup in lookups), _connector=Q.OR))

    def fact(self, email: str) -> Fact | None:
        """None if there are no rows."""
        rows = self.rows_of(email).order_by()
        if self.facts is not None:
            return self.facts(rows)
        waiting = {"waiting": Count("pk", filter=self.open)} if self.open is not None else {}
        found = rows.aggregate(number=Count("pk"), first=Min(self.at), **waiting)
        number, still_open = found["number"], found.get("waiting", 0)
        text = f"{number} {self.one if number == 1 else self.many}"
        return (
            Fact(f"{text}, {still_open} open" if still_open else text, found["first"], still_open > 0)
            if number
            else None
        )

    def url(self, row: models.Model, viewer: StaffUser | None = None) -> str:
        if self.page is not None:
            return self.page(row)
        if self.belongs_to and viewer and may_see(viewer, other := getattr(row, self.belongs_to)):
            row = other
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _call(function: Callable[[], Result]) -> Result:
    return function()


_kinds: list[RowKind] = []


def row_kind(**declared: Any) -> RowKind:
    """Registers a kind of rows."""
    kind = RowKind(**declared)
    _kinds.append(kind)
    _kinds.sort(key=lambda kind: kind.position)
    return kind


def kinds_for(user: StaffUser) -> list[RowKind]:
    """The kinds whose rows this user may see."""
    return [kind for kind in _kinds if user.has_perm(kind.permission)]  # type: ignore[union-attr]


def kind_of(model: type[models.Model] | str) -> RowKind | None:
    """By model or key."""
    key = model if isinstance(model, str) else model._meta.label_lower
    return next((kind for kind in _kinds if kind.key == key), None)
