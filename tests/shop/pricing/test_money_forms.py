"""Every staff form with an amount refuses what the currency can't hold."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts.models import User
from affiliates.commissions.objections import open_objection
from affiliates.models import Affiliate, LedgerEntry, Objection, Rate
from shop.models import Payment, Product, Refund
from tests import factories
from tests.affiliates.sales import approved_sale

ADJUST = "/admin/affiliates/ledgerentry/adjust/"
RATE = "/admin/affiliates/rate/add/"


@dataclass
class Page:
    """The page that staff see after submitting a form."""

    staff: Client

    def after(self, address: str, **typed: str) -> BeautifulSoup:
        return BeautifulSoup(self.staff.post(address, typed, follow=True).content, "html.parser")


@pytest.fixture
def page(staff: Client) -> Page:
    return Page(staff)


def paid(price_minor: int, currency: str) -> str:
    product = factories.product(price_minor=price_minor, currency=currency)
    payment = factories.payment(factories.order(product, state="paid"), state=Payment.State.PAID, capture_id="C1")
    return f"/admin/shop/payment/{payment.pk}/refund/"


@pytest.mark.parametrize(
    ("price_minor", "currency", "typed", "problem"),
    [
        (8000, "JPY", "100.5", "JPY has no decimals. Enter a whole amount"),
        (5995, "USD", "10.005", "USD has at most 2 digits after the decimal point"),
        (5995, "USD", "¥10", "This amount is in USD, not in ¥"),
        (5995, "USD", "59.96", "At most $59.95 can be refunded"),
    ],
)
def test_a_refund_that_the_currency_cannot_hold_is_refused(
    page: Page, db: None, price_minor: int, currency: str, typed: str, problem: str
) -> None:
    address = paid(price_minor, currency)
    shown = BeautifulSoup(page.staff.get(address).content, "html.parser")
    assert [unit.text for unit in shown.select("#id_amount_currency")] == [currency]
    assert "id_amount_currency" in str(shown.select("#id_amount")[0]["aria-describedby"])
    answered = page.after(address, amount=typed)
    assert problem in answered.text
    assert answered.select("input[name=amount]")[0]["value"] == typed
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("typed", "currency", "problem"),
    [
        ("10.005", "USD", "USD has at most 2 digits"),
        ("100.5", "JPY", "JPY has no decimals"),
        ("0.00", "USD", "other than zero"),
        ("5", "XXX", "Choose the currency of this amount"),
    ],
)
def test_an_adjustment_that_the_currency_cannot_hold_is_refused(
    page: Page, alice: Affiliate, typed: str, currency: str, problem: str
) -> None:
    answered = page.after(ADJUST, code="DEMO", amount=typed, currency=currency, reason="A bonus.")
    assert problem in answered.text
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize(
    "typed",
    ["demo", "demo/", "ＤＥＭＯ", "https://shop.example.com/go/demo/", "https://shop.example.com/?a=1&ref=DEMO"],
)
def test_an_adjustment_finds_the_affiliate_by_a_code_or_a_link(page: Page, alice: Affiliate, typed: str) -> None:
    page.after(ADJUST, code=typed, amount="5", currency="USD", reason="A bonus.")
    assert LedgerEntry.objects.get().affiliate == alice


def test_an_adjustment_is_read_as_it_is_written(page: Page, alice: Affiliate) -> None:
    assert (
        "Adjusted by -1,234.50 EUR"
        in page.after(ADJUST, code="DEMO", amount="-1,234.50", currency="EUR", reason="A slip.").text
    )
    assert str(LedgerEntry.objects.get().total) == "-1,234.50 EUR"


@pytest.mark.parametrize(
    ("typed", "currency", "problem"),
    [
        ("10.005", "USD", "USD has at most 2 digits"),
        ("100.5", "JPY", "JPY has no decimals"),
        ("-5", "USD", "above zero"),
        ("5", "", "Choose the currency of this amount"),
    ],
)
def test_a_flat_rate_that_the_currency_cannot_hold_is_refused(
    page: Page, db: None, typed: str, currency: str, problem: str
) -> None:
    assert problem in page.after(RATE, flat=typed, currency=currency).text
    assert not Rate.objects.exists()


@pytest.mark.parametrize(("typed", "currency", "terms"), [("500", "JPY", "500 JPY"), ("$12.50", "USD", "$12.50")])
def test_a_flat_rate_is_stored_as_it_was_typed(page: Page, db: None, typed: str, currency: str, terms: str) -> None:
    page.after(RATE, flat=typed, currency=currency, rate_confirmed=f"{terms} per sale for the program")
    assert Rate.objects.get().terms == f"{terms} per sale"


def test_an_objection_is_answered_with_an_amount_in_the_currency_of_its_commission(
    page: Page, alice: Affiliate, bob: User, db: None
) -> None:
    commission = approved_sale(alice, factories.product(price_minor=8000, currency="JPY"), "8000")
    dispute = open_objection(commission=commission, text="Too little.", actor=alice.user)
    address = f"/admin/affiliates/objection/{dispute.pk}/answer/"
    assert (
        '<span class="money-currency" id="id_adjustment_currency">JPY</span>'
        in page.staff.get(address).content.decode()
    )
    assert "JPY has no decimals" in page.after(address, upheld="yes", answer="You are right.", adjustment="100.5").text
    assert Objection.objects.get().state == "open"
    page.after(address, upheld="yes", answer="You are right.", adjustment="1,500")
    assert str(LedgerEntry.objects.get(kind="adjustment").total) == "1,500 JPY"


def test_the_currency_of_the_program_is_offered_first(page: Page, db: None, settings: object) -> None:
    settings.CURRENCY = "EUR"  # type: ignore[attr-defined]
    for address in (ADJUST, RATE):
        shown = BeautifulSoup(page.staff.get(address).content, "html.parser")
        assert [option.text for option in shown.select("[name=currency] [selected]")] == ["EUR"]
    assert Product().currency == "EUR"
