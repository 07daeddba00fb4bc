"""The gate: what the policy in effect does not cover can't be used, though the code is there.

Which columns and purposes are closed is found once in a process, when the first one is asked for. Nothing closes later,
because closing takes other code. Only a closed part looks again, each time it is asked for, and so opens in every
process as soon as a version that covers it is in effect; an open one never costs a query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models

from privacy.encryption.computed_fields import ComputedField

from .declarations import Retention, declaration_for
from .policy_diff import PolicyDifference, differences
from .policy_snapshot import running

NOTHING: dict[str, Any] = {"columns": {}, "purposes": [], "uses": {}, "promises": []}


class NotInEffect(Exception):
    """A use of personal data that the policy in effect does not cover yet. The text names the column or purpose."""


@dataclass(frozen=True)
class PolicyGap:
    """How the running code differs from the version in effect."""

    differences: tuple[PolicyDifference, ...] = ()
    closed: Mapping[str, str] = field(default_factory=dict)  # place → what is closed, in plain words
    covered: Mapping[str, Any] = field(default_factory=dict)  # the columns as the version in effect has them


_waiting: PolicyGap | None = None


def look() -> PolicyGap:
    """Compares the running code with the version in effect. One query."""
    global _waiting
    covered = apps.get_model("policy", "PolicyVersion")._default_manager.in_effect_snapshot() or NOTHING
    found = tuple(differences(covered, running()))
    closed = {difference.place: difference.text for difference in found if difference.closes}
    _waiting = PolicyGap(found, closed, covered["columns"])
    return _waiting


def waiting() -> PolicyGap:
    """The same, from memory as long as nothing waits."""
    return _waiting if _waiting is not None and not _waiting.differences else look()


def forget() -> None:
    """The next question looks anew."""
    global _waiting
    _waiting = None


def is_closed(place: str) -> bool:
    """Asks the database only about what was closed when it was last asked."""
    known = look() if _waiting is None else _waiting
    return place in known.closed and place in look().closed


def is_open(model: type[models.Model], name: str) -> bool:
    """Whether new values of this column may be stored; true for columns that are not personal."""
    return not is_closed(f"{model._meta.db_table}.{name}")


def purpose_is_open(purpose: str) -> bool:
    """Whether the policy in effect knows this purpose."""
    return not is_closed(f"purpose:{purpose}")


def closed_tables() -> list[str]:
    """Those of which a use is closed, as far as this process knows. No query once it has looked."""
    known = look() if _waiting is None else _waiting
    return [place.split(":")[1] for place in known.closed if place.startswith("use:")]


def require_use(place: str) -> None:
    """Raises `NotInEffect` for a use (`use:table:purpose:audience`) that the policy in effect does not cover."""
    if is_closed(place):
        raise NotInEffect(f"{place} is closed, because the privacy policy in effect does not cover it yet.")


def require_open(column: Any, value: Any) -> None:
    """Raises `NotInEffect` when a closed column is given a value. Nothing, an empty text, and what erasure writes, is
    no value.

    The models of migrations pass: they move what is there.
    """
    if _waiting is not None and not _waiting.closed:
        return  # nearly always, and every write asks
    if value is None or (isinstance(value, (str, bytes)) and not value) or column.model._meta.apps is not apps:
        return
    table = column.model._meta.db_table
    place = f"{table}.{column.name}"
    if is_closed(place) and value != getattr(declaration_for(table), "redacted", {}).get(column.name):
        raise NotInEffect(
            f"{place} can't be stored yet, because the privacy policy in effect does not cover it. "
            "It opens with the version that does."
        )


def retention_in_effect(model: type[models.Model], retention: Retention) -> Retention:
    """The retention of a model's rows: a longer one only counts when the policy in effect says so."""
    table = model._meta.db_table
    places = [place for place in waiting().closed if place.partition(".")[0] == table]
    days = [waiting().covered[place]["days"] for place in places if _counts_from(place, retention)]
    return Retention(text=retention.text, since=retention.since, days=min([retention.days, *days]))


def _counts_from(place: str, retention: Retention) -> bool:
    covered = waiting().covered.get(place)
    return covered is not None and covered["since"] == retention.since and covered["days"] > 0


class GatedCharField(ComputedField, models.CharField[Any, Any]):
    """A personal column that is stored as a digest. Every value that is written is shown to the gate, an expression
    too; for sealed fields, `before_seal` does that. To migrations it is a plain `CharField`.
    """

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        require_open(self, value)
        return super().get_db_prep_save(value, connection)


def registered(place: str) -> bool:
    """`table.column` is a personal column of the running code."""
    table, _, name = place.partition(".")
    return name in getattr(declaration_for(table), "columns", {})
