"""Processes that can be started, stopped, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.running_site import ROOT, wait_for

READY_WITHIN = 120  # seconds; on a busy machine, a web instance takes 20
ENDS_WITHIN = 90  # seconds; longer than gunicorn's graceful_timeout

# Puts a socket where systemd puts it (sd_listen_fds), and becomes the program.
WITH_SOCKET = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""


class Guard:
    """Ends the parts if this process is killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.production.guard"], cwd=ROOT, stdin=subprocess.PIPE, text=True
        )
        self.lock = threading.Lock()

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        with self.lock:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()

    def dismiss(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


class Part:
    """One program in a process group of its own, which writes to `log`. `is_ready` says when it serves."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        guard: Guard,
        folder: Path,
        environment: Mapping[str, str],
        is_ready: Callable[[], bool] = lambda: True,
        listener: socket.socket | None = None,
        stops_with: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name, self.command, self.guard = name, list(command), guard
        self.log = folder / f"{name}.log"
        self.environment, self.is_ready = dict(environment), is_ready
        self.code = ROOT  # the folder of the release that it runs
        self.listener, self.stops_with = listener, stops_with
        self.process: subprocess.Popen[bytes] | None = None
        self.wanted = False  # started, and not stopped since
        self.lock = threading.RLock()  # so that it is started once

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} is not running"
        return self.process.pid

    def children(self) -> list[int]:
        """The processes that this one has started: gunicorn's and nginx's workers."""
        with suppress(FileNotFoundError):
            listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
            return [int(pid) for pid in listed.split()]
        return []

    def start(self, *, wait: bool = True) -> None:
        """Starts it if it isn't running, and waits until it serves."""
        with self.lock:
            self.wanted = True
            if not self.is_running:
                self._end_group()
                self._run()
        if wait:
            self.wait_until_ready()

    def _run(self) -> None:
        command, descriptors = self.command, []
        if self.listener is not None:
            descriptors = [self.listener.fileno()]
            command = [sys.executable, "-c", WITH_SOCKET, str(descriptors[0]), *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.code,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=descriptors,
                start_new_session=True,
                umask=0o077,
            )
        self.guard.say(f"+{self.process.pid}")

    def wait_until_ready(self) -> None:
        def look() -> bool:
            assert self.is_running, f"{self.name} ended: {self.log.read_text()[-3000:]}"
            return self.is_ready()

        wait_for(look, self.name, READY_WITHIN)

    def signal(self, how: signal.Signals) -> None:
        os.kill(self.pid, how)

    def stop(self) -> int:
        """As `systemctl stop`: asks the main process to end, and ends what is left of the group. Returns its exit
        code."""
        with self.lock:
            self.wanted = False
        if self.is_running:
            self.signal(self.stops_with)
        return self._ended()

    def kill(self) -> int:
        """SIGKILL to the main process; then, as systemd does, to what is left of its group."""
        with self.lock:
            self.wanted = False
        if self.is_running:
            self.signal(signal.SIGKILL)
        return self._ended()

    def restart(self, *, how: Callable[[], int] | None = None) -> None:
        """Stops it (`how=part.kill`: kills it) and starts it."""
        (how or self.stop)()
        self.start()

    def _ended(self) -> int:
        if self.process is None:
            return 0
        code = self.process.wait(ENDS_WITHIN)
        self._end_group()
        return code

    def _end_group(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.guard.say(f"-{self.process.pid}")
            self.process = None


def is_alive(pid: int) -> bool:
    """A dead process may wait for its parent to notice."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def answers_on(port: int) -> Callable[[], bool]:
    """Whether somebody listens on this port of the machine."""

    def look() -> bool:
        with socket.socket() as probe:
            probe.settimeout(5)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return look


def is_healthy(address: Path | int, host: str) -> Callable[[], bool]:
    """Whether the web instance behind a Unix socket, or a port of this machine, answers `/healthz` with 200."""

    def look() -> bool:
        with socket.socket(socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET) as probe:
            probe.settimeout(30)
            with suppress(OSError):
                probe.connect(str(address) if isinstance(address, Path) else ("127.0.0.1", address))
                probe.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return probe.recv(64).startswith(b"HTTP/1.1 200")
        return False

    return look


def restart_what_ends(parts: Sequence[Part], stopped: threading.Event, pause: float) -> None:
    """As systemd's `Restart=always`, until `stopped`. What was stopped or killed through its part stays down."""
    while not stopped.wait(pause):
        for part in parts:
            with part.lock:
                if part.wanted and not part.is_running:
                    part.start(wait=False)
