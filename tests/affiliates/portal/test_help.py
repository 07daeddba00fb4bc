"""The portal's help page tells the figures that the site runs on."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import Settings

from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate
from shop.models import Product

from .pages import text_of

pytestmark = pytest.mark.usefixtures("clock")


def test_help_tells_figures_of_the_settings(alice: Affiliate, product: Product, settings: Settings) -> None:
    text = text_of(alice.user, "help/")
    assert "pending for 30 days" in text
    assert "add up to $10.00" in text
    assert "the affiliate of the last click gets the sale" in text
    settings.REFUND_DAYS, settings.AFFILIATE_MINIMUM_PAYOUT_CENTS, settings.AFFILIATE_CREDIT = 14, 2500, "first"
    text = text_of(alice.user, "help/")
    assert "pending for 14 days" in text
    assert "add up to $25.00" in text
    assert "the affiliate of the first click within 30 days gets the sale" in text


def test_help_tells_constants_of_the_code(alice: Affiliate) -> None:
    text = text_of(alice.user, "help/")
    assert "within 30 days of a click" in text
    assert "again within 30 minutes is counted once" in text
    assert "takes effect after 72 hours" in text
    assert "within 10 business days" in text


def test_help_shows_own_rate(alice: Affiliate, product: Product) -> None:
    set_rate(affiliate=alice, percent=Decimal("42.5"), actor=None)
    assert f"{product.name} 42.5%, agreed with you, since March 2, 2026" in text_of(alice.user, "help/")


def test_suspended_affiliate_can_read_help(alice: Affiliate) -> None:
    Affiliate.objects.update(state="suspended")
    assert "How the program works" in text_of(alice.user, "help/")
