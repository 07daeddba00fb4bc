"""A webhook endpoint that records events and rejects them on request."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hook:
    """One transmission as it came."""

    headers: Message
    raw: bytes

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.raw))

    @property
    def type(self) -> str:
        return str(self.event["event_type"])

    @property
    def resource(self) -> dict[str, Any]:
        return dict(self.event["resource"])


class Receiver:
    """Listens on loopback; `refuse` names texts whose next transmissions get 500."""

    def __init__(self) -> None:
        self.hooks: list[Hook] = []
        self.refuse: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/paypal/webhook/"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.hooks.append(Hook(self.headers, raw))
                self.send_response(receiver.answer(raw.decode()))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler

    def answer(self, text: str) -> int:
        """500 once for each text in `refuse` that is in the body."""
        for wanted in self.refuse:
            if wanted in text:
                self.refuse.remove(wanted)
                return 500
        return 200

    def about(self, text: str, event_type: str = "") -> list[Hook]:
        """All transmissions so far that contain the text."""
        found = [hook for hook in list(self.hooks) if text in hook.raw.decode()]
        return [hook for hook in found if event_type in ("", hook.type)]

    def wait_for(self, text: str, event_type: str, count: int = 1) -> list[Hook]:
        """The transmissions about this, once there are as many."""
        return list(eventually(lambda: len(found := self.about(text, event_type)) >= count and found))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def eventually(check: Callable[[], Any], attempts: int = 200) -> Any:
    """What `check` returns, as soon as that is true; an AssertionError if it never is."""
    for _ in range(attempts):
        if found := check():
            return found
        time.sleep(0.05)
    raise AssertionError("It never happened.")
