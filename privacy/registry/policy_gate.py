"""The policy gate: blocks columns, purposes and uses that the policy in effect doesn't cover, or that a setting
switches off.

Each process determines what is closed once, on first use. Nothing can close later without a deploy. Each access to
something closed checks again, so it opens in every process as soon as a version that covers it takes effect; access to
open things costs no query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models

from privacy.encryption.computed_fields import ComputedField

from .declarations import PersonalData, Retention, declaration_for
from .policy_diff import PolicyDifference, differences
from .policy_snapshot import running, switched_off

NOTHING: dict[str, Any] = {"columns": {}, "purposes": [], "uses": {}, "promises": []}


class NotInEffect(Exception):
    """The policy in effect doesn't cover this use of personal data yet, or a setting switches it off. The text names
    the column or purpose."""


@dataclass(frozen=True)
class PolicyGap:
    """How the code differs from the policy version in effect."""

    differences: tuple[PolicyDifference, ...] = ()
    closed: Mapping[str, str] = field(default_factory=dict)  # place → description
    covered: Mapping[str, Any] = field(default_factory=dict)  # the columns in the version in effect
    off: frozenset[str] = frozenset()  # what a setting switches off


_waiting: PolicyGap | None = None


def look() -> PolicyGap:
    """Compares the code with the version in effect. One query."""
    global _waiting
    covered = apps.get_model("policy", "PolicyVersion")._default_manager.in_effect_snapshot() or NOTHING
    found = tuple(differences(covered, running()))
    closed = {difference.place: difference.text for difference in found if difference.closes}
    _waiting = PolicyGap(found, closed, covered["columns"], switched_off())
    return _waiting


def waiting() -> PolicyGap:
    """The cached comparison, or a new one while there are differences."""
    return _waiting if _waiting is not None and not _waiting.differences else look()


def forget() -> None:
    """Clears the cached comparison."""
    global _waiting
    _waiting = None


def is_closed(place: str) -> bool:
    """Whether the place is closed. Queries the database only if it was closed before."""
    known = look() if _waiting is None else _waiting
    return place in known.off or (place in known.closed and place in look().closed)


def is_open(model: type[models.Model], name: str) -> bool:
    """Whether new values of this column may be stored; true for columns that are not personal."""
    return not is_closed(f"{model._meta.db_table}.{name}")


def purpose_is_open(purpose: str) -> bool:
    """Whether the policy in effect includes this purpose."""
    return not is_closed(f"purpose:{purpose}")


def closed_tables() -> list[str]:
    """Tables with a closed use, from the cached comparison."""
    known = look() if _waiting is None else _waiting
    return [place.split(":")[1] for place in known.closed if place.startswith("use:")]


def require_use(place: str) -> None:
    """Raises `NotInEffect` for a use (`use:table:purpose:audience`) that the policy in effect does not cover."""
    if is_closed(place):
        raise NotInEffect(f"{place} is closed because {_reason(place)}.")


def require_open(column: Any, value: Any) -> None:
    """Raises `NotInEffect` if a closed column gets a value. None, empty text and the value of redaction don't count.
    Models of migrations are exempt.
    """
    table = column.model._meta.db_table
    if _waiting is not None and not _waiting.closed and table not in _waiting.off:
        return  # fast path, since every write calls this
    if value is None or (isinstance(value, (str, bytes)) and not value) or column.model._meta.apps is not apps:
        return
    place = f"{table}.{column.name}"
    if is_closed(place) and value != getattr(declaration_for(table), "redacted", {}).get(column.name):
        raise NotInEffect(f"{place} can't be stored because {_reason(place)}.")


def _reason(place: str) -> str:
    if place in switched_off():
        return "a setting switches it off"
    return "the privacy policy in effect does not cover it yet; it opens with the version that does"


def is_named(declaration: PersonalData) -> bool:
    """Whether the policy names these rows. What a setting switches off is still named, and kept, until a version
    without it is in effect."""
    prefix = f"{declaration.model._meta.db_table}."
    return declaration.is_on or any(place.startswith(prefix) for place in waiting().covered)


def retention_in_effect(model: type[models.Model], retention: Retention) -> Retention:
    """The retention of a model's rows. A longer one only applies once the policy in effect includes it."""
    table = model._meta.db_table
    places = [place for place in waiting().closed if place.partition(".")[0] == table]
    days = [waiting().covered[place]["days"] for place in places if _counts_from(place, retention)]
    return Retention(text=retention.text, since=retention.since, days=min([retention.days, *days]))


def _counts_from(place: str, retention: Retention) -> bool:
    covered = waiting().covered.get(place)
    return covered is not None and covered["since"] == retention.since and covered["days"] > 0


class GatedCharField(ComputedField, models.CharField[Any, Any]):
    """A personal column that is stored as a hash. Every written value passes the policy gate, including expressions;
    for sealed fields, `before_seal` does that. In migrations it is a plain `CharField`.
    """

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        require_open(self, value)
        return super().get_db_prep_save(value, connection)


def registered(place: str) -> bool:
    """Whether `table.column` is a declared personal column."""
    table, _, name = place.partition(".")
    return name in getattr(declaration_for(table), "columns", {})
