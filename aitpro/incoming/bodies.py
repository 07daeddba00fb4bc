"""Bodies without a length, which a proxy sends on while they still arrive (Cloudflare, `proxy_request_buffering off`).

Django reads as many bytes as `Content-Length` says: none, without it. So a form would come without its token, and
PayPal's message without its signature's text.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings

from .forms import is_utf8

WITHIN = 60  # seconds for a whole body: whoever drips it holds a thread no longer

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

logger = logging.getLogger(__name__)


class WithLength:
    """Around the WSGI application: a chunked body gets its length. One that is too long, broken off or late is answered
    here, with 413, 400 or 408, and reaches nobody.

    Django reads the query in the encoding that the body claims to have, outside of its own error handling: an encoding
    that is not UTF-8 becomes one in which everything can be read. `incoming.forms` refuses such a form.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not is_utf8(kind := environ.get("CONTENT_TYPE", "")):
            environ["CONTENT_TYPE"] = f"{kind.partition(';')[0]}; charset=latin-1"
        if "HTTP_TRANSFER_ENCODING" not in environ or not environ.get("wsgi.input_terminated"):
            return self.application(environ, start_response)
        most, late = settings.FILE_UPLOAD_MAX_MEMORY_SIZE, threading.Event()
        try:
            with ended_in_time(environ.get("gunicorn.socket"), late):
                body = environ["wsgi.input"].read(most + 1)
        except OSError:
            return _refused("408 Request Timeout" if late.is_set() else "400 Bad Request", start_response)
        if len(body) > most:
            return _refused("413 Content Too Large", start_response)
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self.application(environ, start_response)


@contextmanager
def ended_in_time(connection: Any, late: threading.Event) -> Iterator[None]:
    """Whoever reads from the connection in here gets no more after `WITHIN` seconds, and `late` is set. A time-out of
    the socket would begin anew with each byte."""

    def end() -> None:
        late.set()
        with suppress(AttributeError, OSError):  # no connection, or none any more
            connection.shutdown(0)  # for reading

    timer = threading.Timer(WITHIN, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _refused(status: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    logger.warning("a body without a length: %s", status)
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")])
    return [f"{status.partition(' ')[2]}.\n".encode()]
