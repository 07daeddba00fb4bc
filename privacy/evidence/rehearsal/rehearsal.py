"""The rehearsal as seen by probes: people with browsers, mails and canaries, the clock, and reporting results."""

from __future__ import annotations

import email.policy
import json
import logging
import secrets
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import time_machine
from bs4 import BeautifulSoup
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import Resolver404
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from privacy.keystore.clock import beat
from privacy.registry.query_purposes import UndeclaredRead, breach_of, observed

from .browser import Browser
from .canaries import Canary, CanaryKind, canary, network_address
from .mailboxes import mailbox
from .probes import Probe, Stage, all_probes
from .report import FoundBreach, RehearsalReport

logger = logging.getLogger(__name__)

END_OF_MAIL = b"-" * 79 + b"\n"  # Django may write mails of the same second to one file
REDIRECTS = {301, 302, 303, 307, 308}


class NotAsExpected(Exception):
    """A precondition of the probe failed, so it couldn't run."""


@dataclass(frozen=True)
class SeenResponse:
    """One answer that somebody got. `route` is the resolver's, or empty where no address fits.

    `sent` is the request: URL, headers, fields. `user` is the signed-in user, or None.
    """

    who: str
    method: str
    path: str
    route: str
    status: int
    headers: dict[str, str]
    body: bytes
    sent: bytes = b""
    user: Any = None
    fields: frozenset[str] = frozenset()  # names of non-empty fields and query parameters that were sent

    @property
    def is_html(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")


class Rehearsal:
    """One rehearsal. `seen` contains every response in order; later probes search it."""

    def __init__(self, folder: Path, clock: time_machine.Traveller) -> None:
        self.folder, self.clock = folder, clock
        self.report = RehearsalReport()
        self.canaries: list[Canary] = []
        self.seen: list[SeenResponse] = []
        self.people: dict[str, SiteBrowser] = {}  # the latest browser of each person
        self.reached: set[str] = set()  # entry points, as named by `entry_points`
        self.things: dict[str, Any] = {}  # what probes pass on to others, by name: an address, a reference
        self.owners: dict[str, str] = {}  # owners of mailboxes whose address contains no canary
        self.networks: dict[str, str] = {}  # owners of IP addresses
        self._probe: Probe | None = None
        self._mails: dict[tuple[Path, int], list[EmailMessage]] = {}

    # --- Reporting ---

    def tried(self, count: int = 1) -> None:
        """Counts attempts of the running probe."""
        if probe := self._probe:
            for promise in probe.promises:
                self.report.count_attempts(promise, probe.name, count)

    def searched(self, promise: str, count: int = 1) -> None:
        if probe := self._probe:
            self.report.count_searches(promise, probe.name, count)

    def breach(self, promise: str, place: str) -> None:
        """Reports a broken promise. `place` must not contain a value."""
        self.report.breaches.add(FoundBreach(promise, place))

    def not_tried(self, place: str, *promises: str) -> None:
        """Reports that something couldn't be tested, for these promises or those of the running probe."""
        for promise in promises or (self._probe.promises if self._probe else ()):
            self.report.breaches.add(FoundBreach(promise, place, tried=False))

    @staticmethod
    def expect(fulfilled: object, what: str) -> None:
        """Asserts a precondition of the running probe. Raises `NotAsExpected`, so that the probe counts as not
        tried."""
        if not fulfilled:
            raise NotAsExpected(what)

    # --- People ---

    def canary(self, owner: str, what: str, kind: CanaryKind = CanaryKind.PRIVATE, *, kept: bool = True) -> str:
        return self.watch(canary(), owner, what, kind, kept=kept)

    def watch(
        self, word: str, owner: str, what: str, kind: CanaryKind = CanaryKind.PRIVATE, *, kept: bool = True
    ) -> str:
        """Adds a word to search for that isn't a generated canary: a phone number, an order number. Returns it."""
        self.canaries.append(Canary(word, owner, what, kind, kept))
        return word

    def address(self, owner: str, what: str = "email", *, kept: bool = True) -> str:
        """An email address that is a canary."""
        return f"{self.canary(owner, what, kept=kept).rstrip('Ö')}@example.org"

    def own(self, owner: str, address: str) -> str:
        """Registers the owner of an address without canary. Returns the address."""
        self.owners[mailbox(address)] = owner
        return address

    def owners_of(self, address: str) -> set[str]:
        """The owners of an address: as registered, or by the canary in it."""
        if "@" in address and (owner := self.owners.get(mailbox(address))):
            return {owner}
        return {one.owner for one in self.canaries if one.word.rstrip("Ö").lower() in address.lower()}

    def phone(self, owner: str, kind: CanaryKind = CanaryKind.PRIVATE) -> str:
        """A unique phone number."""
        digits = secrets.randbelow(8000) + 2000
        return self.watch(f"+1 805 555 {digits}", owner, "phone number", kind)

    def browser(
        self, who: str, *, network: str = "", kind: CanaryKind = CanaryKind.DIRECT, **headers: str
    ) -> SiteBrowser:
        """A new browser of this person's, at a network address that nobody else has.

        `who` is the owner of the person's canaries. `kind` applies to the IP address: `Kind.VISIT` for a visitor
        through an affiliate link.
        """
        network = self.watch(network or network_address(), who, "network address", kind, kept=kind is CanaryKind.VISIT)
        self.networks[network] = who
        self.people[who] = SiteBrowser(self, who, network, headers)
        return self.people[who]

    # --- Time and background work ---

    def work(self) -> None:
        """Runs all due tasks. A failing task makes the running probe count as not tried."""
        while result := DBTaskResult.objects.ready().first():
            result.claim("rehearsal")
            try:
                result.task.call(*result.args_kwargs["args"], **result.args_kwargs["kwargs"])
            except Exception as error:
                result.set_failed(error)
                self.not_tried(f"the task {result.task.name} failed")
            else:
                result.set_successful(None)

    def housekeep(self) -> None:
        import_string("aitpro.housekeeping.housekeep")(now=timezone.now())
        self.work()

    def time_passes(self, duration: timedelta) -> None:
        """Moves the clock forward, here and at the PayPal stand-in, with a heartbeat, so that the clock is trusted."""
        self.clock.shift(duration)
        beat(now=timezone.now())
        send_to_paypal("POST", "/standin/clock", body=json.dumps({"seconds": duration.total_seconds()}))
        cache.clear()

    def days_pass(self, days: int) -> None:
        """Moves the clock forward and runs housekeeping once."""
        self.time_passes(timedelta(days=days))
        self.housekeep()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Moves the clock to a future time and freezes it within the block."""
        self.time_passes(moment - timezone.now())
        self.clock.move_to(moment, tick=False)
        yield
        self.clock.move_to(moment, tick=True)

    # --- Mail ---

    def mails(self, to: str = "") -> Iterator[EmailMessage]:
        """All sent mails, or those to one address, oldest first."""
        self.work()
        # The names of two files of the same second are in no order.
        for path in sorted((self.folder / "mail").glob("*"), key=lambda path: path.stat().st_mtime_ns):
            for message in self._read(path):
                if to in str(message["To"]):
                    yield message

    def _read(self, path: Path) -> list[EmailMessage]:
        """The mails in one file, which may have grown since it was last read."""
        content = path.read_bytes()
        if (path, len(content)) not in self._mails:
            parser = BytesParser(EmailMessage, policy=email.policy.default)
            self._mails[path, len(content)] = [parser.parsebytes(one) for one in content.split(END_OF_MAIL)[:-1]]
        return self._mails[path, len(content)]

    def mail(self, to: str, subject: str) -> str:
        """The text of the latest mail to this address whose subject contains `subject`. Raises `LookupError`."""
        bodies = [mail.get_body(("plain",)) for mail in self.mails(to) if subject in str(mail["Subject"])]
        if not bodies or bodies[-1] is None:
            raise LookupError(f"no mail {subject!r}")
        return str(bodies[-1].get_content())

    def link_in(self, mail: str, below: str = "/") -> str:
        """The first link to this site in the text, below a path. Raises `LookupError`."""
        links = [word for word in mail.split() if word.startswith(f"{settings.SITE_URL}{below}")]
        if not links:
            raise LookupError("no link in this mail")
        return links[0]

    # --- Running ---

    def run(self, stages: set[Stage] | None = None) -> RehearsalReport:
        """Runs all probes, or those of some stages. A crashing probe breaks its promises; the others continue."""
        with observed(self._note):
            for each in all_probes():
                if stages is None or each.stage in stages:
                    self._run(each)
        return self.report

    def _note(self, undeclared: UndeclaredRead) -> None:
        """Reports rows that were read for an undeclared use (`privacy.registry.purpose_binding`)."""
        logger.warning("undeclared: %s (%s)", undeclared, ", ".join(undeclared.columns))
        self.breach(*breach_of(undeclared))

    def _run(self, each: Probe) -> None:
        self._probe = each
        try:
            each.run(self)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            reason = error if isinstance(error, NotAsExpected) else f"{type(error).__name__} in {where.name}"
            self.not_tried(f"{each.name} failed: {reason}")
            logger.exception("%s failed", each.name)
        finally:
            self._probe = None


def send_to_paypal(
    method: str, path: str, form: dict[str, Any] | None = None, *, body: str = ""
) -> tuple[int, dict[str, str], bytes]:
    """Sends a request to the PayPal stand-in over HTTP. Returns status, headers and content."""
    line = HTTPConnection(str(urlsplit(settings.PAYPAL_BASE_URL).netloc), timeout=30)
    kind = {"Content-Type": "application/json" if body else "application/x-www-form-urlencoded"}
    line.request(method, path, body or urlencode(form or {}, doseq=True), kind)
    answer = line.getresponse()
    found = (answer.status, dict(answer.headers.items()), answer.read())
    line.close()
    return found


def _names(url: str, data: Any) -> Iterator[str]:
    yield from parse_qs(urlsplit(url).query)
    if isinstance(data, dict):
        yield from (name for name, value in data.items() if value not in ("", [], None))


class SiteBrowser(Browser):
    """A browser that calls the site's WSGI application, and the PayPal stand-in over HTTP."""

    def __init__(self, rehearsal: Rehearsal, who: str, network: str, headers: dict[str, str]) -> None:
        self.rehearsal, self.who, self.network = rehearsal, who, network
        self.base = self.url = settings.SITE_URL
        self.client = Client(
            enforce_csrf_checks=True,
            REMOTE_ADDR=network,
            SERVER_NAME=urlsplit(settings.SITE_URL).hostname or "localhost",
            SERVER_PORT=str(urlsplit(settings.SITE_URL).port or (443 if settings.HTTPS else 80)),
            headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", **headers},
        )
        self.status, self.content, self.headers = 0, b"", dict[str, str]()

    def send(self, method: str, url: str, *, data: Any = None, **options: Any) -> None:
        """Sends a request and follows redirects. `options` are passed to Django's test client."""
        for _ in range(10):
            location = self.send_once(method, url, data, options)
            self.url = url
            if self.status not in REDIRECTS or not location:
                return
            url = urljoin(url, location)
            if self.status not in {307, 308}:
                method, data, options = "get", None, {}
        raise LookupError("too many redirects")

    def send_once(self, method: str, url: str, data: Any, options: dict[str, Any]) -> str:
        """Sends one request. Returns the redirect location, if any. Raises `LookupError` for another site's URL."""
        if url.startswith(settings.PAYPAL_BASE_URL):
            return self._send_to_paypal(method, url, data)
        if urlsplit(url).netloc != urlsplit(self.base).netloc:
            raise LookupError("a page outside the site")
        options = {**options, "headers": {"referer": self.url, **options.get("headers", {})}}
        address = url.removeprefix(self.base) or "/"
        answer = getattr(self.client, method)(address, data, secure=settings.HTTPS, **options)
        self.content = answer.getvalue()
        self.status, self.headers = answer.status_code, dict(answer.headers)
        if answer.cookies:
            self.headers["Set-Cookie"] = answer.cookies.output(header="")
        try:
            route = answer.resolver_match.route
        except Resolver404:  # resolved lazily by the client
            route = ""
        request = answer.wsgi_request
        self.rehearsal.seen.append(
            SeenResponse(
                self.who,
                method.upper(),
                urlsplit(url).path,
                route,
                self.status,
                self.headers,
                self.content,
                f"{url} {data} {options} {request.META} {self.client.cookies}".encode(),
                self._signed_in(request),
                frozenset(_names(url, data)),
            )
        )
        answer.close()
        return self.headers.get("Location", "")

    def _signed_in(self, request: Any) -> Any:
        """The signed-in user, evaluated now because it may change with the next request."""
        user = getattr(request, "user", None) if settings.SESSION_COOKIE_NAME in self.client.cookies else None
        return user if user and user.is_authenticated else None

    def _send_to_paypal(self, method: str, url: str, data: dict[str, Any] | None) -> str:
        address = urlsplit(url)
        path = address.path + (f"?{address.query}" if address.query else "")
        self.status, self.headers, self.content = send_to_paypal(method.upper(), path, data)
        return self.headers.get("Location", "")

    def open_first_row(self, address: str) -> BeautifulSoup:
        """Opens the first row of an admin list. Raises `NotAsExpected` if it is empty."""
        row = self.open(address).select_one("#result_list tbody th a")
        self.rehearsal.expect(row, "the admin list has a row")
        return self.open(urljoin(self.url, str(row["href"]) if row else ""))

    @property
    def html(self) -> str:
        """The page's HTML; empty for a file."""
        is_text = self.headers.get("Content-Type", "text/").startswith("text/")
        return self.content.decode(errors="replace") if is_text else ""
