"""Reading a page counts the page; reading it directly counts the domain of the network, and nothing of the visitor."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import DatabaseError
from django.test import Client

from affiliates.models import Affiliate
from aitpro.traffic.counter import WAITING, TrafficCounter
from aitpro.traffic.models import DomainDay, PageDay
from tests import factories

from .name_server import Names

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def _known_network(names: Names, clock: time_machine.Traveller) -> None:
    names.name("8.20.30.40", "dsl-7.example.com.")


def domains() -> dict[str, int]:
    return dict(DomainDay.objects.values_list("domain", "views"))


def pages() -> dict[str, int]:
    return dict(PageDay.objects.values_list("page", "views"))


def settle(counter: TrafficCounter) -> None:
    counter.look_up()
    counter.write()


def test_a_direct_visit_counts_its_page_and_the_domain_of_its_network(visitor: Client, counter: TrafficCounter) -> None:
    visitor.get("/")
    visitor.get("/services/")
    settle(counter)
    visitor.get("/")
    settle(counter)
    assert list(DomainDay.objects.values_list("day", "domain", "views")) == [(TODAY, "example.com", 3)]
    assert pages() == {"/": 2, "/services/": 1}


def test_counting_a_page_view_asks_the_database_nothing(
    visitor: Client, counter: TrafficCounter, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1) as asked:
        assert visitor.get("/affiliates/applied/").status_code == 200
    assert 'FROM "pages_page"' in asked[0]["sql"]  # the menu, not the count
    settle(counter)
    assert pages() == {"/affiliates/applied/": 1}


def test_each_day_has_its_own_count(visitor: Client, counter: TrafficCounter, clock: time_machine.Traveller) -> None:
    visitor.get("/")
    clock.shift(timedelta(days=1))
    visitor.get("/")
    settle(counter)
    assert set(PageDay.objects.values_list("day", "views")) == {(TODAY, 1), (TODAY + timedelta(days=1), 1)}


def test_reading_on_asks_the_name_server_once(visitor: Client, counter: TrafficCounter, names: Names) -> None:
    for _ in range(5):
        visitor.get("/")
    settle(counter)
    assert domains() == {"example.com": 5}
    assert names.asked == ["40.30.20.8.in-addr.arpa"]


def test_a_network_without_a_name_is_unknown(counter: TrafficCounter) -> None:
    Client(REMOTE_ADDR="8.9.9.9").get("/")
    settle(counter)
    assert domains() == {"unknown": 1}


def test_a_private_network_is_never_asked_about(counter: TrafficCounter, names: Names) -> None:
    Client(REMOTE_ADDR="192.168.1.20").get("/")
    settle(counter)
    assert domains() == {"unknown": 1}
    assert names.asked == []


def test_a_name_server_that_answers_rubbish_costs_nothing(counter: TrafficCounter, names: Names) -> None:
    names.name("8.1.1.1", "alice@evil.example.")
    Client(REMOTE_ADDR="8.1.1.1").get("/")
    settle(counter)
    assert domains() == {"unknown": 1}


def test_a_visitor_of_an_affiliate_is_not_looked_up(counter: TrafficCounter, alice: Affiliate, names: Names) -> None:
    visitor = Client(REMOTE_ADDR="8.20.30.40")
    visitor.get("/go/DEMO/", follow=True)
    visitor.get("/services/?ref=DEMO")
    settle(counter)
    assert pages()["/services/"] == 1
    assert domains() == {}
    assert names.asked == []


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_visitor_who_objects_is_not_looked_up(counter: TrafficCounter, names: Names, header: str) -> None:
    Client(REMOTE_ADDR="8.20.30.40", headers={header: "1"}).get("/")
    settle(counter)
    assert pages() == {"/": 1}
    assert names.asked == []


@pytest.mark.parametrize(
    "address", ["/no/such/page/", "/robots.txt", "/healthz", "/accounts/login/", "/privacy/evidence.json"]
)
def test_non_public_page_is_not_counted(visitor: Client, counter: TrafficCounter, address: str) -> None:
    visitor.get(address)
    visitor.get("/")
    settle(counter)
    assert pages() == {"/": 1}


def test_people_who_are_signed_in_are_no_traffic(counter: TrafficCounter, staff: Client) -> None:
    staff.get("/")
    Client().get("/")
    settle(counter)
    assert pages() == {"/": 1}


def test_the_number_of_an_order_is_not_counted(counter: TrafficCounter, visitor: Client) -> None:
    order = factories.order(factories.product())
    assert visitor.get(order.get_absolute_url()).status_code == 200
    settle(counter)
    assert pages() == {"/orders/<str:link_token>/": 1}


def test_more_visits_than_can_wait_count_as_unknown(counter: TrafficCounter) -> None:
    for _ in range(WAITING + 3):
        counter.see_visitor(day=TODAY, address="8.20.30.40")
    settle(counter)
    assert domains() == {"example.com": WAITING, "unknown": 3}


def test_a_database_that_is_away_loses_no_count(visitor: Client, counter: TrafficCounter) -> None:
    visitor.get("/")
    with patch.object(PageDay.objects, "filter", side_effect=DatabaseError):
        settle(counter)
    assert pages() == {}
    settle(counter)
    assert pages() == {"/": 1}
    assert domains() == {"example.com": 1}


def test_two_processes_add_up(visitor: Client, counter: TrafficCounter) -> None:
    other = TrafficCounter()
    other.see_page(day=TODAY, page="/")
    visitor.get("/")
    settle(counter)
    settle(other)
    assert pages() == {"/": 2}
