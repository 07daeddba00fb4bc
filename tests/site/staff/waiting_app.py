"""The app for the worker test: posts to account pages wait until /release is opened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

released = threading.Event()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    answer = environ["wsgi.input"].read() or b"a page"
    if environ["PATH_INFO"] == "/release":
        released.set()
    elif environ["REQUEST_METHOD"] == "POST":
        released.wait(30)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
