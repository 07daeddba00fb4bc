"""The PayPal stand-in as a process of its own, with the payer's and PayPal's side of things as methods."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from .paypal_standin.standin_program import Standin as Program

TIMEOUT = 30  # seconds


class Standin(Program):
    @property
    def ca(self) -> Path:
        """The root that webhook certificates chain to."""
        return self.data_dir / "ca.pem"

    def fault(self, kind: str, **options: object) -> None:
        """One of the faults in `paypal_standin/faults.py`, for the next matching request."""
        self._control("POST", "faults", {"kind": kind, **options})

    def advance(self, seconds: float) -> None:
        self._control("POST", "clock", {"seconds": seconds})

    def send_webhooks_to(self, url: str, events: tuple[str, ...] = ("*",)) -> None:
        self._control("POST", "webhook-url", {"url": url, "event_types": list(events)})

    def act(self, capture_id: str, action: str, **fields: str) -> None:
        """What becomes of a capture: complete, deny, dispute, appeal, resolve, refund, reverse, again."""
        address = f"{self.url}/standin/captures/{capture_id}/{action}"
        requests.post(address, data=fields, allow_redirects=False, timeout=TIMEOUT).raise_for_status()

    def act_on_refund(self, refund_id: str, action: str) -> None:
        """The end of a pending refund: complete or fail."""
        address = f"{self.url}/standin/refunds/{refund_id}/{action}"
        requests.post(address, allow_redirects=False, timeout=TIMEOUT).raise_for_status()

    def decide(self, approve_url: str, choice: str = "pay", **fields: str) -> str:
        """The payer's press of a button; returns the address the browser is sent to."""
        answer = requests.post(approve_url, data={"choice": choice, **fields}, allow_redirects=False, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.headers["Location"]

    def transmissions(self, after: int) -> list[dict[str, Any]]:
        """The messages since that number, signed: `id`, `headers` and `body`. For a test that delivers them itself."""
        answer = requests.get(f"{self.url}/standin/transmissions", {"after": after}, timeout=TIMEOUT)
        answer.raise_for_status()
        return list(answer.json()["transmissions"])

    def act_on_item(self, item_id: str, choice: str) -> None:
        """What becomes of a payout, by the words of a button, such as `Claim it`; any other choice does nothing."""
        address = f"{self.url}/standin/items/{item_id}"
        requests.post(address, data={"choice": choice}, allow_redirects=False, timeout=TIMEOUT).raise_for_status()

    def reset(self) -> None:
        """Without faults, at the real time, sending no webhooks; orders and payouts stay."""
        self._control("DELETE", "faults")
        self._control("DELETE", "clock")
        self.send_webhooks_to("")

    def _control(self, method: str, path: str, data: dict[str, Any] | None = None) -> None:
        requests.request(method, f"{self.url}/standin/{path}", json=data, timeout=TIMEOUT).raise_for_status()


@contextmanager
def run_standin(data_dir: Path, webhook_url: str = "") -> Iterator[Standin]:
    """Started, ready, and ended with the block."""
    standin = Standin(data_dir, webhook_url)
    standin.start()
    try:
        yield standin
    finally:
        standin.stop()
