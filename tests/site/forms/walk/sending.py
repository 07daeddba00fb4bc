"""Sends a request through the full WSGI stack, and rolls back its changes."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import unquote_to_bytes

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction

from aitpro.http.chunked_bodies import ContentLengthMiddleware

from .oddities import Request


@dataclass
class Answer:
    status: int
    page: bytes
    errors: list[logging.LogRecord]

    @property
    def is_bad(self) -> bool:
        """Django logs what it refuses as suspicious at the level of errors; it is answered with 400 all the same."""
        told = [record for record in self.errors if not record.name.startswith("django.security.")]
        return self.status >= 500 or bool(told) or b"Traceback" in self.page and self.status >= 400

    def __str__(self) -> str:
        trace = next((record.exc_info for record in self.errors if record.exc_info), None)
        if trace is None or trace[2] is None:
            return f"{self.status} {[record.getMessage() for record in self.errors]}"
        last = trace[2]
        while last.tb_next is not None:
            last = last.tb_next
        where = f"{last.tb_frame.f_code.co_filename.rpartition('site-packages/')[2]}:{last.tb_lineno}"
        return f"{self.status} {type(trace[1]).__name__}: {str(trace[1])[:100]} ({where})"


class Errors(logging.Handler):
    """What is logged as an error from now on."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Server:
    """The site as gunicorn calls it, within one transaction of the test's."""

    def __init__(self) -> None:
        self.application = ContentLengthMiddleware(WSGIHandler())

    def send(self, request: Request, session: str = "") -> Answer:
        environ = _environ(request, session)
        seen: list[str] = []
        with _transaction_taken_back(), _errors() as errors:
            try:
                answer: Any = self.application(environ, lambda status, headers: seen.append(status))
            except Exception as error:  # gunicorn answers with a bare page, and logs the trace
                trace = (type(error), error, error.__traceback__)
                return Answer(500, b"", [logging.makeLogRecord({"name": "gunicorn.error", "exc_info": trace})])
            page = b"".join(answer)
            if hasattr(answer, "close"):
                answer.close()
        return Answer(int(seen[0][:3]), page, errors.records)


def _environ(request: Request, session: str) -> dict[str, Any]:
    """As gunicorn makes it: header values are bytes read as Latin-1."""
    path, _, query = request.path.partition("?")
    cookies = "; ".join(filter(None, [session, request.cookies]))
    return {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": "&".join(filter(None, [query, request.query])),
        "SCRIPT_NAME": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "testserver",
        "HTTP_COOKIE": cookies,
        "CONTENT_TYPE": request.content_type,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        **{f"HTTP_{name}": value for name, value in request.headers.items()},
    }


@contextmanager
def _errors() -> Iterator[Errors]:
    errors = Errors()
    logging.getLogger().addHandler(errors)
    try:
        yield errors
    finally:
        logging.getLogger().removeHandler(errors)


@contextmanager
def _transaction_taken_back() -> Iterator[None]:
    """Forms are sent without their token, which is not what is looked at here; a request's end closes no connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        with transaction.atomic(), mock.patch("django.middleware.csrf.CsrfViewMiddleware._check_token"):
            yield
            transaction.set_rollback(True)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
