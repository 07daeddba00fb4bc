"""An affiliate with sales in two currencies sees each amount in its own; nothing is added or converted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone
from time_machine import Traveller

from accounts.models import User
from affiliates.membership.notifications import mail_monthly_summaries
from affiliates.models import Affiliate, LabelSales, LedgerEntry, PayoutRun
from affiliates.payouts.runs import prepare_payout
from affiliates.tracking.labels import declare_label
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, sale
from tests.cast import signed_in

from .pages import PORTAL, text_of

pytestmark = pytest.mark.usefixtures("clock")

PREVIEW = "/admin/affiliates/payoutrun/preview/"


@pytest.fixture
def guard(db: None) -> Product:
    """Sold in euros."""
    return factories.product(slug="guard", name="Guard", price_minor=10000, currency="EUR")


@pytest.fixture
def both(alice: Affiliate, product: Product, guard: Product) -> Affiliate:
    """Alice, with $17.99 and 30.00 EUR approved, and 6.00 EUR pending."""
    approved_sale(alice, product)
    approved_sale(alice, guard, "100.00")
    sale(alice, guard, "20.00")
    return alice


def test_overview_shows_totals_and_next_payout_per_currency(both: Affiliate) -> None:
    page = text_of(both.user)
    assert "In USD Pending $0.00" in page
    assert "In EUR Pending 6.00 EUR" in page
    assert "Approved $17.99" in page
    assert "Approved 30.00 EUR" in page
    assert page.count("ready It will be sent to your PayPal address with the next payout run") == 2
    assert "Balance $17.99" in page
    assert "Balance 30.00 EUR" in page
    assert "Minimum payout $10.00 10.00 EUR" in page
    assert "47.99" not in page


def test_statistics_and_chart_use_chosen_currency(both: Affiliate) -> None:
    dollars, euros = text_of(both.user), text_of(both.user, "?currency=EUR")
    assert "Sales $59.95" in dollars
    assert "Orders 1 new" in dollars
    assert "Sales 120.00 EUR" in euros
    assert "Orders 2 new" in euros
    assert "Earned Peak: $17.99 a day" in dollars
    assert "Earned Peak: 36.00 EUR a day" in euros
    page = BeautifulSoup(signed_in(both.user).get(f"{PORTAL}?currency=EUR").content, "html.parser")
    assert all("currency=EUR" in str(link["href"]) for link in page.select(".period-choices a"))
    assert text_of(both.user, "?currency=XXX").count("Sales $59.95") == 2  # the period's, and since joining


def test_currency_choice_is_hidden_with_one_currency(alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product)
    page = BeautifulSoup(signed_in(alice.user).get(PORTAL).content, "html.parser")
    assert "Approved $17.99" in " ".join(page.get_text(" ").split())
    assert not page.select("[name=currency]")
    assert not page.find("h3", string="In USD")


def test_affiliate_with_euro_sales_only_sees_no_dollars(alice: Affiliate, guard: Product) -> None:
    approved_sale(alice, guard, "100.00")
    for path in ("", "payouts/", "statement/"):
        page = text_of(alice.user, path)
        assert "30.00 EUR" in page
        assert "USD" not in page


def test_each_currency_has_own_statement(both: Affiliate) -> None:
    page = text_of(both.user, "statement/")
    assert "March 2026, in USD" in page
    assert "March 2026, in EUR" in page
    assert "Closing balance $17.99" in page
    assert "Closing balance 30.00 EUR" in page


def test_payouts_page_shows_next_payout_per_currency(both: Affiliate, bob: User) -> None:
    prepare_payout(currency="EUR", actor=bob)
    page = text_of(both.user, "payouts/")
    assert "$17.99 will be sent with the next payout run" in page
    assert "Your next payout: 0.00 EUR" in page
    assert "30.00 EUR" in page


def test_label_sales_are_listed_per_currency(both: Affiliate) -> None:
    label = declare_label(affiliate=both, text="may")
    for currency, minor in (("USD", 30000), ("EUR", 50000)):
        LabelSales.objects.create(label=label, currency=currency, orders=5, sales_minor=minor, earned_minor=minor // 10)
    page = text_of(both.user, "campaigns/")
    assert "may 5 500.00 EUR 50.00 EUR" in page
    assert "may 5 $300.00 $30.00" in page


def test_closing_and_inactive_pages_show_balance_per_currency(both: Affiliate, client: Client) -> None:
    Affiliate.objects.update(state="suspended")
    assert "Your balance $17.99, 30.00 EUR" in text_of(both.user)


def test_monthly_summary_lists_each_currency(both: Affiliate, clock: Traveller, work: Callable[[], int]) -> None:
    Affiliate.objects.update(mail_monthly=True)
    clock.shift(timedelta(days=31))
    assert mail_monthly_summaries(now=timezone.now()) == 1
    work()
    assert "3 orders, $17.99 earned and 36.00 EUR earned." in str(mail.outbox[-1].body)


def test_staff_see_money_and_statistics_per_currency(both: Affiliate, staff: Client) -> None:
    page = staff.get(f"/admin/affiliates/affiliate/{both.pk}/change/").content.decode()
    text = " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())
    assert "$17.99 $0.00 $17.99" in text
    assert "30.00 EUR 6.00 EUR 30.00 EUR" in text
    assert "120.00 EUR 36.00 EUR" in text
    assert "$59.95 $17.99" in text


def test_payout_preview_offers_currencies_with_money_due(both: Affiliate, staff: Client) -> None:
    page = BeautifulSoup(staff.get(PREVIEW).content, "html.parser")
    assert [option.text for option in page.select("[name=currency] option")] == ["USD", "EUR"]
    assert "$17.99" in page.text
    assert "30.00 EUR" in staff.get(f"{PREVIEW}?currency=EUR").content.decode()
    staff.post("/admin/affiliates/payoutrun/prepare/", {"currency": "EUR", "method": "paypal"})
    assert [(item.total.currency, item.amount_minor) for item in PayoutRun.objects.get().items.all()] == [("EUR", 3000)]
    left = BeautifulSoup(staff.get(PREVIEW).content, "html.parser")
    assert "$17.99" in left.text
    assert not left.select("select[name=currency]")


def test_payout_preview_defaults_to_only_currency_due(alice: Affiliate, guard: Product, staff: Client) -> None:
    approved_sale(alice, guard, "100.00")
    assert "a total of 30.00 EUR" in " ".join(BeautifulSoup(staff.get(PREVIEW).content, "html.parser").text.split())


def test_minimum_payout_counts_minor_units_of_each_currency(alice: Affiliate, bob: User) -> None:
    for currency, minor in (("JPY", 999), ("HUF", 1000)):
        LedgerEntry.objects.create(
            affiliate=alice, kind="adjustment", amount_minor=minor, currency=currency, reason="a bonus"
        )
    page = text_of(alice.user)
    assert "You need 1,000 JPY in approved commissions to be paid. You have 999 JPY." in page
    assert page.count("ready It will be sent to your PayPal address with the next payout run") == 1


def test_program_page_uses_program_currency(client: Client, db: None, settings: object) -> None:
    settings.CURRENCY = "EUR"  # type: ignore[attr-defined]
    page = client.get("/affiliates/").content.decode()
    assert "10.00 EUR" in page
    assert "USD" not in page
