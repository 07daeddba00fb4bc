"""The registry of personal data: each model says once what it keeps about people, why, how long, and what erasure does.

Six things read this one declaration: the access archive, erasure, retention, the table in the privacy policy, the
coverage check over the live schema, and the check of what each way in reads (`purpose_binding`). Models declare
themselves with the decorators below; `privacy` imports none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import models

from .purposes import Audience, Purpose

Model = TypeVar("Model", bound=type[models.Model])


class Erasure(StrEnum):
    """What happens to a row when its person asks for deletion, and when its time is over."""

    DELETE = "delete"
    REDACT = "redact"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Kept until `days` (0 or more) after the moment in the column `since`, in words `text`.

    Without a column, the rows have no time of their own and go with what `text` names (an account, an order).
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
    """What rows are used for, and who learns something by it. `told` says it in the policy, in plain words.

    It touches only `columns`, named as the database has them; all of them where none are named.
    """

    purpose: Purpose
    audience: Audience
    told: str = ""
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """One model's declaration. `columns` and `other_columns` together name every column of its table.

    `circumstances` are fields behind `other_columns` that stand in clear because sums and dates are made of them, and
    still tell of the person: the archive and the policy name them beside the personal columns.
    """

    model: type[models.Model]
    label: str  # what the policy and the archive call these rows
    purpose: Purpose
    columns: Mapping[str, str]  # personal field → its name in plain words
    other_columns: frozenset[str]
    found_by: tuple[str, ...]  # look-ups that take an e-mail address
    retention: Retention
    erasure: Erasure
    circumstances: Mapping[str, str] = field(default_factory=dict)  # those that tell of the person, in plain words
    kept_because: str = ""
    source: str = ""
    recipients: str = ""
    seen_by: frozenset[Audience] = frozenset({Audience.PERSON, Audience.STAFF})  # for what the rows are kept for
    uses: tuple[Use, ...] = ()  # beyond that: each is a sentence of the policy, and closed until people were told
    bound: bool = (
        False  # a statement that reads these rows for anything else is refused (`privacy.registry.purpose_binding`)
    )
    everywhere: str = ""  # why any code may look here, where it may: to know who is signed in, whom not to write to
    also_for: tuple[Purpose, ...] = ()  # what some of the rows are kept for: each says so with its own `purpose`
    asked_when: Mapping[str, str] = field(default_factory=dict)  # column that not everybody is asked for → when
    withheld: frozenset[str] = frozenset()  # personal, but never in an answer; named there with the reason
    withheld_because: str = "it would let its reader act or sign in as you"
    unlisted: frozenset[str] = frozenset()  # fields behind other_columns that only keep the site's own work going
    copies: str = ""  # the table whose rows these repeat, under the same ids: an answer lists them once
    days_alone: bool = False  # an answer tells days, not moments, which would single out a buyer
    redacted: Mapping[str, Any] = field(
        default_factory=dict
    )  # field → what redaction writes, or what makes it; None where not named
    kept: frozenset[str] = frozenset()  # personal columns that redaction leaves, for the reason in kept_because
    kept_usable: str = ""  # why these rows stay as they are for a person who wants to go on using what they bought
    ended: Mapping[str, Any] = field(default_factory=dict)  # field → what erasure writes for a person who does not
    expiry: Erasure | None = None  # what the end of retention does, where it is not the same as erasure
    correctable: Mapping[str, str] = field(
        default_factory=dict
    )  # field the person may change → HTML autocomplete token

    @property
    def details(self) -> list[str]:
        """What the rows tell of a person, in plain words."""
        when = {name: f" ({asked})" for name, asked in self.asked_when.items()}
        return [*(f"{label}{when.get(name, '')}" for name, label in self.columns.items()), *self.circumstances.values()]

    @property
    def purposes(self) -> list[str]:
        """What the rows are kept for, in plain words."""
        return [purpose.label for purpose in (self.purpose, *self.also_for)]

    @property
    def holds_address(self) -> bool:
        """An e-mail address of the person is among the columns."""
        from privacy.encryption.fields import SealedEmailField  # whose gate asks this module

        return any(isinstance(self.model._meta.get_field(name), SealedEmailField) for name in self.columns)

    @cached_property
    def all_uses(self) -> tuple[Use, ...]:
        """Also those that need no words of their own: by the site itself and by those who see the rows, for what they
        are kept for; answering the person; and telling of a new policy whoever left an address."""
        own = ((p, a) for p in (self.purpose, *self.also_for) for a in (Audience.SITE, *sorted(self.seen_by)))
        answering = [(Purpose.PRIVACY_REQUEST, audience) for audience in (Audience.SITE, Audience.PERSON)]
        if self.holds_address:
            answering += [(Purpose.POLICY_NOTICE, Audience.PERSON)]
        if Audience.STAFF in self.seen_by:  # who call or write where no mail goes
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
    def still_personal(self) -> models.Q:
        """False where all of them are empty: the row was redacted before."""
        return models.Q(*((f"{name}__isnull", False) for name in self.emptied), _connector=models.Q.OR)

    def rows_of(self, email: str) -> models.QuerySet[Any]:
        """Every row about the person with this address. Raises `ValueError` without one."""
        if not email:  # None would find every row whose person is erased
            raise ValueError("no address, no person")
        found = models.Q(pk__in=[])
        for lookup in self.found_by:
            found |= models.Q(**{lookup: email})
        return self.model._base_manager.filter(found).distinct()

    def expired(self, now: datetime) -> models.QuerySet[Any]:
        """Rows whose time is over."""
        return self.model._base_manager.filter(self.retention.expired(now))


@dataclass(frozen=True)
class NotPersonal:
    """A table without personal data: why it has none, and which columns were looked at to say so.

    `despite_link` says why its rows tell nothing about a person although a foreign key, its own or one behind it, leads
    to a personal row. Start-up refuses such a table without it.
    """

    table: str
    columns: frozenset[str]
    reason: str
    despite_link: str = ""


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
    """Declares the personal data of a model. `other_columns` lists, in one string, those that are not personal."""

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


def not_personal(reason: str, columns: str, *, despite_link: str = "") -> Callable[[Model], Model]:
    """Declares that a model holds nothing about people, after looking at each of the named columns.

    `despite_link` is required where a foreign key leads to a personal row.
    """

    def declare(model: Model) -> Model:
        declare_table(model._meta.db_table, reason, columns, despite_link=despite_link)
        return model

    return declare


def declare_table(table: str, reason: str, columns: str, *, despite_link: str = "") -> None:
    """The same for a table of a library, which can't be decorated."""
    _not_personal[table] = NotPersonal(table, frozenset(columns.split()), reason, despite_link)


def personal_models() -> Iterator[PersonalData]:
    """Every declaration, in an order in which rows can be deleted: those that point at others first."""
    return iter(sorted(_personal.values(), key=_dependence, reverse=True))


def declaration_for(table: str) -> PersonalData | NotPersonal | None:
    return _personal.get(table) or _not_personal.get(table)


def personal_links(model: type[models.Model]) -> list[str]:
    """The foreign keys that lead from a model to personal rows, directly or through other tables: `payment.order`."""
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
    """How many steps of foreign keys lead from a model to the end."""

    def depth(model: type[models.Model], seen: frozenset[type[models.Model]]) -> int:
        targets = {f.related_model for f in model._meta.concrete_fields if f.is_relation} - seen
        return 1 + max((depth(t, seen | {model}) for t in targets if isinstance(t, type)), default=0)

    return depth(declaration.model, frozenset())


def _validate(declaration: PersonalData) -> None:
    """Raises `ImproperlyConfigured` that says what to write."""
    where = declaration.model._meta.label
    if declaration.erasure is Erasure.KEEP and not declaration.kept_because:
        raise ImproperlyConfigured(f"{where} keeps personal data after erasure: say why in kept_because.")
    if declaration.retention.days < 0:
        raise ImproperlyConfigured(f"{where} has a retention of less than no time.")
    if declaration.retention.days and not declaration.retention.since:
        raise ImproperlyConfigured(f"{where} has a retention in days: name the column it counts from in since.")
    if declaration.erasure is Erasure.REDACT and not declaration.emptied:
        raise ImproperlyConfigured(f"{where} is redacted, but no personal column is emptied by it.")
    if declaration.kept and not declaration.kept_because:
        raise ImproperlyConfigured(f"{where} keeps columns after erasure: say why in kept_because.")
    _validate_names(declaration, where)


def _validate_names(declaration: PersonalData, where: str) -> None:
    if not_own := {*declaration.kept, *declaration.correctable} - {*declaration.columns}:
        raise ImproperlyConfigured(f"{where} keeps or lets correct what is not personal: {', '.join(sorted(not_own))}.")
    named = {*declaration.withheld, *declaration.redacted, *declaration.ended}
    unknown = named - {*declaration.columns, *declaration.other_columns}
    columns = {f.name: f.column for f in declaration.model._meta.concrete_fields}
    if strange := {name for name in declaration.unlisted if columns.get(name) not in declaration.other_columns}:
        raise ImproperlyConfigured(f"{where} leaves out what is not in other_columns: {', '.join(sorted(strange))}.")
    if strange := {name for name in declaration.circumstances if columns.get(name) not in declaration.other_columns}:
        raise ImproperlyConfigured(f"{where} names circumstances outside other_columns: {', '.join(sorted(strange))}.")
    if unknown:
        raise ImproperlyConfigured(f"{where} withholds or redacts undeclared fields: {', '.join(sorted(unknown))}.")
