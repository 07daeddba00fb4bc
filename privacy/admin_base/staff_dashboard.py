"""The registry of staff tasks, shown on the admin's first page.

Apps declare theirs in `staff_tasks.py`, which is discovered like `admin.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.urls import reverse

from privacy.registry.purpose_binding import upkeep

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, PermissionsMixin


class Area(StrEnum):
    """The areas of the admin, in the order of the page."""

    SHOP = "Shop"
    AFFILIATES = "Affiliates"
    CONTACTS = "Contacts"
    PRIVACY = "Privacy"
    SITE = "Site"


@dataclass(frozen=True)
class StaffTaskCount:
    """Number of pending items, and how many of them are overdue or an alarm."""

    count: int
    overdue: int = 0


Look = Callable[[datetime], StaffTaskCount]


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


@dataclass(frozen=True)
class DashboardLine:
    """A task with pending items."""

    task: StaffTask
    waiting: StaffTaskCount

    @property
    def text(self) -> str:
        return self.task.one if self.waiting.count == 1 else self.task.many

    @property
    def address(self) -> str:
        query = f"?{self.task.query}" if self.task.query else ""
        return f"{reverse(self.task.page)}{query}"


_tasks: list[StaffTask] = []


def staff_task(
    *, area: Area, one: str, many: str, permission: str, page: str, query: str = ""
) -> Callable[[Look], Look]:
    """Registers a function that counts pending items, in one or two queries. Shown to users with the permission."""

    def register(look: Look) -> Look:
        _tasks.append(StaffTask(area, one, many, permission, page, query, look))
        return look

    return register


def tasks() -> list[StaffTask]:
    """All tasks by area."""
    return sorted(_tasks, key=lambda task: list(Area).index(task.area))


@upkeep
def pending_tasks_for(user: PermissionsMixin | AnonymousUser, *, now: datetime) -> list[DashboardLine]:
    """The pending tasks of this user, overdue ones first, then by area. Only permitted tasks are queried."""
    mine = [task for task in tasks() if user.has_perm(task.permission)]
    lines = [DashboardLine(task, task.look(now)) for task in mine]
    return sorted((line for line in lines if line.waiting.count), key=lambda line: not line.waiting.overdue)
