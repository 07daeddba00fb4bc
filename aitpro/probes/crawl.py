"""Every address of the site is opened by everybody, with canaries in whatever a browser can send.

The addresses come from the URL resolver; what stands in their variable parts from the links that somebody was shown or
mailed. Whoever gets deepest also fills in each form that they find, all fields at once; that is rolled back, because a
rehearsal's people still need what a form would end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from unittest import mock
from urllib.parse import urlencode, urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.probes.staff import staff
from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.canaries import CanaryKind
from privacy.evidence.rehearsal.cast import NO_ROLE, OWNER
from privacy.evidence.rehearsal.entry_points import reached_addresses, routes
from privacy.evidence.rehearsal.page_parsing import Form, page, paths_on, route_of
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser

WALK = "walk"  # in `things`, from the first walk for the second
SENT = ["path", "query", "parameter", "agent", "referer", "forwarded", "language", "cookie", "header"]
TYPED = ["text", "file", "email", "url"]
SAME_AS_SAVE = {"_addanother", "_continue", "_saveasnew"}
ONE_OF = re.compile(r"\(\?P<\w+>(\w+)\|[^)]*\)")
PART = re.compile(r"<(?:\w+:)?\w+>|\(\?P<\w+>[^)]*\)")


class Walk:
    """`paths` are the addresses that each person knows, by person and route; the owner, who may see every row, knows
    what anybody was shown or mailed. Nobody else is given somebody's link: whoever has one may open it."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.paths: dict[tuple[str, str], str] = {}
        self.filled: set[tuple[str, str, frozenset[str]]] = set()
        self._looked_at = 0
        self._words: dict[str, dict[str, str]] = {}

    def words(self, browser: SiteBrowser) -> dict[str, str]:
        """What this person sends, by where it stands in a request."""
        if browser.who not in self._words:
            sent = dict.fromkeys(SENT, CanaryKind.DIRECT) | dict.fromkeys(TYPED, CanaryKind.PRIVATE)
            canary = self.rehearsal.canary
            self._words[browser.who] = {
                what: canary(browser.who, what, kind, kept=False).rstrip("Ö") for what, kind in sent.items()
            }
        return self._words[browser.who]

    def address(self, route: str, browser: SiteBrowser) -> str:
        """One that this person knows, and for staff that of a row; else one that leads nowhere."""
        self._look_around()
        known = self.paths.get((browser.who, route), "")
        if not known and browser.who in {*Role, OWNER, NO_ROLE}:
            known = self._in_the_admin(route)
        return known or self.with_parts(route, "unknown")

    @staticmethod
    def with_parts(route: str, part: str) -> str:
        first = ONE_OF.sub(r"\1", route)
        return "/" + PART.sub(part, first).replace("^", "").replace("$", "").replace("\\", "")

    def _look_around(self) -> None:
        """At the pages that somebody was shown since the last time, and the first time at the mails."""
        if not self._looked_at:
            for mail in self.rehearsal.mails():
                words = str(mail.get_body(("plain",)).get_content()).split()  # type: ignore[union-attr]
                self._know(OWNER, (urlsplit(word).path for word in words if word.startswith(settings.SITE_URL)))
        for seen in self.rehearsal.seen[self._looked_at :]:
            if seen.status == 200:
                paths = [seen.path, *paths_on(page(seen.path, seen.body if seen.is_html else b""))]
                self._know(seen.who, paths)
                self._know(OWNER, paths)
        self._looked_at = len(self.rehearsal.seen)

    def _know(self, who: str, paths: Iterable[str]) -> None:
        for path in paths:
            if route := route_of(path):
                self.paths.setdefault((who, route), path)

    @staticmethod
    def _in_the_admin(route: str) -> str:
        for model in filter(admin.site.is_registered, apps.get_models()):
            place = f"admin/{model._meta.app_label}/{model._meta.model_name}/"
            row = model._base_manager.order_by("pk").last() if route.startswith(f"{place}<") else None
            if row is not None:
                return "/" + PART.sub(str(row.pk), route)
        return ""

    def go(self, route: str, browsers: list[SiteBrowser]) -> None:
        for browser in browsers:
            path = self.address(route, browser)
            self.get(browser, path)
            if browser.status == 200:
                self.fill_in(browser, path)
            elif browser.status == 405 and settings.CSRF_COOKIE_NAME in browser.client.cookies:
                self.post(browser, path)
            self.rehearsal.tried()

    # --- What a browser can send ---
    def get(self, browser: SiteBrowser, path: str) -> None:
        words = self.words(browser)
        query = urlencode({words["parameter"]: words["query"], "q": words["query"], "next": f"/{words['query']}"})
        headers = {
            "User-Agent": words["agent"],
            "Referer": f"https://{words['referer']}.example/{words['referer']}",
            "X-Forwarded-For": f"{words['forwarded']}, 198.18.200.1",
            "Accept-Language": f"{words['language']};q=0.5",
            f"X-{words['header']}": words["header"],
        }
        browser.client.cookies[f"{words['cookie']}"] = words["cookie"]
        browser.send_once("get", f"{browser.base}{path}?{query}", None, {"headers": headers})
        browser.url = f"{browser.base}{path}"

    def fill_in(self, browser: SiteBrowser, path: str) -> None:
        """Each form of the page that the browser shows: as it is meant, with each of its buttons, and with a canary in
        whatever it sends."""
        for form in page(path, browser.content).forms:
            key = (form.method, route_of(urlsplit(form.action).path), frozenset(form.fields))
            if key[1] and key not in self.filled:
                self.filled.add(key)
                words = self.words(browser)
                meant = dict(self._meant(form, words))
                actions = [("action", each) for each in form.options.get("action", ()) if each]
                buttons = [button for button in (*form.buttons, *actions) if button[0] not in SAME_AS_SAVE]
                for button in buttons or [("", "")]:
                    self.send(browser, form, meant | dict([button]))
                self.send(browser, form, {name: self._strange(name, value, words) for name, value in meant.items()})

    @staticmethod
    def _meant(form: Form, words: dict[str, str]) -> Iterator[tuple[str, Any]]:
        text = {"email": f"{words['email']}@example.org", "url": f"https://{words['url']}.example"}
        text |= {"date": "2026-01-31", "time": "12:00", "number": "1"}
        for name, kind in form.fields.items():
            given = [value for value in form.values.get(name, []) if value]
            if kind == "file":
                yield name, SimpleUploadedFile(f"{words['file']}.pdf", b"%PDF-" + words["file"].encode())
            elif kind in {"select", "checkbox", "radio"}:
                yield name, given or [value for value in form.options.get(name, []) if value][-1:]
            elif kind == "hidden" or (given and kind in text):
                yield name, given
            else:
                yield name, text.get(kind, words["text"])

    @staticmethod
    def _strange(name: str, value: Any, words: dict[str, str]) -> Any:
        is_kept = name == "csrfmiddlewaretoken" or isinstance(value, SimpleUploadedFile)
        return value if is_kept else words["text"]

    def post(self, browser: SiteBrowser, path: str) -> None:
        """An address that is only posted to, with nothing but canaries."""
        words = self.words(browser)
        token = browser.client.cookies[settings.CSRF_COOKIE_NAME].value
        form = Form("post", path)
        self.send(browser, form, {"csrfmiddlewaretoken": token, words["parameter"]: words["text"]})

    @staticmethod
    def send(browser: SiteBrowser, form: Form, data: dict[str, Any]) -> None:
        """Its changes are rolled back. PayPal can't be reached meanwhile, because it would not roll back anything."""
        cookies = dict(browser.client.cookies)
        with (
            mock.patch.object(settings, "PAYPAL_BASE_URL", "http://127.0.0.1:1"),
            transaction.atomic(),
            transaction.atomic(using="keystore"),
        ):
            for file in data.values():
                if isinstance(file, SimpleUploadedFile):
                    file.seek(0)
            browser.send_once(form.method, f"{browser.base}{urlsplit(form.action).path}", data, {})
            for database in ("default", "keystore"):
                transaction.set_rollback(True, using=database)
        browser.client.cookies.clear()
        browser.client.cookies.update(cookies)


@probe("encrypted", stage=Stage.PLANT)
def everybody_opens_every_url(rehearsal: Rehearsal) -> None:
    """A stranger, an affiliate and the owner each of them; of the other staff one, another one each day."""
    walk, stranger = Walk(rehearsal), rehearsal.browser("stranger")
    everybody = staff(rehearsal)
    others = [each.browser for role, each in everybody.items() if role != OWNER]
    today = timezone.now().toordinal()
    for number, route in enumerate(sorted(routes())):
        walk.go(route, [*deepest(rehearsal), stranger, others[(number + today) % len(others)]])
        if "<" in route:
            walk.get(stranger, walk.with_parts(route, walk.words(stranger)["path"]))
            rehearsal.tried()
    rehearsal.things[WALK] = walk


@probe("encrypted", stage=Stage.END)
def the_deepest_open_what_came_later(rehearsal: Rehearsal) -> None:
    """Pages of rows that were not there yet: payouts, refunds, deletions."""
    walk = rehearsal.things[WALK]
    staff(rehearsal)[OWNER].sign_in()
    for route in sorted(routes()):
        if f"address {route}" not in reached_addresses(rehearsal.seen, to_all=OWNER):
            walk.go(route, deepest(rehearsal))


def deepest(rehearsal: Rehearsal) -> list[SiteBrowser]:
    """The first affiliate who is signed in, and who may do everything."""
    colleagues = {member.browser.who for member in staff(rehearsal).values()}
    sessions = (each for each in rehearsal.people.values() if settings.SESSION_COOKIE_NAME in each.client.cookies)
    return [*[each for each in sessions if each.who not in colleagues][:1], staff(rehearsal)[OWNER].browser]
