"""What a thread is doing now, a request, a task or a round of housekeeping, with an id that each of its lines carries.

An id is random, made for one request alone, and stored nowhere but in the log: it links no visit to another one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve

PROPOSED = re.compile(r"[0-9a-f]{16,32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    return secrets.token_hex(8)


@dataclass
class Activity:
    """`name` is a task's or a command's; a request's is its route."""

    kind: str  # "request", "task" or "round"
    id: str = field(default_factory=new_id)
    name: str = ""
    request: HttpRequest | None = None

    def described(self) -> str:
        return self.name or (route_of(self.request) if self.request is not None else "")


_current: ContextVar[Activity | None] = ContextVar("activity", default=None)


def current() -> Activity | None:
    return _current.get()


@contextmanager
def during(activity: Activity) -> Iterator[Activity]:
    token = _current.set(activity)
    try:
        yield activity
    finally:
        _current.reset(token)


def route_of(request: HttpRequest) -> str:
    """Also of a request that was refused before it got there."""
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return "no such address"
    return match.view_name if match.url_name else match.route


def on_task_started(*, task_result: Any, **kwargs: Any) -> None:
    _current.set(Activity("task", str(task_result.id), task_result.task.module_path))


def on_task_finished(**kwargs: Any) -> None:
    _current.set(None)
