"""gunicorn's worker with a lane of its own for what is sent to the account pages, and its log without what was typed.

Whoever posts passwords from many connections fills the queue in front of a worker's threads, and every page stands in
it, however quickly each post is refused. So these posts wait in a queue of their own, with one thread and a pause after
each: a flood of them waits there, and the threads that serve pages stay free (docs/adr/0029-doors.md).
"""

from __future__ import annotations

import io
import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from .incoming.bodies import ended_in_time
from .log_lines import LINE, LineFormatter

LANE = "/accounts/"  # signing in, asking for a link, setting a password
PAUSE = 0.02  # seconds after each answer, in which the process serves pages
LONGEST = 64 * 1024  # bytes of a post; what these forms send is far below


class LaneWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def init_process(self) -> None:
        self.lane = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lane")
        super().init_process()

    def handle_request(self, req: Any, conn: Any) -> bool:
        """In a thread that serves pages: leaves a post to an account page to the lane, and is free again. What was sent
        is read before, so that no slow line holds up the lane."""
        if req.method == "POST" and req.path.startswith(LANE):
            with ended_in_time(conn.sock, threading.Event()):
                req.body = io.BytesIO(req.body.read(LONGEST))
            conn.waits = req
            return False
        return bool(super().handle_request(req, conn))

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        """In the main thread, which closes what is answered."""
        req = conn.__dict__.pop("waits", None)
        if req is None:
            super().finish_request(conn, fs)
            return
        answered = self.lane.submit(self.handle_in_lane, req, conn)
        answered.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def handle_in_lane(self, req: Any, conn: Any) -> bool:
        req.force_close()  # the answer says so; a browser comes with a new connection
        try:
            super().handle_request(req, conn)
        finally:
            time.sleep(PAUSE)
        return False


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Lines as the site's own, without the visitor's address and what could not be read of the request."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(LineFormatter(**LINE))
            handler.addFilter(_without_the_request)


def _without_the_request(record: logging.LogRecord) -> bool:
    for start in ("Invalid request", "Error handling request"):
        if record.getMessage().startswith(start):
            record.msg, record.args = start, ()
    return True
