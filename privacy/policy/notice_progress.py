"""Progress of notices."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from .models import PolicyNotice, PolicyVersion

State = PolicyNotice.State


@dataclass(frozen=True)
class Progress:
    """Number of notices per state: value, label, count."""

    states: list[tuple[str, str, int]]

    @property
    def people(self) -> int:
        return sum(count for _, _, count in self.states)

    @property
    def told(self) -> int:
        return sum(count for state, _, count in self.states if state in PolicyNotice.SETTLED)

    @property
    def for_staff(self) -> int:
        """Number of people to call or write to."""
        return sum(count for state, _, count in self.states if state == State.UNREACHABLE)


def progress_of(version: PolicyVersion) -> Progress:
    """Counts the notices of a version. One query."""
    counts = dict(version.notices.order_by().values_list("state").annotate(Count("pk")))
    return Progress([(state.value, str(state.label), counts.get(state.value, 0)) for state in State])
