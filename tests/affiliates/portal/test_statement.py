"""A statement adds up, and the next one starts where it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from pytest_django import DjangoAssertNumQueries
from time_machine import Traveller

from accounts.models import User
from affiliates.models import Affiliate
from affiliates.payouts.runs import cancel_payout, prepare_payout
from affiliates.portal.statement import Statement, statement_of
from affiliates.statistics.spans import Span
from shop.models import Product
from shop.money import Money
from tests.affiliates.sales import approved_sale, refund
from tests.cast import signed_in

from .pages import PORTAL, text_of

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def year(alice: Affiliate, product: Product, bob: User, clock: Traveller) -> Affiliate:
    """Sales, refunds and payouts from March to December."""
    for month in range(3, 13):
        clock.move_to(datetime(2026, month, 10, 12, tzinfo=UTC), tick=False)
        commission = approved_sale(alice, product, f"{month}00.00")
        if month % 3 == 0:
            prepare_payout(currency="USD", actor=bob)
        if month % 4 == 0:
            refund(commission, f"{month}.37")
    return alice


def of(affiliate: Affiliate, text: str) -> Statement:
    span = Span.parse(text)
    assert span is not None
    return statement_of(affiliate, span, currency="USD")


@pytest.mark.parametrize("text", ["2026", "2026-Q1", "2026-Q4", "2026-03", "2026-08", "2026-12"])
def test_statement_adds_up(year: Affiliate, text: str) -> None:
    statement = of(year, text)
    assert statement.lines
    total = sum((line.entry.total for line in statement.lines), Money(0, "USD"))
    assert statement.opening + total == statement.closing
    assert sum((amount for _, amount in statement.by_kind), Money(0, "USD")) == total


def test_statement_opens_with_previous_closing_balance(year: Affiliate) -> None:
    for texts in (["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"], [f"2026-{month:02}" for month in range(1, 13)]):
        statements = [of(year, text) for text in texts]
        assert statements[0].opening.minor == 0
        for earlier, later in zip(statements, statements[1:], strict=False):
            assert earlier.closing == later.opening
        assert statements[-1].closing == year.ledger.balance("USD") == of(year, "2026").closing
        assert sum(len(one.lines) for one in statements) == year.ledger.count()


def test_entry_at_month_boundary_is_in_one_statement(alice: Affiliate, product: Product, clock: Traveller) -> None:
    clock.move_to(datetime(2026, 4, 1, tzinfo=UTC), tick=False)
    approved_sale(alice, product)
    clock.shift(timedelta(microseconds=-1))
    approved_sale(alice, product, "10.00")
    assert [len(of(alice, text).lines) for text in ("2026-03", "2026-04", "2026-Q1", "2026-Q2")] == [1, 1, 1, 1]


def test_statement_shows_balance_after_each_entry(alice: Affiliate, product: Product, bob: User) -> None:
    number = approved_sale(alice, product).number
    prepare_payout(currency="USD", actor=bob)
    text = text_of(alice.user, "statement/?period=2026-03")
    assert "Opening balance $0.00" in text
    assert f"Mar 2, 2026 Commission {number} $17.99 $17.99" in text
    assert "Mar 2, 2026 Payout of March 2, 2026 -$17.99 $0.00" in text
    assert "Closing balance $0.00" in text
    assert "Carol" not in text


def test_statement_names_both_parties_and_period(alice: Affiliate) -> None:
    text = text_of(alice.user, "statement/?period=2026-03")
    assert "March 1, 2026 to March 31, 2026" in text
    assert "From AITpro Website Design & Security" in text
    assert "To Alice Affiliate code DEMO alice@example.com" in text


def test_statement_leaves_out_payout_that_never_left(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    cancel_payout(run=prepare_payout(currency="USD", actor=bob), actor=bob)
    assert alice.ledger.count() == 3
    statement = of(alice, "2026-03")
    assert ([str(line.entry.total) for line in statement.lines], str(statement.closing)) == (["$17.99"], "$17.99")
    assert of(alice, "2026-04").opening == alice.ledger.balance("USD")


def test_statement_periods_start_with_month_of_joining(alice: Affiliate, clock: Traveller) -> None:
    clock.move_to(datetime(2026, 5, 10, tzinfo=UTC), tick=False)
    page = BeautifulSoup(signed_in(alice.user).get(f"{PORTAL}statement/").content, "html.parser")
    offered = [option["value"] for option in page.select("select[name=period] option")]
    assert offered == ["2026", "2026-Q2", "2026-Q1", "2026-05", "2026-04", "2026-03"]


@pytest.mark.parametrize("text", ["2025-13", "x", "2026-Q5", "0000", "1999", "2027", "\x00"])
def test_invalid_statement_period_shows_current_month(alice: Affiliate, text: str) -> None:
    response = signed_in(alice.user).get(f"{PORTAL}statement/", {"period": text})
    assert response.status_code == 200
    assert response.context["form"].errors
    assert response.context["statements"][0].span.name == "March 2026"


def test_statement_without_entries_says_so(alice: Affiliate) -> None:
    assert "Nothing was credited, paid or reversed in this period" in text_of(alice.user, "statement/")


def test_statement_has_constant_query_count(
    alice: Affiliate, product: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    approved_sale(alice, product)
    with django_assert_num_queries(9):
        client.get(f"{PORTAL}statement/")
    for _ in range(39):
        approved_sale(alice, product)
    with django_assert_num_queries(9):
        client.get(f"{PORTAL}statement/")
