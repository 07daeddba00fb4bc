"""From the settings to a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shop.paypal.errors import NotConfigured
from shop.paypal.gateway import Gateway, gateway

if TYPE_CHECKING:
    from pytest_django import Settings


def test_missing_settings_are_named_and_no_value_is_shown(paypal: Gateway, settings: Settings) -> None:
    settings.PAYPAL_CLIENT_ID = settings.PAYPAL_WEBHOOK_ID = ""
    with pytest.raises(NotConfigured) as caught:
        gateway()
    assert str(caught.value) == "Missing: PAYPAL_CLIENT_ID, PAYPAL_WEBHOOK_ID"


def test_same_configuration_shares_one_gateway(paypal: Gateway, settings: Settings) -> None:
    assert gateway() is paypal
    settings.PAYPAL_CLIENT_ID = "another"
    assert gateway() is not paypal
    assert "the-secret" not in repr(paypal.config)
