"""The site on two hosts on this machine, as docs/scaling.md describes it: one PostgreSQL, its read replica, one Redis
and one nginx.

Each host has a web instance on a port of its own, a worker, a clock, and a data folder. They share the folder of
releases, and nothing else on a disk.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from tests.running_site import free_port

from . import nginx
from .parts import Part, is_healthy
from .postgresql import PostgreSQL
from .replica import Replica
from .site import BACKLOG, PREPARE, Production

HOSTS = (1, 2)
ON_EACH_HOST = PREPARE[-1]  # the static files, which its pages name by their digests


class TwoHosts(Production):
    """Parts are web-1, worker-1, clock-1 and web-2, worker-2, clock-2. PostgreSQL only."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.ports = {number: free_port() for number in HOSTS}
        for number in HOSTS:
            (folder / f"host-{number}").mkdir(parents=True, mode=0o700)
        (folder / "host-1" / "paypal-standin").mkdir(mode=0o700)
        (folder / "host-2" / "paypal-standin").symlink_to(folder / "host-1" / "paypal-standin")  # who signs its events
        super().__init__(folder, PRODUCT_FILES_DIR=str(folder / "products"), **options)  # type: ignore[arg-type]

    def _databases(self) -> dict[str, str]:
        primary = self["postgresql"]
        assert isinstance(primary, PostgreSQL)
        self._add(replica := Replica(self.folder, primary, self.guard))
        return super()._databases() | {"REPLICA_URL": replica.url("aitpro"), "REPLICA_LAG_SECONDS": "5"}

    @property
    def data_dir(self) -> Path:
        return self.folder / "host-1"

    def environment_of(self, number: int) -> dict[str, str]:
        return self.environment | {"DATA_DIR": str(self.folder / f"host-{number}")}

    def on_host(self, number: int) -> list[Part]:
        return [part for name, part in self.parts.items() if name.endswith(f"-{number}")]

    def _declare_site(self, housekeeping_every: int) -> None:
        for number, port in self.ports.items():
            environment, manage = self.environment_of(number), [sys.executable, "manage.py"]
            self._declare(
                f"web-{number}",
                [sys.executable, "-m", "gunicorn", "aitpro.wsgi"],
                is_healthy(port, "localhost"),
                listener=_listen(port),
                environment=environment,
            )
            worker = [*manage, "db_worker", "--interval", "0.5", "--no-reload", "--worker-id", f"host-{number}"]
            self._declare(f"worker-{number}", worker, environment=environment)
            clock = [*manage, "housekeeping", "--every", str(housekeeping_every)]
            self._declare(f"clock-{number}", clock, environment=environment)

    def _upstreams(self) -> dict[str, str]:
        return nginx.on_hosts(list(self.ports.values()))

    def _prepare(self) -> None:
        super()._prepare()
        self.command(*ON_EACH_HOST.format(public=self.public).split(), environment=self.environment_of(2))

    def kill_host(self, number: int) -> None:
        """All that runs there ends at once, in the middle of whatever it did, and nobody listens on its port."""
        parts = self.on_host(number)
        for part in parts:
            part.wanted = False
        for part in parts:
            if part.listener is not None:
                part.listener.close()
            with suppress(ProcessLookupError):
                os.killpg(part.pid, signal.SIGKILL)
        for part in parts:
            part.kill()

    def start_host(self, number: int) -> None:
        parts = self.on_host(number)
        for part in parts:
            if part.listener is not None:
                part.listener = _listen(self.ports[number])
            part.start(wait=False)
        for part in parts:
            part.wait_until_ready()


def _listen(port: int) -> socket.socket:
    """As `aitpro-web@.socket` with an address: it outlives the instance, and ends with the host."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    return listener
