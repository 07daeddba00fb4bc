"""A thousand submissions from one network, against real web workers: the rest of the world does not notice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from contacts.inquiries.workflow import HELD_NEWS
from privacy.web.rate_limits import WINDOW
from tests.running_site import RunningSite, running_site
from tests.visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.one_database]

FLOOD, AT_ONCE = 1000, 8
MAILED = 30  # MAIL_LIMIT_PER_FORM, as it is unless somebody sets it
COUNT = "from {module} import {model} as M; print(M.objects.count())"
SLOTS = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM privacy_limits")
    print(cursor.fetchone()[0])
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("flood")) as running:
        yield running


def rows(site: RunningSite, module: str, model: str) -> int:
    return number(site, COUNT.format(module=module, model=model))


def number(site: RunningSite, code: str) -> int:
    return int(site.command("shell", "--no-imports", "-c", code).split()[-1])


def this_hour() -> int:
    return int(time.time()) // WINDOW


def send(visitor: Visitor, email: str) -> requests.Response:
    visitor.open("/contact/")
    visitor.submit("Send the message", name="Dave Dorn", email=email, message="What would a new site cost?")
    return visitor.response


def flood(site: RunningSite, count: int, network: str) -> Counter[int]:
    """The answers from one /24 to many submissions by a program that keeps one form and fills it in again and again."""
    program = site.visitor(f"{network}.1")
    program.open("/contact/")
    form = {str(field["name"]): str(field.get("value", "")) for field in program.page.select("main input[name]")}
    cookies = program.session.cookies.get_dict()

    def post(number: int) -> int:
        return requests.post(
            f"{site.url}/contact/",
            data={**form, "kind": "question", "name": "Flo", "email": f"flo{number}@example.org", "message": "Buy!"},
            headers={"X-Forwarded-For": f"{network}.{number % 250}", "Referer": f"{site.url}/contact/"},
            cookies=cookies,
            allow_redirects=False,
            timeout=60,
        ).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(post, range(count)))


def test_a_flood_from_one_network_loses_nobody_elses_message(site: RunningSite) -> None:
    before, mails_before = rows(site, "contacts.models", "Inquiry"), rows(site, "privacy.models", "OutgoingMail")
    slots_before, hour = number(site, SLOTS), this_hour()
    answers = flood(site, FLOOD, "203.0.113")
    assert answers == {302: FLOOD}  # the first are mailed, and the rest are held

    neighbor = send(site.visitor("203.0.113.250"), "carl@example.org")
    assert "we received your message" in neighbor.text
    genuine = send(site.visitor("198.51.100.7"), "dave@example.org")
    assert "we received your message" in genuine.text
    assert "Thank you for writing" in site.mail("dave@example.org", "We received your message")

    hours = 1 + this_hour() - hour  # where one ended in the middle of the flood, the next one's room was taken too
    assert rows(site, "contacts.models", "Inquiry") == before + FLOOD + 2
    # All workers count together, however many there are: a confirmation and a mail to staff for each that was mailed,
    # and a few mails to staff for all that are held.
    mails = rows(site, "privacy.models", "OutgoingMail") - mails_before
    assert 2 * (MAILED + 1) <= mails <= hours * (2 * MAILED + HELD_NEWS) + 2
    assert not site.mails("carl@example.org")
    # Three slots for each mail, one for each that is held or told to staff, and the keys.
    assert number(site, SLOTS) - slots_before <= FLOOD + hours * (3 * MAILED + HELD_NEWS) + 8
