"""Support for chunked request bodies, as sent by unbuffered proxies (Cloudflare, `proxy_request_buffering off`).

Django reads as many bytes as `Content-Length` says: none, without it. So a form would come without its token, and
PayPal's message without its signature's text.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from .unreadable_requests import is_utf8

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class ContentLengthMiddleware:
    """Around the WSGI application: a chunked body gets its length. `aitpro.web_worker` has read it before, and refused
    one that is too long, broken off or late.

    Django reads the query in the encoding that the body claims to have, outside of its own error handling: an encoding
    that is not UTF-8 becomes one in which everything can be read. `incoming.forms` refuses such a form.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not is_utf8(kind := environ.get("CONTENT_TYPE", "")):
            environ["CONTENT_TYPE"] = f"{kind.partition(';')[0]}; charset=latin-1"
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read()
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self.application(environ, start_response)
