"""The list of events: clicks by the hour; sales, refunds and ledger entries by their day alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from affiliates.commissions.adjustments import adjust_ledger
from affiliates.models import Affiliate, HourlyClicks
from affiliates.payouts.runs import cancel_payout, prepare_payout
from affiliates.statistics.click_rollups import count_visits
from shop.models import Product
from shop.money import Money
from tests import factories
from tests.affiliates.sales import approved_sale, refund, sale
from tests.cast import signed_in

from .pages import PORTAL, text_of

EVENTS = f"{PORTAL}events/"


@pytest.fixture(autouse=True)
def _noon(clock: time_machine.Traveller) -> None:
    """Monday, 2 March 2026."""


def clicks(affiliate: Affiliate, number: int) -> None:
    for _ in range(number):
        factories.click(affiliate)
    count_visits(now=timezone.now())


def rows(affiliate: Affiliate, query: str = "") -> list[list[str]]:
    """Day, hour, kind, description and amount of each event."""
    page = BeautifulSoup(signed_in(affiliate.user).get(f"{EVENTS}?{query}").content, "html.parser")
    return [[" ".join(cell.get_text().split()) for cell in row.select("th, td")] for row in page.select("tbody tr")]


def csv_lines(affiliate: Affiliate, query: str = "") -> list[str]:
    response = signed_in(affiliate.user).get(f"{PORTAL}files/events.csv?{query}")
    return b"".join(response.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]


def test_events_list_shows_clicks_sales_reversals_and_payouts(
    alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    clicks(alice, 3)
    clock.shift(timedelta(days=1))
    pending = sale(alice, product)
    refund(pending, "20.00")
    approved = approved_sale(alice, product)
    clock.shift(timedelta(days=1))
    refund(approved, "20.00")
    adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="A bonus.", actor=bob)
    clock.shift(timedelta(days=1))
    cancel_payout(run=prepare_payout(currency="USD", actor=bob))
    found = rows(alice)
    assert sorted(found[:2]) == [
        ["Mar 5, 2026", "", "Payout", "Payout of March 5, 2026", "-$16.99"],
        ["Mar 5, 2026", "", "Payout", "Returned payout of March 5, 2026", "$16.99"],
    ]
    assert sorted(found[2:4]) == [
        ["Mar 4, 2026", "", "Adjustment", "Correction: A bonus.", "$5.00"],
        ["Mar 4, 2026", "", "Reversal", f"Reversal after a refund {approved.number}", "-$6.00"],
    ]
    assert sorted(found[4:8]) == sorted(
        [
            ["Mar 3, 2026", "", "Approval", f"Commission {approved.number}", "$17.99"],
            ["Mar 3, 2026", "", "Reversal", f"A refund before the approval reduced commission {pending.number}", ""],
            ["Mar 3, 2026", "", "Sale", f"Commission {approved.number} on a sale of $59.95", "$17.99"],
            ["Mar 3, 2026", "", "Sale", f"Commission {pending.number} on a sale of $59.95", "$17.99"],
        ]
    )
    assert found[8:] == [["Mar 2, 2026", "12:00", "Clicks", "3 clicks", ""]]


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("clicks", ["Clicks"]),
        ("sale", ["Sale"]),
        ("approval", ["Approval"]),
        ("payout", ["Payout"]),
        ("reversal", []),
        ("adjustment", []),
        ("nonsense", ["Approval", "Clicks", "Payout", "Sale"]),
    ],
)
def test_events_are_filtered_by_kind(
    alice: Affiliate, product: Product, bob: User, kind: str, shown: list[str]
) -> None:
    clicks(alice, 4)
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    assert sorted(row[2] for row in rows(alice, f"kind={kind}")) == shown
    assert sorted(line.split(",")[2] for line in csv_lines(alice, f"kind={kind}")[1:]) == shown


def test_events_are_filtered_by_period(alice: Affiliate, product: Product, clock: time_machine.Traveller) -> None:
    sale(alice, product)
    clock.shift(timedelta(days=40))
    assert rows(alice) == []
    assert len(rows(alice, "since=2026-03-02&until=2026-03-02")) == 1
    assert rows(alice, "since=2026-03-03&until=2026-03-03") == []


@pytest.mark.parametrize("query", ["since=x", "since=2026-03-09&until=2026-03-01", "kind=%00", "page=-1", "page=999"])
def test_invalid_filter_of_events_shows_the_page(alice: Affiliate, product: Product, query: str) -> None:
    sale(alice, product)
    assert signed_in(alice.user).get(f"{EVENTS}?{query}").status_code == 200


def test_hour_with_few_clicks_is_not_listed(alice: Affiliate, clock: time_machine.Traveller) -> None:
    clicks(alice, 2)
    clock.shift(timedelta(hours=1))
    clicks(alice, 3)
    assert [row[1] for row in rows(alice)] == ["13:00"]
    clock.move_to("2026-03-02 12:59:59+00:00")
    clicks(alice, 1)
    assert [row[1] for row in rows(alice)] == ["13:00", "12:00"]


def test_place_of_a_sale_in_the_list_tells_no_time(
    alice: Affiliate, product: Product, clock: time_machine.Traveller
) -> None:
    clicks(alice, 3)
    clock.shift(timedelta(hours=1))
    sale(alice, product)
    clock.shift(timedelta(hours=1))
    clicks(alice, 3)
    assert [row[1:3] for row in rows(alice)] == [["14:00", "Clicks"], ["12:00", "Clicks"], ["", "Sale"]]


def test_events_of_another_affiliate_are_not_listed(alice: Affiliate, erin: Affiliate, product: Product) -> None:
    clicks(alice, 3)
    approved_sale(alice, product)
    assert rows(alice)
    assert rows(erin) == []
    assert len(csv_lines(erin)) == 1


def test_clicks_are_counted_into_their_hour_once(alice: Affiliate) -> None:
    clicks(alice, 2)
    clicks(alice, 2)
    assert list(HourlyClicks.objects.values_list("clicks", flat=True)) == [4]


def test_events_csv_has_exact_amounts_and_no_time_of_a_sale(alice: Affiliate, product: Product) -> None:
    clicks(alice, 3)
    line = sale(alice, product)
    assert csv_lines(alice) == [
        "day,hour,kind,description,clicks,amount,currency",
        "2026-03-02,12:00,Clicks,3 clicks,3,,",
        f"2026-03-02,,Sale,Commission {line.number} on a sale of $59.95,,17.99,USD",
    ]


def test_events_page_has_constant_query_count(
    alice: Affiliate, product: Product, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    for count in (1, 60):
        clicks(alice, 3)
        for _ in range(count):
            approved_sale(alice, product)
        refund(sale(alice, product), "1.00")
        cancel_payout(run=prepare_payout(currency="USD", actor=bob))
        with django_assert_num_queries(11):
            client.get(EVENTS)


def test_events_are_paginated(alice: Affiliate, product: Product) -> None:
    for _ in range(26):
        approved_sale(alice, product)
    assert len(rows(alice)) == 50
    assert len(rows(alice, "page=2")) == 2
    assert "Page 2 of 2, 52 in total" in text_of(alice.user, "events/?page=2")


def test_events_page_without_events_says_what_to_do(alice: Affiliate) -> None:
    assert "Nothing in the last 30 days" in text_of(alice.user, "events/")
    assert "Nothing of this kind happened" in text_of(alice.user, "events/?kind=sale")
