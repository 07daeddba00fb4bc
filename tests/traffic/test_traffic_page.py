"""The staff's page about traffic."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client

from aitpro.traffic.models import DomainDay, PageDay
from tests import factories
from tests.cast import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/traffic/domainday/"
TODAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def _some_traffic(clock: time_machine.Traveller) -> None:
    for days_ago, views in ((0, 5), (1, 7), (40, 100)):
        PageDay.objects.create(day=TODAY - timedelta(days=days_ago), page="/services/", views=views)
    DomainDay.objects.create(day=TODAY, domain="example.com", views=9)
    DomainDay.objects.create(day=TODAY, domain="alice-at-home.example.net", views=2)
    DomainDay.objects.create(day=TODAY - timedelta(days=1), domain="bob-at-home.example.net", views=1)


def table(page: bytes, caption: str) -> dict[str, str]:
    tables = BeautifulSoup(page, "html.parser").find_all("table")
    found = next(one for one in tables if one.caption and one.caption.text == caption)
    rows = [[cell.text.strip() for cell in row.find_all(["th", "td"])] for row in found.find_all("tr")[1:]]
    return dict(rows)


def test_traffic_page_shows_the_last_30_days(staff: Client) -> None:
    page = staff.get(PAGE)
    assert "12 page views from February 1, 2026 to March 2, 2026" in " ".join(page.content.decode().split())
    assert table(page.content, "Pages") == {"/services/": "12"}
    days = table(page.content, "Days")
    assert len(days) == 30
    assert days["Mon, Mar 2, 2026"] == "5"
    assert days["Sat, Feb 28, 2026"] == "0"


def test_domains_with_a_handful_of_views_are_folded(staff: Client) -> None:
    page = staff.get(PAGE)
    assert table(page.content, "Domains") == {"example.com": "9", "other": "3"}
    assert b"at-home" not in page.content


def test_traffic_page_shows_the_chosen_days(staff: Client) -> None:
    page = staff.get(PAGE, {"first": "2026-01-15", "last": "2026-01-31"})
    assert table(page.content, "Pages") == {"/services/": "100"}


@pytest.mark.parametrize(
    ("period", "message"),
    [
        ({"first": "yesterday"}, "Enter a valid date."),
        ({"first": "2026-03-02", "last": "2026-03-01"}, "The first day comes after the last one."),
        ({"first": "1999-01-01"}, "At most a year fits on the page."),
    ],
)
def test_a_period_that_makes_no_sense_is_explained(staff: Client, period: dict[str, str], message: str) -> None:
    page = staff.get(PAGE, period)
    assert page.status_code == 200
    assert message in page.content.decode()
    assert table(page.content, "Pages") == {"/services/": "12"}


def test_without_traffic_it_says_so(staff: Client) -> None:
    page = staff.get(PAGE, {"first": "2025-01-01", "last": "2025-01-31"})
    assert "No page views from January 1, 2025 to January 31, 2025." in " ".join(page.content.decode().split())


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("domains", ["domain,views", "example.com,9", "other,3"]),
        ("pages", ["page,views", "/services/,12"]),
    ],
)
def test_each_table_is_a_file(staff: Client, name: str, lines: list[str]) -> None:
    answer = staff.get(f"{PAGE}{name}.csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="traffic-{name}-2026-02-01-2026-03-02.csv"'
    assert answer.getvalue().decode("utf-8-sig").splitlines() == lines


def test_a_table_that_does_not_exist_is_not_found(staff: Client) -> None:
    assert staff.get(f"{PAGE}days.csv").status_code == 200
    assert staff.get(f"{PAGE}addresses.csv").status_code == 404


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}pages.csv"])
def test_only_staff_who_may_see_it(address: str) -> None:
    plain = signed_in(factories.user("dave@example.org", is_staff=True))
    assert plain.get(address).status_code == 403
    assert Client().get(address).status_code == 302
