"""What each label brought."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from affiliates.models import Affiliate
from shop.models import Product
from tests import factories
from tests.affiliates.sales import refund, sale

from .pages import PORTAL, signed_in, text_of

pytestmark = pytest.mark.usefixtures("clock")

CAMPAIGNS = f"{PORTAL}campaigns/"


def rows(affiliate: Affiliate, query: str = "") -> list[str]:
    page = BeautifulSoup(signed_in(affiliate.user).get(CAMPAIGNS + query).content, "html.parser")
    return [row.get_text(" ", strip=True) for row in page.select("tbody tr")]


def test_each_label_has_its_figures(alice: Affiliate, product: Product) -> None:
    for _ in range(4):
        factories.click(alice, sub="may")
    factories.click(alice, sub="june", landing_path="/services/")
    refund(sale(alice, product, campaign="may"), "30.00")
    assert rows(alice) == [
        "may 4 1 25.0 % 59.95 USD 8.99 USD",
        "june 1 0 0.0 % 0.00 USD 0.00 USD",
        "/ 4",
        "/services/ 1",
    ]


def test_only_the_chosen_days_count(alice: Affiliate) -> None:
    factories.click(alice, timezone.now() - timedelta(days=10), sub="may")
    assert rows(alice, "?since=2026-02-20&until=2026-02-20")[0].startswith("may 1")
    assert rows(alice, "?since=2026-02-21&until=2026-03-02") == []


def test_sales_without_clicks_have_no_conversion(alice: Affiliate, product: Product) -> None:
    sale(alice, product, campaign="may")
    assert rows(alice)[0] == "may 0 1 – 59.95 USD 17.99 USD"


def test_a_label_is_no_markup(alice: Affiliate) -> None:
    factories.click(alice, sub="<b>may</b>")
    assert b"&lt;b&gt;may&lt;/b&gt;" in signed_in(alice.user).get(CAMPAIGNS).content


def test_who_has_no_labels_is_told_how(alice: Affiliate) -> None:
    assert "Make a labelled link" in text_of(alice.user, "campaigns/")


def test_its_cost_does_not_grow(alice: Affiliate, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = signed_in(alice.user)
    for count in (1, 39):
        for number in range(count):
            factories.click(alice, sub=f"label {number}")
        with django_assert_num_queries(8):
            client.get(CAMPAIGNS)
