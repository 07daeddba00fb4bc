"""The load of `make bench` counts what was answered, and notices rows that are missing or too many."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.http_load import CONNECTIONS, Load, alternate, answer_exactly, load
from benchmarks.timing import Unmeasured


@contextmanager
def page(status: int = 200) -> Iterator[tuple[int, list[str]]]:
    """A server that keeps its connections. Yields its port, and the paths that it was asked for."""
    asked: list[str] = []

    class Page(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        request_queue_size = CONNECTIONS

    server = Server(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_exact_load_sends_and_counts_each_request_once() -> None:
    with page() as (port, asked):
        assert answer_exactly(port, "/go/CODE/", 101) == 101
    assert asked == ["/go/CODE/"] * 101


def test_exact_load_does_not_count_errors() -> None:
    with page(503) as (port, asked):
        assert answer_exactly(port, "/", 20) == 0
    assert len(asked) == 20


def test_load_without_wrk_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unmeasured, match="apt-get install wrk"):
        load(1, "/")


@pytest.mark.parametrize(
    ("rows_per_answer", "is_right"), [(1, True), (0, False), (2, False)], ids=["each", "lost", "double"]
)
def test_rows_are_held_against_answers(monkeypatch: pytest.MonkeyPatch, rows_per_answer: int, is_right: bool) -> None:
    rows = [0]

    def answer(port: int, path: str, **_: object) -> Load:
        rows[0] += 1000 * rows_per_answer
        return Load(per_second=1000, median=1, p99=2, answers=1000, broken=0)

    monkeypatch.setattr("benchmarks.http_load.load", answer)
    if is_right:
        assert [each.answers for each in alternate(1, ["/"], rounds=2, rows={"/": lambda: rows[0]})["/"]] == [1000] * 2
    else:
        with pytest.raises(RuntimeError, match="1000 answers left"):
            alternate(1, ["/"], rounds=2, rows={"/": lambda: rows[0]})
