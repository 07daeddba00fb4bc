"""What breaks: each kind of process, and the servers that the site depends on."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from random import Random
from typing import NamedTuple

import psycopg

from tests.production.hosts import TwoHosts
from tests.production.parts import is_alive
from tests.production.site import Production
from tests.running_site import wait_for

ENDED_WITHIN = 30  # seconds after SIGKILL


class Happened(NamedTuple):
    at: float  # time.monotonic()
    fault: str


# Of a part, its main process is killed; of "worker of …", one that it has started.
KILLS = (
    "web-1",
    "web-2",
    "worker",
    "clock",
    "nginx",
    "redis",
    "smtp",
    "paypal",
    "worker of web-1",
    "worker of web-2",
    "worker of nginx",
)
KILLS_OF_POSTGRESQL = ("postgresql", "session of postgresql")
RESTARTS = ("restart of redis",)
RESTARTS_OF_POSTGRESQL = ("restart of postgresql",)


def kills(database: str) -> tuple[str, ...]:
    return KILLS + (KILLS_OF_POSTGRESQL if database == "postgresql" else ())


def restarts(database: str) -> tuple[str, ...]:
    return RESTARTS + (RESTARTS_OF_POSTGRESQL if database == "postgresql" else ())


class Faults:
    """Does them, and remembers when. Parts come back as systemd lets them (`Production.keep_running`)."""

    def __init__(self, production: Production) -> None:
        self.production = production
        self.happened: list[Happened] = []
        production.keep_running()

    def do(self, fault: str) -> None:
        kind, _, part = fault.rpartition(" of ")
        self.happened.append(Happened(time.monotonic(), fault))
        if kind == "restart":
            self.production[part].restart()
        elif pid := self._victim(kind, part):
            with suppress(ProcessLookupError):  # it has just ended by another fault
                os.kill(pid, signal.SIGKILL)
                wait_for(lambda: not is_alive(pid), f"the end of {fault}", ENDED_WITHIN)

    def of_host(self, number: int) -> None:
        """Nobody starts it again."""
        assert isinstance(self.production, TwoHosts)
        self.happened.append(Happened(time.monotonic(), f"host {number}"))
        self.production.kill_host(number)

    def _victim(self, kind: str, part: str) -> int | None:
        if kind == "session":
            return self._session()
        if not self.production[part].is_running:
            return None
        children = self.production[part].children()
        return children[0] if kind == "worker" and children else self.production[part].pid

    def _session(self) -> int | None:
        """One that the site has open."""
        with suppress(psycopg.Error), psycopg.connect(self.production.environment["DATABASE_URL"]) as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            found = connection.execute(query).fetchone()
            return int(found[0]) if found else None
        return None

    def at_random(self, random: Random, names: tuple[str, ...], seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.do(random.choice(names))
            time.sleep(random.uniform(0.5, 4))

    def wait_until_all_serve(self) -> None:
        for part in self.production.parts.values():
            wait_for(lambda part=part: part.is_running and part.is_ready(), part.name, 240)  # type: ignore[misc]
