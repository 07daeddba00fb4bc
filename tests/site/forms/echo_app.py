"""The app for the tests of request bodies: answers with the body's size and path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import django

from aitpro import web_worker
from aitpro.http.chunked_bodies import ContentLengthMiddleware

django.setup()  # error pages are templates
web_worker.WITHIN = 5


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    answer = f"{len(environ['wsgi.input'].read(length))} of {length} at {environ['SCRIPT_NAME']}|{environ['PATH_INFO']}"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer.encode()]


application = ContentLengthMiddleware(echo)
