"""A small HTTP server on loopback with scripted responses and recorded requests."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: Message
    body: bytes
    connection: int  # the client's port: equal for two requests over one connection


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Any = field(default_factory=dict)  # bytes go out as they are, anything else as JSON
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0  # seconds
    drop: bool = False  # close the connection without a word

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Loopback:
    """Answers come from `answers` (in order), or from `pages` by path; tokens are numbered."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.tokens: list[Seen] = []
        self.answers: deque[Answer] = deque()
        self.token_answers: deque[Answer] = deque()
        self.pages: dict[str, Answer] = {}
        self.lifetime = 32400  # seconds, of each token

    def will(self, *answers: Answer) -> None:
        self.answers.extend(answers)

    def reply(self, request: Seen) -> Answer:
        if request.path == "/v1/oauth2/token":
            self.tokens.append(request)
            return self.token_answers.popleft() if self.token_answers else self._token()
        self.seen.append(request)
        if request.path in self.pages:
            return self.pages[request.path]
        return self.answers.popleft() if self.answers else Answer(404, {"name": "RESOURCE_NOT_FOUND"})

    def _token(self) -> Answer:
        token = {"access_token": f"token-{len(self.tokens)}", "token_type": "Bearer", "expires_in": self.lifetime}
        return Answer(body=token)


@contextmanager
def serve() -> Iterator[Loopback]:
    loopback = Loopback()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(loopback))
    loopback.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 2  # seconds: an idle connection must not keep the test's end waiting

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = loopback.reply(Seen(self.command, self.path, self.headers, body, self.client_address[1]))
            time.sleep(answer.delay)
            if answer.drop:
                self.close_connection = True
                return
            self._send(answer)

        do_POST = do_GET

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.content)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(BrokenPipeError):  # a client that timed out has gone
                self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
