"""The dead-man ping: another service hears after each round of housekeeping that the site is alive, and raises the
alarm when it hears nothing. It is what notices a machine that is off.

It is told nothing but whether a job failed. Its address (`HEARTBEAT_URL`) is a secret: who knows it could pretend that
the site is alive.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from privacy.web.bounded_http import BoundedHTTP, BoundedHTTPS
from privacy.web.bounded_sockets import deadline

SECONDS = 5  # for the name, the connection and the whole answer

logger = logging.getLogger(__name__)


class _Ping(threading.Thread):
    """Looking up a name takes as long as it takes: a thread can be left behind that long."""

    def __init__(self, address: SplitResult) -> None:
        super().__init__(name="ping", daemon=True)
        self.address = address
        kind = BoundedHTTPS if address.scheme == "https" else BoundedHTTP
        self.connection = kind(address.hostname or "", address.port, timeout=SECONDS)
        self.result = "no answer in time"

    def run(self) -> None:
        path = self.address.path or "/"
        query = f"?{self.address.query}" if self.address.query else ""
        try:
            with deadline(SECONDS):
                self.connection.request("GET", path + query, headers={"User-Agent": "heartbeat", "Connection": "close"})
                status = self.connection.getresponse().status  # a redirect is an answer, and isn't followed
            self.result = "" if 200 <= status < 300 else f"status {status}"
        except Exception as error:
            self.result = type(error).__name__
        finally:
            self.connection.close()


class DeadManPing:
    """Logs the first failure and the recovery, not each failure in between."""

    def __init__(self) -> None:
        self._fails = False
        self._failed_lanes: dict[str, bool] = {}

    def after_round(self, lanes: Sequence[str], *, failed: bool, ping: bool) -> None:
        """One lane pings for all: what failed in another one, since that one's last round, counts."""
        self._failed_lanes["+".join(lanes)] = failed
        if ping:
            self.ping(failed=any(self._failed_lanes.values()))

    def ping(self, *, failed: bool) -> None:
        """Within five seconds, whatever happens. Never raises."""
        if not settings.HEARTBEAT_URL:
            return
        address = urlsplit(settings.HEARTBEAT_URL)
        if failed:
            address = address._replace(path=f"{address.path.rstrip('/')}/fail")
        thread = _Ping(address)
        thread.start()
        thread.join(SECONDS)
        result = thread.result
        if result and not self._fails:
            logger.warning("the ping to HEARTBEAT_URL failed: %s", result)
        elif not result and self._fails:
            logger.info("the ping to HEARTBEAT_URL works again")
        self._fails = bool(result)


dead_man_ping = DeadManPing()
