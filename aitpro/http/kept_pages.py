"""Keeps pages that are the same for every reader in the memory of the process, until what they were made of changes."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, connections
from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.http import parse_etags
from django.utils.text import compress_string

from affiliates.tracking.referral_cookie import attach_referral
from aitpro.health.request_metrics import count_request
from aitpro.logs.middleware import HEADER, request_id
from aitpro.traffic.middleware import count_view
from privacy.web.client_address import is_trusted_proxy

from .chunked_bodies import Application, Environ

SAME_FOR_ALL_READERS = {
    "affiliates:program",
    "affiliates:terms",
    "pages:page",
    "privacy:changes",
    "privacy:evidence",
    "privacy:policy",
    "privacy:version",
    "shop:catalog",
    "shop:product",
    "shop:terms",
    "shop:terms_document",
    "site:about",
    "site:home",
    "site:services",
    "site:support",
}
# A page is rendered from no other header of whoever asks first. All but the first two are for counting and the log.
HEADERS_READ = {
    "HTTP_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_REQUEST_ID",
    "HTTP_DNT",
    "HTTP_SEC_GPC",
    "HTTP_SEC_PURPOSE",
}
LIFE = 1.0  # seconds; then whoever asks next gets the page as it is now
RENEWING = 1.0  # seconds more at most, for those who ask while it is being renewed
PATIENCE = 0.5  # seconds for which a request waits for another that renews
LONGEST = 20.0  # seconds; then it is rendered in any case, because of what the clock alone changes
MADE_OF_MORE_THAN_ROWS = {"privacy:evidence"}
MOST = 200  # pages in a process; the oldest makes room
ACCEPTS_GZIP = re.compile(r"\bgzip\b")


class Read(NamedTuple):
    """A query that a page was rendered from."""

    alias: str
    sql: str
    params: Any
    rows: list[tuple[Any, ...]] | None  # from just before; None for a statement that reads nothing

    def finds_the_same(self) -> bool:
        """Whether it has the same rows now. A connection that isn't open is not opened for this."""
        if self.rows is None or connections[self.alias].connection is None:
            return False
        with connections[self.alias].cursor() as cursor:
            cursor.execute(self.sql, self.params)
            return bool(cursor.fetchall() == self.rows)


@contextmanager
def _noted_reads() -> Iterator[list[Read]]:
    """What this thread reads. Each query runs twice: what it found before is noted, so that a change in between only
    makes the page be rendered once more."""
    reads: list[Read] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001
        rows = None
        if sql.startswith("SELECT") and not many:
            execute(sql, params, many, context)
            rows = context["cursor"].fetchall()
        reads.append(Read(context["connection"].alias, sql, params, rows))
        return execute(sql, params, many, context)

    with ExitStack() as noting:
        for connection in connections.all():
            noting.enter_context(connection.execute_wrapper(note))
        yield reads


class KeptPage:
    """An answer with its headers, plain, compressed and unchanged. It has no secret that its length could tell."""

    def __init__(
        self, match: ResolverMatch, headers: dict[str, str], body: bytes, reads: Iterable[Read], rendered: float
    ) -> None:
        self.match, self.reads, self.rendered = match, tuple(reads), rendered
        self.until = rendered + LIFE
        self._etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        same = {name: value for name, value in headers.items() if name not in {HEADER, "Content-Length"}}
        same |= {"Vary": "Accept-Encoding, Cookie", "ETag": self._etag, "Cache-Control": "no-cache"}
        packed = compress_string(body)
        self._plain = [*same.items(), ("Content-Length", str(len(body)))], [body]
        self._packed = [*same.items(), ("Content-Encoding", "gzip"), ("Content-Length", str(len(packed)))], [packed]
        self._unchanged = [(name, value) for name, value in same.items() if name != "Content-Type"]

    def answer(self, environ: Environ, request_id: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
        own = (HEADER, request_id)
        if self._etag in parse_etags(environ.get("HTTP_IF_NONE_MATCH", "")):
            start_response("304 Not Modified", [*self._unchanged, own])
            return []
        accepts_gzip = ACCEPTS_GZIP.search(environ.get("HTTP_ACCEPT_ENCODING", ""))
        headers, body = self._packed if accepts_gzip else self._plain
        start_response("200 OK", [*headers, own])
        return body


class KeptPages:
    """Around the WSGI application: answers before Django makes a request of it. Counts and ids are as for any page.

    A page is made of the rows that its queries found. While they find the same, it stays; looking takes a tenth of the
    time of rendering, and one request does either.

    A page is kept by its path alone. So only a request that differs in nothing else gets one: without a query, to the
    site's own address and over its protocol, without a session. And only one without any cookie leaves its page behind,
    which was rendered from none of the headers by which somebody could change it.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        self._site = urlsplit(settings.SITE_URL)
        self.pages: dict[str, KeptPage] = {}
        self._renewing = {view: threading.Lock() for view in SAME_FOR_ALL_READERS}
        self._keeping = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not self._is_plain(environ):
            return self.application(environ, start_response)
        began = time.monotonic()
        page = self.pages.get(environ["PATH_INFO"])
        request = WSGIRequest(environ)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            return self.application(environ, start_response)
        if page is None or not self._is_fresh(page, began):
            match = page.match if page else _match_of(request)
            if match is None:
                return self.application(environ, start_response)
            with self._alone(match):
                page = self._looked_at(request.path_info)
                if page is None and not request.COOKIES:
                    return self._render(request, match, start_response)
            if page is None:
                return self.application(environ, start_response)
        request.resolver_match = page.match
        attach_referral(request)
        body = page.answer(environ, request_id(environ), start_response)
        count_view(request)
        count_request(request, 200, time.monotonic() - began)
        return body

    def _is_fresh(self, page: KeptPage, now: float) -> bool:
        """For a second more while somebody renews it."""
        return now < page.until or (now < page.until + RENEWING and self._renewing[page.match.view_name].locked())

    @contextmanager
    def _alone(self, match: ResolverMatch) -> Iterator[None]:
        """One at a time: several at once would each take as many times as long. Nobody waits for one that hangs."""
        lock = self._renewing[match.view_name]
        is_alone = lock.acquire(timeout=PATIENCE)
        try:
            yield
        finally:
            if is_alone:
                lock.release()

    def _looked_at(self, path: str) -> KeptPage | None:
        """The page that is kept, unless its queries find other rows now."""
        page, now = self.pages.get(path), time.monotonic()
        if page is None or now < page.until:
            return page
        if page.match.view_name in MADE_OF_MORE_THAN_ROWS or now >= page.rendered + LONGEST:
            return None
        try:
            is_unchanged = all(read.finds_the_same() for read in page.reads)
        except DatabaseError:
            return None  # who renders it says so
        if is_unchanged:
            page.until = now + LIFE
        return page if is_unchanged else None

    def _is_plain(self, environ: Environ) -> bool:
        return (
            environ["REQUEST_METHOD"] == "GET"
            and environ.get("HTTP_HOST") == self._site.netloc
            and not environ.get("QUERY_STRING")
            and not environ.get("SCRIPT_NAME")
            and self._scheme_of(environ) == self._site.scheme
        )

    def _scheme_of(self, environ: Environ) -> str:
        """As the reader's browser sees it; empty if that isn't certain."""
        forwarded = environ.get("HTTP_X_FORWARDED_PROTO")
        if forwarded is None:
            return str(environ["wsgi.url_scheme"])
        peer = environ.get("REMOTE_ADDR", "")
        return str(forwarded).lower() if settings.TRUSTED_PROXIES and (not peer or is_trusted_proxy(peer)) else ""

    def _render(
        self, request: WSGIRequest, match: ResolverMatch, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        environ, began = request.environ, time.monotonic()
        told: list[Any] = []
        rendered = {name: value for name, value in environ.items() if name[:5] != "HTTP_" or name in HEADERS_READ}
        with _noted_reads() as reads:
            answer: Any = self.application(rendered, lambda *start: told.extend(start))
        status, headers = told[0], dict(told[1])
        is_page = status == "200 OK" and headers["Content-Type"].startswith("text/html")
        if not is_page or headers.keys() & {"Set-Cookie", "Cache-Control"}:
            self.pages.pop(environ["PATH_INFO"], None)
            start_response(*told)
            return answer  # type: ignore[no-any-return]
        with closing(answer):
            page = KeptPage(match, headers, b"".join(answer), reads, began)
        self._keep(environ["PATH_INFO"], page)
        return page.answer(environ, headers[HEADER], start_response)

    def _keep(self, path: str, page: KeptPage) -> None:
        with self._keeping:
            self.pages.pop(path, None)  # so that the oldest comes first
            self.pages[path] = page
            while len(self.pages) > MOST:
                del self.pages[next(iter(self.pages))]


def _match_of(request: HttpRequest) -> ResolverMatch | None:
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None
    return match if match.view_name in SAME_FOR_ALL_READERS else None
