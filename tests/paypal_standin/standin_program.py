"""Starts the stand-in as a program of its own, on a free port of this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "tests.ends_with_starter", "-m", "paypal_standin")


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(**added: str) -> dict[str, str]:
    """This process's environment without any PAYPAL_… of the shop's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYPAL_")}
    return kept | added


def run(*arguments: str, **added: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder and wait for it."""
    return subprocess.run(
        (sys.executable, *arguments),
        cwd=ROOT,
        env=clean_environment(**added),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


class Standin:
    """One stand-in; `start` and `stop` as often as you like, over the same data."""

    def __init__(self, data_dir: Path, webhook_url: str = "") -> None:
        self.data_dir, self.webhook_url = data_dir, webhook_url
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir.parent / f"{data_dir.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> "Standin":
        """Start it and wait until it answers."""
        options: tuple[str, ...] = ("--port", str(self.port), "--data-dir", str(self.data_dir))
        options += ("--webhook-url", self.webhook_url) if self.webhook_url else ()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                (*COMMAND, *options),
                cwd=ROOT,
                env=clean_environment(**environment),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        self._wait()
        return self

    def _wait(self) -> None:
        for _ in range(300):
            if self.process is None or self.process.poll() is not None:
                break
            try:
                requests.get(f"{self.url}/standin/clock", timeout=5)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"The stand-in did not start:\n{self.log.read_text()}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it; returns its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(how)
        code = self.process.wait(timeout=20)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process = None
        return code
