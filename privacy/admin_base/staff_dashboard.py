"""The registry of staff tasks, shown on the admin's first page.

Apps declare theirs in `staff_tasks.py`, which is discovered like `admin.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.timesince import timesince

from privacy.registry.purpose_binding import upkeep

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, PermissionsMixin
    from django.db.models import QuerySet


class Area(StrEnum):
    """The areas of the admin, in the order of the page."""

    SHOP = "Shop"
    AFFILIATES = "Affiliates"
    CONTACTS = "Contacts"
    CONTENT = "Content"
    PRIVACY = "Privacy"
    SITE = "Site"


@dataclass(frozen=True)
class StaffTaskCount:
    """Number of pending items, how many of them are overdue or an alarm, and what else makes them urgent."""

    count: int
    overdue: int = 0
    oldest: datetime | None = None  # since when the first of them waits
    mine: int = 0  # assigned to the user
    note: str = ""  # such as a sum: "$47.97 due to 1 affiliate"
    row: Any = None  # the key of the only pending row, to go straight to it


def only_row(rows: QuerySet[Any]) -> Any:
    """The key of the row if there is exactly one; else None. One query."""
    keys = list(rows.values_list("pk", flat=True)[:2])
    return keys[0] if len(keys) == 1 else None


Look = Callable[..., StaffTaskCount]


@dataclass(frozen=True)
class StaffTask:
    """A kind of task. `page` is a URL name, `query` the query string that filters for pending items."""

    area: Area
    one: str
    many: str
    permission: str
    page: str
    query: str
    look: Look
    per_user: bool = False

    def count(self, user: Any, now: datetime) -> StaffTaskCount:
        return self.look(now, user) if self.per_user else self.look(now)


@dataclass(frozen=True)
class DashboardLine:
    """A task with pending items."""

    task: StaffTask
    waiting: StaffTaskCount
    now: datetime

    @property
    def text(self) -> str:
        return self.task.one if self.waiting.count == 1 else self.task.many

    @property
    def urgency(self) -> str:
        """`1 overdue, oldest 3 days, 2 assigned to you`; empty if nothing is known about it."""
        waiting = self.waiting
        oldest = timesince(waiting.oldest, self.now, depth=1) if waiting.oldest and waiting.oldest < self.now else ""
        overdue = "needs attention" if waiting.overdue == waiting.count else f"{waiting.overdue} overdue"
        parts = (
            waiting.overdue and overdue,
            oldest and (f"oldest {oldest}" if waiting.count > 1 else f"waiting {oldest}"),
            waiting.mine and f"{waiting.mine} assigned to you",
            waiting.note,
        )
        return ", ".join(str(part) for part in parts if part).replace("\xa0", " ")

    @property
    def address(self) -> str:
        if self.waiting.row is not None:
            return reverse(self.task.page.replace("_changelist", "_change"), args=[self.waiting.row])
        query = f"?{self.task.query}" if self.task.query else ""
        return f"{reverse(self.task.page)}{query}"


_tasks: list[StaffTask] = []


def staff_task(
    *, area: Area, one: str, many: str, permission: str, page: str, query: str = "", per_user: bool = False
) -> Callable[[Look], Look]:
    """Registers a function of the moment, and of the user if it counts `per_user`, that counts pending items in one or
    two queries. Shown to users with the permission."""

    def register(look: Look) -> Look:
        _tasks.append(StaffTask(area, one, many, permission, page, query, look, per_user))
        return look

    return register


def tasks() -> list[StaffTask]:
    """All tasks by area."""
    return sorted(_tasks, key=lambda task: list(Area).index(task.area))


@upkeep
def pending_tasks_for(user: PermissionsMixin | AnonymousUser, *, now: datetime) -> list[DashboardLine]:
    """The pending tasks of this user, overdue ones first, then by area. Only permitted tasks are queried."""
    mine = [task for task in tasks() if user.has_perm(task.permission)]
    lines = [DashboardLine(task, task.count(user, now), now) for task in mine]
    return sorted((line for line in lines if line.waiting.count), key=lambda line: not line.waiting.overdue)
