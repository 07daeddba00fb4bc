"""What waits for staff, asked of each app: the first page of the admin ("Today").

An app says what waits in its `staff_tasks.py`; that module is found by its name when the site starts.
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
    """What people call the parts of the admin, in the order of the page."""

    SHOP = "Shop"
    AFFILIATES = "Affiliates"
    CONTACTS = "Contacts"
    PRIVACY = "Privacy"
    SITE = "Site"


@dataclass(frozen=True)
class StaffTaskCount:
    """How many wait, and how many of them wait too long (or are an alarm)."""

    count: int
    overdue: int = 0


Look = Callable[[datetime], StaffTaskCount]


@dataclass(frozen=True)
class StaffTask:
    """One line of the page. `page` is a URL's name, `query` what chooses the waiting ones on it."""

    area: Area
    one: str
    many: str
    permission: str
    page: str
    query: str
    look: Look


@dataclass(frozen=True)
class DashboardLine:
    """A task with something to do."""

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
    """Registers what looks: one query or two, whatever there is. Shown to those who have the permission."""

    def register(look: Look) -> Look:
        _tasks.append(StaffTask(area, one, many, permission, page, query, look))
        return look

    return register


def tasks() -> list[StaffTask]:
    """All there are, by area."""
    return sorted(_tasks, key=lambda task: list(Area).index(task.area))


@upkeep
def waiting_for(user: PermissionsMixin | AnonymousUser, *, now: datetime) -> list[DashboardLine]:
    """What waits for this person: what is too late first, then by area. Nothing else is even asked for."""
    mine = [task for task in tasks() if user.has_perm(task.permission)]
    lines = [DashboardLine(task, task.look(now)) for task in mine]
    return sorted((line for line in lines if line.waiting.count), key=lambda line: not line.waiting.overdue)
