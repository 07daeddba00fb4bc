"""Counts the work of a request: statements, bytes of SQL, and calls of Python functions.

Unlike seconds, the counts are the same on a busy machine and on an idle one.
"""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from django.db import connections
from django.test.utils import CaptureQueriesContext

GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
TRANSACTION_CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")  # fewer in a test, which is one transaction
INLINED = {"<listcomp>", "<dictcomp>", "<setcomp>"}  # no calls since Python 3.12


@dataclass(frozen=True)
class Work:
    """`queries` are statements that read or write, in both databases, and `sql_bytes` their text with its values.
    `calls` are calls of Python functions, without comprehensions, and without generators, whose every step would count.
    """

    queries: int
    sql_bytes: int
    calls: int


def count_work(act: Callable[[], object]) -> Work:
    """The work of `act` in this thread. The first run fills caches, so run it before with other rows."""
    captures = [CaptureQueriesContext(connections[alias]) for alias in connections]
    for capture in captures:
        capture.__enter__()
    try:
        calls = count_calls(act)
    finally:
        for capture in captures:
            capture.__exit__(None, None, None)
    sent = [query["sql"] for capture in captures for query in capture.captured_queries]
    queries = [sql for sql in sent if not sql.startswith(TRANSACTION_CONTROL)]
    return Work(queries=len(queries), sql_bytes=sum(len(sql.encode()) for sql in queries), calls=calls)


def count_calls(act: Callable[[], object]) -> int:
    count = 0

    def on_event(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        if event == "call" and not frame.f_code.co_flags & GENERATORS and frame.f_code.co_name not in INLINED:
            count += 1

    gc.collect()
    gc.disable()  # finalizers are calls as well
    before = sys.getprofile()
    sys.setprofile(on_event)
    try:
        act()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count
