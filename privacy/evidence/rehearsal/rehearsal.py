"""What a probe is given: people with their browsers, mails and canaries, the clock, and where to say what it found."""

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
from privacy.registry.query_purposes import Undeclared, breach_of, observed

from .browser import Browser
from .canaries import Canary, CanaryKind, canary, network_address
from .mailboxes import mailbox
from .probes import Probe, Stage, all_probes
from .report import FoundBreach, RehearsalReport

logger = logging.getLogger(__name__)

END_OF_MAIL = b"-" * 79 + b"\n"  # Django puts mails of the same second into one file at times
REDIRECTS = {301, 302, 303, 307, 308}


class NotAsExpected(Exception):
    """The site did not do what the probe builds on, so that it could not be carried out."""


@dataclass(frozen=True)
class SeenResponse:
    """One answer that somebody got. `route` is the resolver's, or empty where no address fits.

    `sent` is all that was sent to get it: address, headers, fields. `user` is who was signed in, None for nobody.
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
    fields: frozenset[str] = frozenset()  # names of what was sent: of fields that were not empty, and of parameters

    @property
    def is_html(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")


class Rehearsal:
    """One run. `seen` holds every answer that anybody got, in order; probes of a later stage look through it."""

    def __init__(self, folder: Path, clock: time_machine.Traveller) -> None:
        self.folder, self.clock = folder, clock
        self.report = RehearsalReport()
        self.canaries: list[Canary] = []
        self.seen: list[SeenResponse] = []
        self.people: dict[str, SiteBrowser] = {}  # the latest browser of each
        self.reached: set[str] = set()  # ways in, as `ways_in` names them
        self.things: dict[str, Any] = {}  # what one probe leaves for another, by name: an address, a reference
        self.owners: dict[str, str] = {}  # of mailboxes whose address holds no canary
        self.networks: dict[str, str] = {}  # whose browser is at which network address
        self._probe: Probe | None = None
        self._mails: dict[tuple[Path, int], list[EmailMessage]] = {}

    # --- what probes say ---

    def tried(self, count: int = 1) -> None:
        """The running probe tried to get at something, so many times."""
        if probe := self._probe:
            for promise in probe.promises:
                self.report.count_attempts(promise, probe.name, count)

    def searched(self, promise: str, count: int = 1) -> None:
        if probe := self._probe:
            self.report.count_searches(promise, probe.name, count)

    def breach(self, promise: str, place: str) -> None:
        """Says that a promise is broken. `place` never holds a value."""
        self.report.breaches.add(FoundBreach(promise, place))

    def not_tried(self, place: str, *promises: str) -> None:
        """Says that something could not be tried: for these promises, or for those of the running probe."""
        for promise in promises or (self._probe.promises if self._probe else ()):
            self.report.breaches.add(FoundBreach(promise, place, tried=False))

    @staticmethod
    def expect(fulfilled: object, what: str) -> None:
        """What the running probe builds on. Raises `NotAsExpected`, which makes the probe one that was not tried."""
        if not fulfilled:
            raise NotAsExpected(what)

    # --- people ---

    def canary(self, owner: str, what: str, kind: CanaryKind = CanaryKind.PRIVATE, *, kept: bool = True) -> str:
        return self.watch(canary(), owner, what, kind, kept=kept)

    def watch(
        self, word: str, owner: str, what: str, kind: CanaryKind = CanaryKind.PRIVATE, *, kept: bool = True
    ) -> str:
        """Has a word looked for that is no canary of ours: a telephone number, an order's number. Returns it."""
        self.canaries.append(Canary(word, owner, what, kind, kept))
        return word

    def address(self, owner: str, what: str = "email", *, kept: bool = True) -> str:
        """An e-mail address that is a canary."""
        return f"{self.canary(owner, what, kept=kept).rstrip('Ö')}@example.org"

    def own(self, owner: str, address: str) -> str:
        """Says whose an address is that holds no canary. Returns it."""
        self.owners[mailbox(address)] = owner
        return address

    def owners_of(self, address: str) -> set[str]:
        """Who reads mail to it: by what was said, or by the canary in it."""
        if "@" in address and (owner := self.owners.get(mailbox(address))):
            return {owner}
        return {one.owner for one in self.canaries if one.word.rstrip("Ö").lower() in address.lower()}

    def phone(self, owner: str, kind: CanaryKind = CanaryKind.PRIVATE) -> str:
        """A telephone number that nobody else gives."""
        digits = secrets.randbelow(8000) + 2000
        return self.watch(f"+1 805 555 {digits}", owner, "telephone number", kind)

    def browser(
        self, who: str, *, network: str = "", kind: CanaryKind = CanaryKind.DIRECT, **headers: str
    ) -> SiteBrowser:
        """A new browser of this person's, at a network address that nobody else has.

        `who` is the owner of the person's canaries. `kind` is that of the address: `Kind.VISIT` for one that will
        come by an affiliate's link.
        """
        network = self.watch(network or network_address(), who, "network address", kind, kept=kind is CanaryKind.VISIT)
        self.networks[network] = who
        self.people[who] = SiteBrowser(self, who, network, headers)
        return self.people[who]

    # --- time and background work ---

    def work(self) -> None:
        """Does every due task, as the worker would. One that fails is what the running probe could not try."""
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
        """Here and at PayPal. Housekeeping has looked at the clock all the while, and so believes it."""
        self.clock.shift(duration)
        beat(now=timezone.now())
        send_to_paypal("POST", "/standin/clock", body=json.dumps({"seconds": duration.total_seconds()}))
        cache.clear()

    def days_pass(self, days: int) -> None:
        """With one housekeeping, in the end."""
        self.time_passes(timedelta(days=days))
        self.housekeep()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Exactly then, and within the block time stands still. `moment` is to come."""
        self.time_passes(moment - timezone.now())
        self.clock.move_to(moment, tick=False)
        yield
        self.clock.move_to(moment, tick=True)

    # --- mails ---

    def mails(self, to: str = "") -> Iterator[EmailMessage]:
        """Every mail that left, or those to one address, the oldest first."""
        self.work()
        for path in sorted((self.folder / "mail").glob("*")):
            for message in self._read(path):
                if to in str(message["To"]):
                    yield message

    def _read(self, path: Path) -> list[EmailMessage]:
        """The mails of one file, which may have got more since it was read."""
        content = path.read_bytes()
        if (path, len(content)) not in self._mails:
            parser = BytesParser(EmailMessage, policy=email.policy.default)
            self._mails[path, len(content)] = [parser.parsebytes(one) for one in content.split(END_OF_MAIL)[:-1]]
        return self._mails[path, len(content)]

    def mail(self, to: str, subject: str) -> str:
        """The text of the newest mail to this address with these words in its subject. Raises `LookupError`."""
        bodies = [mail.get_body(("plain",)) for mail in self.mails(to) if subject in str(mail["Subject"])]
        if not bodies or bodies[-1] is None:
            raise LookupError(f"no mail {subject!r}")
        return str(bodies[-1].get_content())

    def link_in(self, mail: str, below: str = "/") -> str:
        """The first one that leads to the site, or below this path of it. Raises `LookupError`."""
        links = [word for word in mail.split() if word.startswith(f"{settings.SITE_URL}{below}")]
        if not links:
            raise LookupError("no link in this mail")
        return links[0]

    # --- the run ---

    def run(self, stages: set[Stage] | None = None) -> RehearsalReport:
        """Every probe of these stages, or of all. One that crashes is red for its promises, and the others go on."""
        with observed(self._note):
            for each in all_probes():
                if stages is None or each.stage in stages:
                    self._run(each)
        return self.report

    def _note(self, undeclared: Undeclared) -> None:
        """Rows were read for a use that nobody declared (`privacy.registry.purpose_binding`)."""
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
    """To the pretend PayPal, over the line: status, headers and content of its answer."""
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
    """Goes through the site's whole WSGI application, and to the pretend PayPal over the line."""

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
        """`options` go to Django's test client: headers, or a file's fields."""
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
        """Without following redirects: it returns where one leads. Raises `LookupError` for a page outside the site."""
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
        except Resolver404:  # the client resolves it when it is asked for
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
        """The user, looked up now: who is signed in may change with the next request."""
        user = getattr(request, "user", None) if settings.SESSION_COOKIE_NAME in self.client.cookies else None
        return user if user and user.is_authenticated else None

    def _send_to_paypal(self, method: str, url: str, data: dict[str, Any] | None) -> str:
        address = urlsplit(url)
        path = address.path + (f"?{address.query}" if address.query else "")
        self.status, self.headers, self.content = send_to_paypal(method.upper(), path, data)
        return self.headers.get("Location", "")

    def open_first_row(self, address: str) -> BeautifulSoup:
        """The page of what is first in a list of the admin. Raises `NotAsExpected` for an empty one."""
        row = self.open(address).select_one("#result_list tbody th a")
        self.rehearsal.expect(row, "there is something in the admin's list")
        return self.open(urljoin(self.url, str(row["href"]) if row else ""))

    @property
    def html(self) -> str:
        """Empty for a file."""
        is_text = self.headers.get("Content-Type", "text/").startswith("text/")
        return self.content.decode(errors="replace") if is_text else ""
