"""Requests that a proxy and the server could delimit differently (request smuggling) are rejected."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser

HEAD = b"POST /contact/ HTTP/1.1\r\nHost: testserver\r\n"
SMUGGLED = {
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a length that is no number": b"Content-Length: +5\r\n\r\nhello",
    "chunks twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunks not last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "an unknown encoding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Content-Length : 5\r\n\r\nhello",
    "a folded line": b"X-One: 1\r\n two\r\nContent-Length: 0\r\n\r\n",
}


def read(raw: bytes) -> Any:
    """The first request, as gunicorn reads it with this project's settings."""
    config = Config()
    for name, value in runpy.run_path(str(Path(settings.BASE_DIR) / "gunicorn.conf.py")).items():
        if name in config.settings:
            config.set(name, value)
    return next(RequestParser(config, [raw], ("127.0.0.1", 1)))


@pytest.mark.parametrize("rest", SMUGGLED.values(), ids=SMUGGLED)
def test_ambiguous_request_is_refused(rest: bytes) -> None:
    with pytest.raises(ParseException):
        read(HEAD + rest)


def test_an_ordinary_request_is_read() -> None:
    assert read(HEAD + b"Content-Length: 5\r\n\r\nhello").body.read() == b"hello"


def test_underscore_header_is_dropped() -> None:
    """`X_Forwarded_Proto` would reach Django under the same name as `X-Forwarded-Proto`."""
    headers = read(HEAD + b"X_Forwarded_Proto: https\r\nContent-Length: 0\r\n\r\n").headers
    assert [name for name, _ in headers] == ["HOST", "CONTENT-LENGTH"]
