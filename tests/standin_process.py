"""The PayPal stand-in as a process of its own, with real HTTP between it and the test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
TIMEOUT = 30  # seconds


@dataclass(frozen=True)
class Standin:
    url: str
    data_dir: Path

    @property
    def ca(self) -> Path:
        """The root that webhook certificates chain to."""
        return self.data_dir / "ca.pem"

    def fault(self, kind: str, **options: object) -> None:
        """One of the faults in `paypal_standin/faults.py`, for the next matching request."""
        self._control("POST", "faults", {"kind": kind, **options})

    def advance(self, seconds: float) -> None:
        self._control("POST", "clock", {"seconds": seconds})

    def send_webhooks_to(self, url: str) -> None:
        self._control("POST", "webhook-url", {"url": url})

    def act(self, capture_id: str, action: str, **fields: str) -> None:
        """PayPal's or the payer's side of a capture: complete, deny, dispute, resolve or refund."""
        address = f"{self.url}/standin/captures/{capture_id}/{action}"
        requests.post(address, data=fields, allow_redirects=False, timeout=TIMEOUT).raise_for_status()

    def decide(self, approve_url: str, choice: str = "pay", **fields: str) -> str:
        """The payer's press of a button; returns the address the browser is sent to."""
        answer = requests.post(approve_url, data={"choice": choice, **fields}, allow_redirects=False, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.headers["Location"]

    def reset(self) -> None:
        """Without faults, at the real time, sending no webhooks; orders and payouts stay."""
        self._control("DELETE", "faults")
        self._control("DELETE", "clock")
        self.send_webhooks_to("")

    def _control(self, method: str, path: str, data: dict[str, Any] | None = None) -> None:
        requests.request(method, f"{self.url}/standin/{path}", json=data, timeout=TIMEOUT).raise_for_status()


@contextmanager
def run_standin(data_dir: Path, *options: str, port: int | None = None) -> Iterator[Standin]:
    """Started, ready, and ended with the block; what it says is in `standin.log` in its folder."""
    port = port or free_port()
    data_dir.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "paypal_standin", "--port", str(port), "--data-dir", str(data_dir), *options]
    with (data_dir / "standin.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=log, stderr=log)  # noqa: S603
        try:
            _wait(process, port, data_dir / "standin.log")
            yield Standin(f"http://127.0.0.1:{port}", data_dir)
        finally:
            process.terminate()
            process.wait(timeout=10)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    """Without the shop's own settings and credentials."""
    ours = ("DJANGO_SETTINGS_MODULE", "PAYPAL_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The stand-in did not start:\n{log.read_text()}")
