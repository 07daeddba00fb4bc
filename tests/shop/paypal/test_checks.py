from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import pytest
from django.core.checks import run_checks

from shop.paypal import checks  # noqa: F401  # importing it registers the checks

if TYPE_CHECKING:
    from pytest_django import Settings

BASE_URLS = {"sandbox": "https://api-m.sandbox.paypal.com", "live": "https://api-m.paypal.com"}


@pytest.fixture(params=["sandbox", "live"])
def configured(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    settings.PAYPAL_MODE = request.param
    settings.PAYPAL_BASE_URL = BASE_URLS[request.param]
    settings.PAYPAL_CLIENT_ID = settings.PAYPAL_CLIENT_SECRET = settings.PAYPAL_WEBHOOK_ID = "confidential"
    settings.PAYPAL_TRUST_ROOTS = Path(certifi.where())
    return settings


def found() -> list[str | None]:
    return [message.id for message in run_checks(tags=["paypal"])]


def test_a_complete_configuration_has_no_complaints(configured: Settings) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("name", "identifier"),
    [("PAYPAL_CLIENT_ID", "shop.E001"), ("PAYPAL_CLIENT_SECRET", "shop.E002"), ("PAYPAL_WEBHOOK_ID", "shop.E003")],
)
def test_a_missing_credential_is_named(configured: Settings, name: str, identifier: str) -> None:
    setattr(configured, name, "")
    (message,) = run_checks(tags=["paypal"])
    assert message.id == identifier
    assert name in message.msg
    assert message.hint
    assert "confidential" not in str(message)


def test_the_standin_needs_no_credentials(configured: Settings) -> None:
    configured.PAYPAL_MODE = "standin"
    configured.PAYPAL_CLIENT_ID = configured.PAYPAL_CLIENT_SECRET = configured.PAYPAL_WEBHOOK_ID = ""
    configured.PAYPAL_TRUST_ROOTS = Path("missing.pem")
    assert found() == []


def test_an_unknown_mode_is_reported(configured: Settings) -> None:
    configured.PAYPAL_MODE = "production"
    assert "shop.E004" in found()


@pytest.mark.parametrize("base_url", ["http://api-m.paypal.com", "https://example.com", "http://127.0.0.1:8001"])
def test_a_base_address_of_another_mode_is_reported(configured: Settings, base_url: str) -> None:
    configured.PAYPAL_BASE_URL = base_url
    assert found() == ["shop.E005"]


@pytest.mark.parametrize("path", ["", "missing.pem"])
def test_missing_trust_roots_are_reported(configured: Settings, path: str) -> None:
    configured.PAYPAL_TRUST_ROOTS = path
    assert found() == ["shop.E006"]
