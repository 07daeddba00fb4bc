"""A web instance that answers with what has reached it, in nginx's place behind a Unix socket."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

LARGE = 8 * 1024 * 1024  # bytes of /downloads/large


class Upstream(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 200

    def __init__(self, path: Path) -> None:
        self.accepted, self.answered = 0, 0
        super().__init__(str(path), Handler)

    def get_request(self) -> tuple[object, tuple[str, int]]:  # type: ignore[override]  # the handler expects a pair
        self.accepted += 1
        return self.socket.accept()[0], ("unix", 0)


class Handler(BaseHTTPRequestHandler):
    server: Upstream
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        large = self.path.startswith("/downloads/large")
        echo = {"path": self.path, "method": self.command, "headers": dict(self.headers), "bytes": len(body)}
        content = b"x" * LARGE if large else json.dumps(echo).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if self.path == "/accel/":
            self.send_header("X-Accel-Redirect", "/static/aitpro/plain.css")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.server.answered += 1

    do_POST = do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def upstream(path: Path) -> Iterator[Upstream]:
    path.unlink(missing_ok=True)
    server = Upstream(path)
    path.chmod(0o666)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        path.unlink()
