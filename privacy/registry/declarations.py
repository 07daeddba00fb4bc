"""The registry of personal data: each model declares what it stores about people, why, for how long, and what erasure
does.

Six features derive from this one declaration: access archives, erasure, retention, the table in the privacy policy,
the coverage check of the live schema, and purpose binding (`purpose_binding`). Models register with the decorators
below; this module doesn't import them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from .growth import PURGE, Growth, Pruned
from .purposes import Audience, Purpose

Model = TypeVar("Model", bound=type[models.Model])


class Erasure(StrEnum):
    """What happens to a row at erasure and when its retention ends."""

    DELETE = "delete"
    REDACT = "redact"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Rows are kept for `days` (0 or more) after the time in the column `since`; `text` says so in plain words.

    Without `since`, rows have no retention of their own and are deleted with what `text` names (an account, an order).
    """

    text: str
    days: int = 0
    since: str = ""

    def expired(self, now: datetime) -> models.Q:
        if not self.since:
            return models.Q(pk__in=[])
        return models.Q(**{f"{self.since}__lte": now - timedelta(days=self.days)})

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Use:
    """A purpose for which rows are used, and an audience. `told` is the policy's sentence about it.

    Limited to `columns` (database column names); empty means all.
    """

    purpose: Purpose
    audience: Audience
    told: str = ""
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ByOthers:
    """Of rows that belong to what is a person's, but that somebody else may have written: `author` is the lookup that
    finds the rows of their writer. Rows without a writer are the person's.

    The archive of the person has those of others in a section named `label`, with the `given` fields alone and the
    sentence in `withheld`; without a label, it has none of them. Erasing the person leaves them to their writers.
    """

    author: str
    label: str = ""
    source: str = ""
    given: frozenset[str] = frozenset()
    withheld: str = ""


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """One model's declaration. `columns` and `other_columns` together name every column of its table.

    `circumstances` are fields in `other_columns` that are in clear text for calculations but still say something about
    the person; the archive and the policy list them with the personal columns.
    """

    model: type[models.Model]
    label: str  # name of these rows in the policy and the archive
    purpose: Purpose
    columns: Mapping[str, str]  # personal field → its name in plain words
    other_columns: frozenset[str]
    found_by: tuple[str, ...]  # lookups by email address
    retention: Retention
    erasure: Erasure
    circumstances: Mapping[str, str] = field(default_factory=dict)  # field → its name in plain words
    kept_because: str = ""
    source: str = ""
    recipients: str = ""
    seen_by: frozenset[Audience] = frozenset({Audience.PERSON, Audience.STAFF})  # for the rows' own purpose
    uses: tuple[Use, ...] = ()  # additional uses: each has a sentence in the policy, and is closed until people know
    bound: bool = False  # SQL that reads these rows for anything else is refused (`purpose_binding`)
    everywhere: str = ""  # why any code may read these rows, if so: e.g. the signed-in user, opt-outs
    also_for: tuple[Purpose, ...] = ()  # purposes of some of the rows, which have their own `purpose`
    asked_when: Mapping[str, str] = field(default_factory=dict)  # column that isn't always asked for → when
    withheld: frozenset[str] = frozenset()  # personal, but left out of archives, which give the reason
    withheld_because: str = "it would allow someone to act or sign in as you"
    by_others: ByOthers | None = None
    unlisted: frozenset[str] = frozenset()  # fields in other_columns that are only technical
    copies: str = ""  # the table whose rows these duplicate, with the same IDs: archives list them once
    days_alone: bool = False  # archives show dates without times, which could identify a buyer
    redacted: Mapping[str, Any] = field(default_factory=dict)  # field → value or callable for redaction; default None
    kept: frozenset[str] = frozenset()  # personal columns that redaction keeps, for the reason in kept_because
    kept_usable: str = ""  # why these rows are kept for a person who wants to keep using purchases
    ended: Mapping[str, Any] = field(default_factory=dict)  # field → value at erasure, if the person doesn't
    expiry: Erasure | None = None  # what happens when retention ends, if different from erasure
    correctable: Mapping[str, str] = field(
        default_factory=dict
    )  # field the person may change → HTML autocomplete token
    growth: Growth | None = None  # required unless rows are deleted at the end of their retention
    switch: str = ""  # the setting without which none of this is stored or used, nor in the policy

    @property
    def is_on(self) -> bool:
        """False if a setting switches these rows off."""
        return not self.switch or bool(getattr(settings, self.switch))

    @property
    def details(self) -> list[str]:
        """What the rows contain about a person, in plain words."""
        when = {name: f" ({asked})" for name, asked in self.asked_when.items()}
        return [*(f"{label}{when.get(name, '')}" for name, label in self.columns.items()), *self.circumstances.values()]

    @property
    def purposes(self) -> list[str]:
        """The purposes of the rows, in plain words."""
        return [purpose.label for purpose in (self.purpose, *self.also_for)]

    @property
    def holds_address(self) -> bool:
        """Whether one of the columns is the person's email address."""
        from privacy.encryption.fields import SealedEmailField  # circular import

        return any(isinstance(self.model._meta.get_field(name), SealedEmailField) for name in self.columns)

    @cached_property
    def all_uses(self) -> tuple[Use, ...]:
        """All uses, including the implicit ones: by the site and the audiences in `seen_by` for the rows' own purposes,
        answering privacy requests, and notifying people of policy changes."""
        own = ((p, a) for p in (self.purpose, *self.also_for) for a in (Audience.SITE, *sorted(self.seen_by)))
        answering = [(Purpose.PRIVACY_REQUEST, audience) for audience in (Audience.SITE, Audience.PERSON)]
        if self.holds_address:
            answering += [(Purpose.POLICY_NOTICE, Audience.PERSON)]
        if Audience.STAFF in self.seen_by:  # who call or write if email isn't possible
            answering += [(Purpose.PRIVACY_REQUEST, Audience.STAFF), (Purpose.POLICY_NOTICE, Audience.STAFF)]
        return (*(Use(purpose=p, audience=a) for p, a in dict.fromkeys((*own, *answering))), *self.uses)

    @property
    def emptied(self) -> list[str]:
        """The columns that redaction empties."""
        return [name for name in self.columns if name not in self.kept and self.redacted.get(name) is None]

    @property
    def at_expiry(self) -> Erasure:
        return self.expiry or self.erasure

    @property
    def growth_rule(self) -> Growth | None:
        """What bounds the table: the declared rule, or the purge that deletes expired rows."""
        if self.growth is None and self.retention.since and self.at_expiry is Erasure.DELETE:
            return Pruned(since=self.retention.since, days=self.retention.days, job=PURGE)
        return self.growth

    @property
    def still_personal(self) -> models.Q:
        """A condition that is false for redacted rows."""
        return models.Q(*((f"{name}__isnull", False) for name in self.emptied), _connector=models.Q.OR)

    def rows_of(self, email: str) -> models.QuerySet[Any]:
        """Every row about the person with this address, also those by others. Raises `ValueError` if it is empty.

        Each lookup is a subquery of its own, so that its index finds the few rows among millions, whatever order is
        asked for.
        """
        if not email:  # None would find every redacted row
            raise ValueError("an email address is required")
        found, rows = models.Q(pk__in=[]), self.model._base_manager
        for lookup in self.found_by:
            found |= models.Q(pk__in=rows.filter(**{lookup: email}).order_by().values("pk"))
        return rows.filter(found)

    def own_rows_of(self, email: str) -> models.QuerySet[Any]:
        """The rows about the person that nobody else wrote."""
        return self.rows_of(email).filter(self._is_own(email))

    def others_rows_of(self, email: str) -> models.QuerySet[Any]:
        """The rest of `rows_of`."""
        return self.rows_of(email).exclude(pk__in=self.model._base_manager.filter(self._is_own(email)).values("pk"))

    def _is_own(self, email: str) -> models.Q:
        if self.by_others is None:
            return models.Q()
        author = self.by_others.author
        return models.Q(**{author: email}) | models.Q(**{f"{author}__isnull": True})

    def expired(self, now: datetime) -> models.QuerySet[Any]:
        """Rows whose retention has ended."""
        return self.model._base_manager.filter(self.retention.expired(now))


@dataclass(frozen=True)
class NotPersonal:
    """A table without personal data: the reason, and the columns that were reviewed.

    `despite_link` says why its rows reveal nothing about a person although a foreign key leads, directly or indirectly,
    to a personal row. A system check requires it for such tables.
    """

    table: str
    columns: frozenset[str]
    reason: str
    growth: Growth
    despite_link: str = ""

    @property
    def growth_rule(self) -> Growth:
        return self.growth


_personal: dict[str, PersonalData] = {}
_not_personal: dict[str, NotPersonal] = {}


def personal_data(
    *,
    label: str,
    purpose: Purpose,
    columns: Mapping[str, str],
    other_columns: str,
    found_by: tuple[str, ...],
    retention: Retention,
    erasure: Erasure,
    **further: Any,
) -> Callable[[Model], Model]:
    """Declares the personal data of a model. `other_columns` lists the non-personal columns in one string."""

    def declare(model: Model) -> Model:
        declaration = PersonalData(
            model=model,
            label=label,
            purpose=purpose,
            columns=columns,
            other_columns=frozenset(other_columns.split()),
            found_by=found_by,
            retention=retention,
            erasure=erasure,
            **further,
        )
        _validate(declaration)
        _personal[model._meta.db_table] = declaration
        return model

    return declare


def not_personal(reason: str, columns: str, *, growth: Growth, despite_link: str = "") -> Callable[[Model], Model]:
    """Declares that a model contains no personal data, after a review of each named column.

    `growth` says why the table doesn't only grow. `despite_link` is required if a foreign key leads to a personal row.
    """

    def declare(model: Model) -> Model:
        declare_table(model._meta.db_table, reason, columns, growth=growth, despite_link=despite_link)
        return model

    return declare


def declare_table(table: str, reason: str, columns: str, *, growth: Growth, despite_link: str = "") -> None:
    """Like `not_personal`, for third-party tables."""
    _not_personal[table] = NotPersonal(table, frozenset(columns.split()), reason, growth, despite_link)


def personal_models() -> Iterator[PersonalData]:
    """All declarations, in an order in which rows can be deleted: referencing tables first."""
    return iter(sorted(_personal.values(), key=_dependence, reverse=True))


def tables_switched_off() -> frozenset[str]:
    """The tables of personal data that a setting switches off."""
    return frozenset(table for table, declaration in _personal.items() if not declaration.is_on)


def declaration_for(table: str) -> PersonalData | NotPersonal | None:
    return _personal.get(table) or _not_personal.get(table)


def growth_of(table: str) -> Growth | None:
    """Why the table doesn't only grow; None if nobody said so."""
    declaration = declaration_for(table)
    return declaration.growth_rule if declaration else None


def is_about(row: models.Model, email: str | None) -> bool:
    """Whether the registry finds the row by this address."""
    declaration = declaration_for(row._meta.db_table)
    if not email or not isinstance(declaration, PersonalData):
        return False
    return declaration.rows_of(email).filter(pk=row.pk).exists()


def personal_links(model: type[models.Model]) -> list[str]:
    """Foreign keys from a model to personal rows, directly or through other tables: `payment.order`."""
    paths: list[tuple[type[models.Model], str]] = [(model, "")]
    seen, found = {model}, []
    for start, path in paths:
        for f in start._meta.concrete_fields:
            target = f.related_model
            if not isinstance(target, type) or target in seen:
                continue
            seen.add(target)
            step = f"{path}.{f.name}".lstrip(".")
            if target._meta.db_table in _personal:
                found.append(step)
            else:
                paths.append((target, step))
    return found


def _dependence(declaration: PersonalData) -> int:
    """Length of the longest chain of foreign keys from the model."""

    def depth(model: type[models.Model], seen: frozenset[type[models.Model]]) -> int:
        targets = {f.related_model for f in model._meta.concrete_fields if f.is_relation} - seen
        return 1 + max((depth(t, seen | {model}) for t in targets if isinstance(t, type)), default=0)

    return depth(declaration.model, frozenset())


def _validate(declaration: PersonalData) -> None:
    """Raises `ImproperlyConfigured` with instructions."""
    where = declaration.model._meta.label
    if declaration.erasure is Erasure.KEEP and not declaration.kept_because:
        raise ImproperlyConfigured(f"{where} keeps personal data after erasure: say why in kept_because.")
    if declaration.retention.days < 0:
        raise ImproperlyConfigured(f"{where} has a negative retention.")
    if declaration.retention.days and not declaration.retention.since:
        raise ImproperlyConfigured(f"{where} has a retention in days: name the column it counts from in since.")
    if declaration.erasure is Erasure.REDACT and not declaration.emptied:
        raise ImproperlyConfigured(f"{where} is redacted, but no personal column is emptied.")
    if declaration.growth_rule is None:
        raise ImproperlyConfigured(
            f"{where} is not deleted at the end of its retention: say in growth why the table doesn't only grow"
            " (privacy.registry.growth)."
        )
    if declaration.switch and declaration.at_expiry is not Erasure.DELETE:
        raise ImproperlyConfigured(f"{where} can be switched off, so its rows have to be deletable.")
    if declaration.kept and not declaration.kept_because:
        raise ImproperlyConfigured(f"{where} keeps columns after erasure: say why in kept_because.")
    _validate_names(declaration, where)


def _validate_names(declaration: PersonalData, where: str) -> None:
    if not_own := {*declaration.kept, *declaration.correctable} - {*declaration.columns}:
        raise ImproperlyConfigured(
            f"{where} keeps or makes correctable what is not personal: {', '.join(sorted(not_own))}."
        )
    named = {*declaration.withheld, *declaration.redacted, *declaration.ended}
    unknown = named - {*declaration.columns, *declaration.other_columns}
    columns = {f.name: f.column for f in declaration.model._meta.concrete_fields}
    if strange := {name for name in declaration.unlisted if columns.get(name) not in declaration.other_columns}:
        raise ImproperlyConfigured(
            f"{where} has unlisted fields that are not in other_columns: {', '.join(sorted(strange))}."
        )
    if strange := {name for name in declaration.circumstances if columns.get(name) not in declaration.other_columns}:
        raise ImproperlyConfigured(
            f"{where} has circumstances that are not in other_columns: {', '.join(sorted(strange))}."
        )
    if unknown:
        raise ImproperlyConfigured(f"{where} withholds or redacts undeclared fields: {', '.join(sorted(unknown))}.")
