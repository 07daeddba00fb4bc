"""The yearly reports: an affiliate's payments, and the vendor's list over a threshold."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from affiliates.models import Affiliate, PayoutItem, PayoutRun
from affiliates.statistics.spans import Span
from affiliates.statistics.yearly import affiliates_over_threshold
from privacy.audit.models import AuditEntry
from tests import factories
from tests.affiliates.portal.pages import PORTAL, text_of
from tests.cast import signed_in
from tests.staff_pages import Page

YEAR = Span.around(datetime(2026, 3, 2, tzinfo=UTC), "year")
LIST = "/admin/affiliates/reports/year/"
FILE = "/admin/affiliates/reports/year.csv"


@pytest.fixture(autouse=True)
def january(clock: time_machine.Traveller, settings: Any) -> None:
    """Early in the year after the one that is reported, on a site that asks for no legal details."""
    settings.AFFILIATE_LEGAL_DETAILS = False
    clock.move_to(datetime(2027, 1, 10, 12, tzinfo=UTC))


def paid(affiliate: Affiliate, minor: int, when: datetime, *, method: str = "paypal", **fields: Any) -> PayoutItem:
    currency = fields.pop("currency", "USD")
    run = PayoutRun.objects.create(currency=currency, method=method)
    values = {"state": "paid", "amount_minor": minor, "currency": currency, "settled_at": when, **fields}
    item: PayoutItem = PayoutItem.objects.create(run=run, affiliate=affiliate, **values)
    return item


def joined(affiliate: Affiliate) -> Affiliate:
    affiliate.joined_at = datetime(2025, 6, 1, tzinfo=UTC)
    affiliate.save(update_fields=["joined_at"])
    return affiliate


def rows_of(response: Any) -> list[list[str]]:
    assert response.status_code == 200
    return list(csv.reader(response.getvalue().decode("utf-8-sig").splitlines()))


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "said"), [("paypal", "It is in your PayPal account."), ("csv", "It was paid outside PayPal.")]
)
def test_payout_page_list_and_file_say_like_the_yearly_report_how_it_was_paid(
    alice: Affiliate, method: str, said: str
) -> None:
    joined(alice)
    item = paid(alice, 5_000, noon(4, 1), method=method)
    assert said in text_of(alice.user, "payouts/")
    assert said in text_of(alice.user, f"payouts/{item.pk}/")
    [_, [*_, meaning]] = rows_of(signed_in(alice.user).get(f"{PORTAL}files/payouts.csv"))
    assert meaning == said


# --- The affiliate ---------------------------------------------------------------------------------------------------
def test_affiliate_sees_each_payment_by_day_method_and_currency(alice: Affiliate) -> None:
    joined(alice)
    paid(alice, 12_345, noon(3, 2))
    paid(alice, 5_000, noon(4, 1), method="csv")
    paid(alice, 700, noon(5, 1), currency="JPY", method="csv")
    page = text_of(alice.user, "year/?year=2026")
    assert "Paid in USD $173.45 2 payments Through PayPal $123.45 Outside PayPal $50.00" in page
    assert "Paid in JPY 700 JPY 1 payment" in page
    assert "Mar 2, 2026 PayPal USD $123.45 Apr 1, 2026 outside PayPal USD $50.00" in page
    assert "PayPal reports the payments that it makes" in page
    file = signed_in(alice.user).get(f"{PORTAL}files/year.csv?year=2026")
    assert rows_of(file) == [
        ["paid on", "method", "amount", "currency"],
        ["2026-03-02", "PayPal", "123.45", "USD"],
        ["2026-04-01", "outside PayPal", "50.00", "USD"],
        ["2026-05-01", "outside PayPal", "700", "JPY"],
    ]


def test_year_is_the_one_in_which_the_payment_arrived_in_utc(alice: Affiliate) -> None:
    joined(alice)
    paid(alice, 100, datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC))
    paid(alice, 200, datetime(2026, 1, 1, tzinfo=UTC))
    paid(alice, 300, datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC))
    paid(alice, 400, datetime(2027, 1, 1, tzinfo=UTC))
    shown = {year: text_of(alice.user, f"year/?year={year}") for year in (2025, 2026, 2027)}
    assert "Paid in USD $1.00 1 payment" in shown[2025]
    assert "Paid in USD $5.00 2 payments" in shown[2026]
    assert "Paid in USD $4.00 1 payment" in shown[2027]


def test_payment_that_was_returned_is_not_listed(alice: Affiliate) -> None:
    joined(alice)
    paid(alice, 100, noon(3, 2))
    paid(alice, 900, noon(3, 3), state="returned")
    paid(alice, 900, noon(3, 3), state="sent")
    assert "Paid in USD $1.00 1 payment" in text_of(alice.user, "year/?year=2026")


@pytest.mark.parametrize("year", ["", "1999", "2024", "2028", "20260", "x", "²⁰²⁶", "2026'"])
def test_impossible_year_shows_the_current_one(alice: Affiliate, year: str) -> None:
    joined(alice)
    assert "No payments in 2027" in text_of(alice.user, f"year/?year={year}")


def test_affiliate_sees_no_payment_of_another(alice: Affiliate, erin: Affiliate) -> None:
    paid(joined(alice), 100, noon(3, 2))
    assert "$1.00" in text_of(alice.user, "year/?year=2026")
    assert "No payments in 2026" in text_of(joined(erin).user, "year/?year=2026")


# --- The vendor ------------------------------------------------------------------------------------------------------
def test_list_has_who_was_paid_the_threshold_or_more(staff: Client, alice: Affiliate, erin: Affiliate) -> None:
    paid(alice, 40_000, noon(3, 2))
    paid(alice, 20_000, noon(3, 3), method="csv")
    paid(erin, 59_999, noon(3, 2))
    page = Page(staff, LIST)
    assert "Paid to affiliates in 2026" in page.text  # the last finished year
    assert "Alice (DEMO) 2 $400.00 $200.00 $600.00" in page.text
    assert "Erin" not in page.text
    assert (
        "All affiliates, in USD: $1,199.99 in 3 payments, $999.99 through PayPal and $200.00 outside it." in page.text
    )
    assert "PayPal reports the payments that it makes itself" in page.text
    assert AuditEntry.objects.filter(action="privacy.staff.listed").exists()
    assert rows_of(staff.get(f"{FILE}?year=2026")) == [
        ["affiliate", "currency", "payments", "through PayPal", "outside PayPal", "total"],
        ["DEMO", "USD", "2", "400.00", "200.00", "600.00"],
    ]
    assert AuditEntry.objects.filter(action="affiliates.report.downloaded").count() == 1


def test_other_currencies_are_listed_whole_and_never_added(staff: Client, alice: Affiliate, erin: Affiliate) -> None:
    paid(alice, 59_000, noon(3, 2))
    paid(alice, 5_000, noon(3, 2), currency="EUR")
    paid(erin, 70_000, noon(3, 2))
    found = [(one.currency, one.total.minor, one.affiliate) for one in affiliates_over_threshold(YEAR)]
    assert found == [("USD", 70_000, erin), ("EUR", 5_000, alice)]


def test_threshold_is_a_setting(alice: Affiliate, settings: Any) -> None:
    paid(alice, 1_000, noon(3, 2))
    assert affiliates_over_threshold(YEAR) == []
    settings.AFFILIATE_REPORT_THRESHOLD_CENTS = 1_000
    assert [one.total.minor for one in affiliates_over_threshold(YEAR)] == [1_000]


def test_list_costs_two_queries_however_long(alice: Affiliate, erin: Affiliate, django_assert_num_queries: Any) -> None:
    for affiliate in (alice, erin, factories.affiliate("frank@example.com", "FRANK")):
        paid(affiliate, 90_000, noon(3, 2))
        paid(affiliate, 90_000, noon(3, 2), method="csv")
    with django_assert_num_queries(2):
        assert [one.affiliate and one.affiliate.staff_label for one in affiliates_over_threshold(YEAR)] == [
            *("Alice (DEMO)", "Erin (ERIN)", "Frank (FRANK)")
        ]


@pytest.mark.parametrize("year", ["x", "1999", "2028", "²⁰²⁶"])
def test_impossible_year_is_named_and_downloads_nothing(staff: Client, year: str) -> None:
    assert "Select a valid choice" in Page(staff, f"{LIST}?year={year}").text
    assert staff.get(f"{FILE}?year={year}").status_code == 302


def test_list_needs_the_right_to_see_payouts(vera: User, alice: Affiliate) -> None:
    client = signed_in(vera)
    assert [client.get(LIST).status_code, client.get(FILE).status_code] == [403, 403]
