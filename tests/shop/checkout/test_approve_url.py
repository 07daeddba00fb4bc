"""Buyers are only ever redirected to PayPal's own pages, whatever the database or an API response says."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from shop.models import Payment
from tests.shop.purchases import place
from tests.standin_process import Standin

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("product")]


@pytest.mark.parametrize("end", [".evil.example/checkoutnow", "@evil.example/", ""])
def test_tampered_approve_url_is_not_followed(client: Client, paypal: Standin, end: str) -> None:
    order = place(client)
    Payment.objects.update(approve_url=paypal.url + end)
    response = client.post(f"{order.get_absolute_url()}pay/")
    assert response.status_code == 503
    assert "Location" not in response.headers
    assert "approve URL" in Payment.objects.get().problem


def test_approve_url_outside_paypal_is_not_followed(client: Client, paypal: Standin, settings: Settings) -> None:
    settings.PAYPAL_APPROVE_ORIGIN = "https://www.paypal.com"  # the stand-in's answer names its own page
    order = place(client)
    response = client.post(f"{order.get_absolute_url()}pay/")
    assert response.status_code == 503
    settings.PAYPAL_APPROVE_ORIGIN = paypal.url
    assert client.post(f"{order.get_absolute_url()}pay/").headers["Location"].startswith(f"{paypal.url}/")
