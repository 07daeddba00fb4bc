"""Clicks and sales by campaign label."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from affiliates.models import Affiliate
from affiliates.statistics.label_sales import count_label_sales
from affiliates.tracking.labels import declare_label
from shop.models import Product
from tests import factories
from tests.affiliates.sales import sale
from tests.cast import signed_in

from .pages import PORTAL, text_of

pytestmark = pytest.mark.usefixtures("clock")

CAMPAIGNS = f"{PORTAL}campaigns/"


def rows(affiliate: Affiliate, query: str = "") -> list[str]:
    page = BeautifulSoup(signed_in(affiliate.user).get(CAMPAIGNS + query).content, "html.parser")
    return [row.get_text(" ", strip=True) for row in page.select("tbody tr")]


def test_campaigns_page_counts_clicks_by_label_and_other(alice: Affiliate) -> None:
    for _ in range(4):
        factories.click(alice, sub="may")
    factories.click(alice, sub="june", landing_path="/services/")
    Client().get("/go/DEMO/?sub=jane.doe@example.com")
    Client().get("/go/DEMO/")
    assert rows(alice) == ["may 4", "Without a label 2", "june 1", "/ 6", "/services/ 1"]


def test_campaigns_page_counts_only_chosen_period(alice: Affiliate) -> None:
    factories.click(alice, timezone.now() - timedelta(days=10), sub="may")
    assert rows(alice, "?since=2026-02-20&until=2026-02-20")[0] == "may 1"
    assert rows(alice, "?since=2026-02-21&until=2026-03-02") == []


def test_campaigns_page_without_labels_explains_how_to_add_one(alice: Affiliate) -> None:
    assert "Save a link with a label, such as newsletter-may" in text_of(alice.user, "campaigns/")


def test_campaigns_page_shows_sales_without_label(alice: Affiliate, product: Product) -> None:
    declare_label(affiliate=alice, text="may")
    for number in range(3):
        sale(alice, product, campaign="may", email=f"buyer{number}@example.org")
    count_label_sales()
    sale(alice, product, "10.00")
    sale(alice, product, "20.00", campaign="may")
    assert rows(alice)[-2:] == ["may 3 $179.85 $53.97", "Without a label 2 $30.00 $9.00"]


def test_campaigns_page_has_constant_query_count(
    alice: Affiliate, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    for count in (1, 39):
        for number in range(count):
            label = declare_label(affiliate=alice, text=f"label {number}")
            factories.click(alice, label=label)
        with django_assert_num_queries(12):
            client.get(CAMPAIGNS)
