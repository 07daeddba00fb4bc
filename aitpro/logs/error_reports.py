"""Optional reports of errors to a Sentry-compatible service (`SENTRY_DSN`; ADR 79).

A report is built from a list of what it may hold: kinds of errors, places in the program, the route and the
request's id. It has no message, variable, header, body, address, user, host name or breadcrumb, so it needs no
scrubbing. The format: https://develop.sentry.dev/sdk/data-model/envelopes/
"""

from __future__ import annotations

import atexit
import json
import logging
import queue
import ssl
import sysconfig
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import certifi

from privacy.web.bounded_http import BoundedHTTP, BoundedHTTPS
from privacy.web.bounded_sockets import deadline

from .activity import current

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = sysconfig.get_path("purelib")
WAITING = 50  # reports at most; further ones are dropped
PER_MINUTE = 30
TIMEOUT = 5  # seconds
LAST_SECONDS = 3  # of a process that ends


class ReportHandler(logging.Handler):
    """Sends from a thread of its own: whoever logs an error never waits for the service."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.target = Target(dsn)
        self.waiting: queue.Queue[dict[str, Any]] = queue.Queue(WAITING)
        self.thread: threading.Thread | None = None
        self.sent_in: tuple[int, int] = (0, 0)  # a minute, and how many in it
        self.start_lock = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == __name__ or not self._has_room(int(record.created // 60)):
            return
        try:
            self.waiting.put_nowait(report_of(record))
        except queue.Full:
            return
        with self.start_lock:  # in the process that needs it: a thread does not survive a fork
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._send_all, name="error reports", daemon=True)
                self.thread.start()
                atexit.register(self._finish)

    def _has_room(self, minute: int) -> bool:
        before, count = self.sent_in
        self.sent_in = (minute, count + 1 if before == minute else 1)
        return self.sent_in[1] <= PER_MINUTE

    def _send_all(self) -> None:
        while True:
            report = self.waiting.get()
            try:
                self.target.send(report)
            except Exception as error:
                logger.warning("an error could not be reported: %s", type(error).__name__)
            finally:
                self.waiting.task_done()

    def _finish(self) -> None:
        deadline = time.monotonic() + LAST_SECONDS
        while self.waiting.unfinished_tasks and time.monotonic() < deadline:
            threading.Event().wait(0.05)


class Target:
    """`https://KEY@HOST/PROJECT`"""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        prefix, _, project = parts.path.rpartition("/")
        self.secure, self.host, self.port, self.key = (
            parts.scheme == "https",
            parts.hostname,
            parts.port,
            parts.username,
        )
        self.path = f"{prefix}/api/{project}/envelope/"

    def send(self, report: dict[str, Any]) -> None:
        """Raises an error for any answer but 200."""
        head = {"event_id": report["event_id"], "sent_at": datetime.now(UTC).isoformat()}
        body = "\n".join(map(json.dumps, (head, {"type": "event"}, report))).encode()
        headers = {
            "Content-Type": "application/x-sentry-envelope",
            "User-Agent": "aitpro",
            "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client=aitpro/1, sentry_key={self.key}",
        }
        connection = self._connection()
        try:
            with deadline(TIMEOUT):
                connection.request("POST", self.path, body, headers)
                if (answer := connection.getresponse()).status != 200:
                    raise ConnectionError(answer.status)
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        if not self.secure:
            return BoundedHTTP(self.host or "", self.port, timeout=TIMEOUT)
        context = ssl.create_default_context(cafile=certifi.where())
        return BoundedHTTPS(self.host or "", self.port, timeout=TIMEOUT, context=context)


def report_of(record: logging.LogRecord) -> dict[str, Any]:
    """An event: https://develop.sentry.dev/sdk/data-model/event-payloads/"""
    activity = current()
    error = record.exc_info[1] if record.exc_info else None
    report: dict[str, Any] = {
        "event_id": uuid4().hex,
        "timestamp": record.created,
        "platform": "python",
        "level": record.levelname.lower(),
        "logger": record.name,
        "transaction": activity.described() if activity is not None else "",
        "tags": {activity.kind: activity.id} if activity is not None else {},
    }
    if error is None:
        place = {"filename": _short(record.pathname), "function": record.funcName, "lineno": record.lineno}
        values = [{"type": "LoggedError", "stacktrace": {"frames": [place]}}]
    else:
        values = [
            {"type": type(each).__qualname__, "module": type(each).__module__, "stacktrace": {"frames": frames}}
            for each in _chain(error)
            if (frames := list(_frames(each.__traceback__)))
        ]
    return report | {"exception": {"values": values}}


def _chain(error: BaseException | None) -> list[BaseException]:
    """The first error first, as Sentry wants them."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.insert(0, error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _frames(trace: TracebackType | None) -> Iterator[dict[str, Any]]:
    for frame, line in walk_tb(trace):
        code = frame.f_code
        own = code.co_filename.startswith(str(ROOT)) and not code.co_filename.startswith(PACKAGES)
        yield {
            "filename": _short(code.co_filename),
            "function": code.co_qualname if hasattr(code, "co_qualname") else code.co_name,
            "lineno": line,
            "in_app": own,
        }


def _short(path: str) -> str:
    """Without the folders above, which may have somebody's name."""
    for base in (PACKAGES, str(ROOT), sysconfig.get_path("stdlib")):
        if path.startswith(f"{base}/"):
            return path.removeprefix(f"{base}/")
    return Path(path).name
