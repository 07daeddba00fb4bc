"""People who don't give up: after an error they go back and send the same form again."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from base64 import b32decode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from random import Random
from urllib.parse import urljoin

import requests
from django_otp.oath import TOTP

from tests.production.site import Production
from tests.running_site import ROOT, wait_for
from tests.site.outages.visitors import rows
from tests.visitor import Visitor

PATIENCE = 60  # seconds; then they do something else, and come back when it is over
PAUSE = 0.5  # seconds before another attempt
EXPECTED = {200, 302, 303, 503}  # statuses of the site; whoever sees another one was let down
COOKIE = "aitpro_referral"
BUSINESS = "info@ait-pro.com"


class GivesUp(Exception):
    """For now."""


class Person:
    """One browser, whose back button leads to the page of the form, as it was."""

    def __init__(self, people: People) -> None:
        self.people, self.visitor = people, people.production.visitor()
        self.visitor.session.hooks["response"].append(people.note)

    def until(self, done: Callable[[Visitor], bool], act: Callable[[Visitor], object]) -> None:
        """Repeats `act` on the same page until the answer is as it should be. Raises GivesUp."""
        visitor = self.visitor
        before, url = getattr(visitor, "response", None), visitor.url
        deadline = time.monotonic() + self.people.patience
        while True:
            if self.people.is_answered(lambda: act(visitor)) and done(visitor):
                return
            if time.monotonic() > deadline:
                raise GivesUp
            time.sleep(PAUSE)
            if before is not None:  # the back button
                visitor.response, visitor.url = before, url

    def open(self, address: str) -> None:
        self.until(lambda visitor: visitor.response.status_code == 200, lambda visitor: visitor.open(address))


class People:
    """In each of a few threads one after the other. Whoever gave up goes on in `finish`."""

    def __init__(self, production: Production, random: Random) -> None:
        self.production, self.random = production, random
        self.found = messages(production)  # which the demo has from the start
        self.patience: float = PATIENCE
        self.ended = threading.Event()
        self.paid: list[str] = []  # addresses of those who were told so
        self.thanked: list[str] = []  # addresses of those whose message was taken
        self.clicks: list[tuple[float, str]] = []  # when the answer came, and its cookie
        self.answered: list[str] = []  # pages of messages that staff answered
        self.received: list[str] = []  # mails that `receive_mail` took
        self.killed_mails = 0
        self.statuses: Counter[int] = Counter()
        self.errors: list[str] = []  # pages that nobody may get
        self.late: list[Callable[[], None]] = []
        self.staff = Person(self)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """As long as the block runs, and until each has an answer or gives up."""
        if not self.staff.visitor.session.cookies:
            self.sign_in()
        self.ended.clear()
        self.patience = PATIENCE
        everybody = (self.buy, self.buy, self.write, self.click, self.answer, self.deliver)
        with ThreadPoolExecutor(len(everybody)) as pool:
            threads = [pool.submit(self._repeat, each) for each in everybody]
            try:
                yield
            finally:
                self.ended.set()
                for thread in threads:
                    thread.result()

    def wait_for_more(self) -> None:
        """Until each kind of person, also of those who begin now, got what they wanted."""
        for reached in (self.paid, self.thanked, self.clicks):
            seen = len(reached)
            wait_for(lambda reached=reached, seen=seen: len(reached) > seen + 1, "an answer to people", 240)  # type: ignore[misc]

    def _repeat(self, person: Callable[[], Callable[[], None]]) -> None:
        while not self.ended.is_set():
            self._go_on(person())

    def _go_on(self, act: Callable[[], None]) -> None:
        try:
            act()
        except GivesUp:
            self.late.append(act)

    def finish(self) -> None:
        """What those do who gave up, now that everything works again."""
        self.patience = 120
        late, self.late = self.late, []
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._go_on, late))
        assert not self.late, f"{len(self.late)} people got no answer although everything works again"

    def is_answered(self, act: Callable[[], object]) -> bool:
        """Nobody answers while nginx or the stand-in is being started again."""
        try:
            act()
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            self.statuses[0] += 1
            return False
        return True

    def note(self, response: requests.Response, **_: object) -> None:
        if response.url.startswith(self.production.url):
            self.statuses[response.status_code] += 1
            if response.status_code not in EXPECTED:
                self.errors.append(f"{response.status_code} at {response.url}: {response.text[:2000]}")

    def figures(self) -> str:
        told = f"{len(self.paid)} orders, {len(self.clicks)} clicks, {len(self.thanked)} messages"
        mails = f"{len(self.received)} mails received, {self.killed_mails} of their programs killed"
        statuses = ", ".join(f"{status}: {number}" for status, number in sorted(self.statuses.items()))
        return f"{told}, {len(self.answered)} answers of staff; {mails}; statuses {statuses}"

    def name(self, role: str) -> str:
        return f"{role}{time.monotonic_ns()}"

    # --- what they do: each returns what is repeated until it has worked ---

    def buy(self) -> Callable[[], None]:
        """Sent by an affiliate, so that each order earns a commission. Whoever gave up begins again at the form."""
        buyer, email = Person(self), f"{self.name('buyer')}@example.org"
        form: list[tuple[requests.Response, str]] = []

        def is_paid(visitor: Visitor) -> bool:
            return "your order is paid" in visitor.text

        def is_at_paypal(visitor: Visitor) -> bool:
            return visitor.url.startswith(self.production.standin_url) and visitor.response.status_code == 200

        def fill_in_and_pay() -> None:
            visitor = buyer.visitor
            if not form:
                buyer.until(lambda visitor: bool(cookie_of(visitor)), lambda visitor: visitor.open("/go/DEMO/"))
                self.clicks.append((time.monotonic(), cookie_of(visitor)))
                buyer.open("/checkout/bps-pro/")
                form.append((visitor.response, visitor.url))
            [(visitor.response, visitor.url)] = form
            fields = {"name": "Carol Customer", "email": email, "code": ""}
            buyer.until(
                lambda visitor: is_at_paypal(visitor) or is_paid(visitor),
                lambda visitor: visitor.submit("Continue to PayPal", **fields),
            )
            if is_at_paypal(visitor):
                buyer.until(is_paid, pay)
            self.paid.append(email)

        return fill_in_and_pay

    def write(self) -> Callable[[], None]:
        writer, name = Person(self), self.name("writer")
        form: list[tuple[requests.Response, str]] = []
        fields = {
            "kind": "question",
            "name": name,
            "email": f"{name}@example.org",
            "message": f"What does {name} cost?",
        }

        def is_thanked(visitor: Visitor) -> bool:
            return visitor.response.status_code == 200 and bool(re.search(r"Q-\w{6}", visitor.text))

        def send() -> None:
            if not form:
                writer.open("/contact/")
                form.append((writer.visitor.response, writer.visitor.url))
                time.sleep(3)  # whoever is faster is suspected of being a program
            [(writer.visitor.response, writer.visitor.url)] = form
            writer.until(is_thanked, lambda visitor: visitor.submit("Send the message", **fields))
            self.thanked.append(fields["email"])

        return send

    def click(self) -> Callable[[], None]:
        """Once: whoever gets no answer reads something else."""

        def follow() -> None:
            time.sleep(0.3)
            clicker = Person(self).visitor
            if self.is_answered(lambda: clicker.open("/go/DEMO/products/bps-pro/")) and cookie_of(clicker):
                self.clicks.append((time.monotonic(), cookie_of(clicker)))

        return follow

    def sign_in(self) -> None:
        """Sets up the second factor, too."""
        address, password = self.production.sign_in_of("staff")
        visitor = self.staff.visitor
        visitor.open("/accounts/login/?next=/admin/")
        visitor.submit("Sign in", email=address, password=password)
        shown = visitor.page.select_one("main code")
        assert shown is not None, visitor.text
        phone = TOTP(b32decode(shown.get_text().replace(" ", "")))
        phone.time = time.time()
        visitor.submit("Turn on", code=f"{phone.token():06d}")

    def answer(self) -> Callable[[], None]:
        """The oldest message that is open. Whoever got no answer looks at the message again, as a colleague would."""

        def look_and_write() -> None:
            time.sleep(1)
            with suppress(GivesUp):
                self._answer_next(self.staff)

        return look_and_write

    def _answer_next(self, staff: Person) -> None:
        staff.open("/admin/shop/order/")
        staff.open("/admin/contacts/inquiry/")
        links = [str(a["href"]).partition("?")[0] for a in staff.visitor.page.select("a[href*='/change/']")]
        new = [link for link in links if "/inquiry/" in link and link not in self.answered]
        if not new:
            return
        staff.open(urljoin(staff.visitor.url, new[-1]))
        if staff.visitor.page.select_one("[name=_send_close]") is not None:
            answer = "Dear customer, it costs nothing to ask, and $59.95 to buy. The team"
            staff.until(
                lambda visitor: visitor.response.status_code == 200 and "has been sent" in visitor.text,
                lambda visitor: visitor.submit("Send and close", answer=answer),
            )
        self.answered.append(new[-1])

    def deliver(self) -> Callable[[], None]:
        """A mail server, which delivers again unless the exit code was 0. One in four of its programs is killed."""
        name = self.name("mail")
        lines = [
            f"From: {name}@example.org",
            f"To: {BUSINESS}",
            f"Subject: {name}",
            f"Message-ID: <{name}@example.org>",
        ]
        mail = "\r\n".join([*lines, "Date: Mon, 30 Nov 2026 05:00:00 +0000", "", f"What does {name} cost?", ""])
        dies_after = self.random.uniform(1, 6) if self.random.random() < 0.25 else None

        def pipe() -> None:
            time.sleep(3)
            command = [sys.executable, "manage.py", "receive_mail", f"--to={BUSINESS}"]
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.production.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            nonlocal dies_after
            try:
                process.communicate(mail.encode(), timeout=dies_after)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                self.killed_mails += 1
            dies_after = None
            if process.returncode:
                raise GivesUp
            self.received.append(name)

        return pipe


def messages(production: Production) -> list[tuple[object, str, object]]:
    """Id, way, and sender's index of what is stored."""
    return rows(production, "SELECT id, channel, email_index FROM contacts_inquiry")


def pay(visitor: Visitor) -> None:
    """The button at PayPal, and whatever leads from there to the page of an order that is paid."""
    visitor.submit("Pay")
    if visitor.response.status_code == 200 and (back := visitor.page.select_one("a[href*='/checkout/return/']")):
        visitor.open(str(back["href"]))
    deadline = time.monotonic() + 30
    while visitor.url.startswith(visitor.base) and "your order is paid" not in visitor.text:
        if time.monotonic() > deadline:
            return
        time.sleep(PAUSE)
        visitor.open(visitor.url)  # reloads: PayPal did not answer us, or the site did not answer


def cookie_of(visitor: Visitor) -> str:
    return next((str(cookie.value) for cookie in visitor.session.cookies if cookie.name == COOKIE), "")
