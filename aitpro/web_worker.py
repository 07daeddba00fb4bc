"""A gunicorn worker that receives requests in separate threads and answers them in a small pool.

- A page thread never waits for a visitor's line: request and body are there before one is taken. As many connections
  may be slow as a process may have (`worker_connections`), and each is ended after `WITHIN` seconds.
- Whoever posts passwords from many connections fills the queue in front of the page threads, however quickly each post
  is refused. So posts to the account pages wait for a lane of their own, with one thread and a pause after each: a
  flood of them waits there (ADR 29).
- gunicorn's log says nothing of what was typed.
"""

from __future__ import annotations

import io
import logging
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

from django.conf import settings
from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import ThreadWorker

from .http.error_pages import DesignedErrors
from .logs.activity import Activity, during
from .logs.formatters import FORMATTERS

LANE = "/accounts/"  # sign-in, password links
PAUSE = 0.02  # seconds after each response, for other pages
WITHIN = 60  # seconds for a request, and one more for each
RATE = 50_000  # bytes of it that have arrived: 20 MB on 1 Mbit/s take 160 seconds
SMALL = 64 * 1024  # bytes of a body; what the forms for visitors send is below
LARGE = 4  # larger bodies at once in a process: each is in memory


class Refused(Exception):
    """Status and reason of the answer."""


class LaneWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def init_process(self) -> None:
        self.arriving: dict[Any, float] = {}  # connections, and until when
        self.pages = ThreadPoolExecutor(self.cfg.threads, "pages")
        self.lane = ThreadPoolExecutor(1, "lane")
        self.large = threading.Semaphore(LARGE)
        super().init_process()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """The threads that read; as many as there are connections, so that none waits for another."""
        return ThreadPoolExecutor(self.worker_connections, "reading")

    def handle(self, conn: Any) -> Any:
        conn.late = conn.ended = False
        self.arriving[conn] = time.monotonic() + WITHIN
        try:
            with during(Activity("request")) as conn.activity:
                kept = super().handle(conn)
        finally:
            self.arriving.pop(conn, None)
        if not kept:
            conn.close(graceful=True)  # waits for the other side, which the main thread must not
            conn.ended = True
        return kept

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        if conn.ended:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """In the main thread, about once a second. A time-out of the socket would begin anew with each byte."""
        super().murder_pending()
        now = time.monotonic()
        for conn in [conn for conn, until in list(self.arriving.items()) if until < now]:
            conn.late = True
            with suppress(OSError):  # no connection any more
                conn.sock.shutdown(socket.SHUT_RD)

    def handle_request(self, req: Any, conn: Any) -> bool:
        in_lane = req.method == "POST" and req.path.startswith(LANE)
        with ExitStack() as held:
            try:
                most = SMALL if in_lane else settings.FILE_UPLOAD_MAX_MEMORY_SIZE
                req.body = io.BytesIO(self.read_body(req, conn, most, held))
            except Refused as refused:
                self.log.warning("a body was refused: %s %s", *refused.args)
                util.write_error(DesignedErrors(conn.sock), *refused.args, "")
                return False
            del self.arriving[conn]
            if in_lane:
                return self.lane.submit(self.handle_in_lane, req, conn).result()
            return bool(self.pages.submit(self.answer, req, conn).result())

    def answer(self, req: Any, conn: Any) -> Any:
        """In a thread for pages or that of the lane."""
        with during(conn.activity):
            return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        super().handle_error(req, DesignedErrors(client), addr, exc)

    def read_body(self, req: Any, conn: Any, most: int, held: ExitStack) -> bytes:
        """Holds one of the few places for large bodies where it is one. Raises Refused."""
        length = next((int(value) for name, value in req.headers if name == "CONTENT-LENGTH"), None)
        if (length or 0) > most:
            raise Refused(413, "Content Too Large")
        if req._expected_100_continue:
            conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            req._expected_100_continue = False
        body, broken_off = bytearray(), False
        try:
            while piece := req.body.read(SMALL):
                body += piece
                if len(body) > most:
                    raise Refused(413, "Content Too Large")
                self.arriving[conn] += len(piece) / RATE
                if len(body) == SMALL != length:
                    self.wait_for_a_place(conn, held)
        except NoMoreData:
            broken_off = True
        if broken_off or len(body) < (length or 0):
            raise Refused(408, "Request Timeout") if conn.late else Refused(400, "Bad Request")
        return bytes(body)

    def wait_for_a_place(self, conn: Any, held: ExitStack) -> None:
        del self.arriving[conn]
        if not self.large.acquire(timeout=WITHIN):
            raise Refused(503, "Service Unavailable")
        held.callback(self.large.release)
        self.arriving[conn] = time.monotonic() + WITHIN

    def handle_in_lane(self, req: Any, conn: Any) -> bool:
        req.force_close()  # the answer says so; a browser comes with a new connection
        try:
            self.answer(req, conn)
        finally:
            time.sleep(PAUSE)
        return False


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Lines as the site's own, without the visitor's address and what could not be read of the request."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(FORMATTERS[settings.LOG_FORMAT]())
            handler.addFilter(_without_the_request)


def _without_the_request(record: logging.LogRecord) -> bool:
    for start in ("Invalid request", "Error handling request"):
        if record.getMessage().startswith(start):
            record.msg, record.args = start, ()
    return True
