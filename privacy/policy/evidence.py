"""Evidence that people are notified before data is used in a new way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Model

from privacy.evidence.measurement import Evidence, at_least, evidence_for
from privacy.registry import policy_gate

from .models import PolicyNotice, PolicyVersion

NEWEST = 1000  # most recent rows checked for values in a new column

State = PolicyNotice.State


@evidence_for("change-notice")
def changes_wait_for_their_notices(now: datetime) -> Evidence:
    """Kept if an unmodified version is in effect, everyone affected was notified, and nothing it lacks is in use."""
    version = PolicyVersion.objects.in_effect()
    if version is None:
        return Evidence(kept=False, figures={"policy version in effect": "none"})
    waiting, used = policy_gate.look(), sum(_is_in_use(place) for place in policy_gate.look().closed)
    not_notified = version.notices.not_notified().exists()
    told = version.notices.values_list("state", flat=True)
    figures: dict[str, str | int | float | None] = {
        "policy version in effect": version.number,
        "in effect since": f"{version.in_effect_at:%B %-d, %Y}",
        "notified by email": at_least(told.filter(state=State.DELIVERED).count()),
        "notified by phone or letter": at_least(told.filter(state__in=[State.CALLED, State.WRITTEN]).count()),
        "affected people not notified": "some" if not_notified else "none",
        "new details and purposes not covered yet": len(waiting.closed),
        "of these, in use anyway": used,
        "announced changes": PolicyVersion.objects.announced().count(),
    }
    return Evidence(kept=version.is_unmodified and not not_notified and not used, figures=figures)


def _is_in_use(place: str) -> bool:
    """Whether the gate accepts a value for this column, or a new column already contains one."""
    table, _, name = place.partition(".")
    if not name:  # a purpose: only mail uses one directly, and it asks the gate
        return policy_gate.purpose_is_open(place.partition(":")[2])
    column = _model_of(table)._meta.get_field(name)
    return not _is_refused(column) or (place not in policy_gate.look().covered and _holds_a_value(column))


def _is_refused(column: Any) -> bool:
    try:
        policy_gate.require_open(column, "a value")
    except policy_gate.NotInEffect:
        return True
    return False


def _holds_a_value(column: Any) -> bool:
    """Whether one of the most recent rows has a value."""
    rows = column.model._base_manager.exclude(**{f"{column.name}__isnull": True}).order_by("-pk")
    return any(getattr(row, column.name) for row in rows[:NEWEST])


def _model_of(table: str) -> type[Model]:
    return next(model for model in apps.get_models() if model._meta.db_table == table)
