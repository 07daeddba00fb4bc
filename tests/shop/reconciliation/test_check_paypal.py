"""`manage.py check_paypal` asks PayPal itself, and the operator's guide names the same events as the code."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from pytest_django import Settings

from shop.paypal.gateway import gateway
from shop.paypal.subscription import EVENTS
from tests.standin_process import Standin

WEBHOOK = "/paypal/webhook/"


def check_paypal() -> str:
    out = StringIO()
    call_command("check_paypal", stdout=out)
    return out.getvalue()


def test_the_guide_lists_the_events_that_the_code_expects() -> None:
    guide = (Path(project.BASE_DIR) / "docs" / "paypal.md").read_text()
    listed = re.findall(r"`([A-Z-]+\.[A-Z-]+\.[A-Z-]+)`", guide)
    assert sorted(set(listed)) == sorted(EVENTS)


@pytest.mark.slow
@pytest.mark.parametrize("events", [("*",), EVENTS, (*EVENTS, "BILLING.PLAN.CREATED")])
def test_all_is_well(paypal: Standin, settings: Settings, events: tuple[str, ...]) -> None:
    paypal.send_webhooks_to(settings.SITE_URL + WEBHOOK, events)
    said = check_paypal()
    assert "Credentials: accepted" in said
    assert "Payouts: permitted" in said
    assert f"Events: all {len(EVENTS)} are subscribed to" in said


@pytest.mark.slow
def test_check_paypal_names_missing_events(paypal: Standin, settings: Settings) -> None:
    paypal.send_webhooks_to(settings.SITE_URL + WEBHOOK, EVENTS[2:])
    with pytest.raises(CommandError, match=f"{re.escape(', '.join(EVENTS[:2]))}$"):
        check_paypal()


@pytest.mark.slow
@pytest.mark.parametrize("url", ["https://old.example.com/paypal/webhook/", ""])
def test_check_paypal_names_the_wrong_webhook_url(paypal: Standin, settings: Settings, url: str) -> None:
    paypal.send_webhooks_to(url)
    expected = f"PayPal sends to {url or 'nowhere'}, this site listens at {settings.SITE_URL}{WEBHOOK}"
    with pytest.raises(CommandError, match=re.escape(expected)):
        check_paypal()


@pytest.mark.slow
def test_check_paypal_detects_a_changed_webhook_id(paypal: Standin, settings: Settings) -> None:
    settings.PAYPAL_WEBHOOK_ID = "ANOTHER-ONE"
    with pytest.raises(CommandError, match="no webhook with the id in PAYPAL_WEBHOOK_ID"):
        check_paypal()
    gateway().client.session.close()


@pytest.mark.slow
def test_check_paypal_detects_a_wrong_secret_without_showing_it(paypal: Standin, settings: Settings) -> None:
    settings.PAYPAL_CLIENT_SECRET = "not-the-secret"
    with pytest.raises(CommandError, match="PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET") as caught:
        check_paypal()
    assert "not-the-secret" not in str(caught.value)
    gateway().client.session.close()


def test_check_paypal_names_missing_settings(settings: Settings) -> None:
    settings.PAYPAL_WEBHOOK_ID = ""
    with pytest.raises(CommandError, match="PAYPAL_WEBHOOK_ID"):
        check_paypal()


@pytest.mark.usefixtures("paypal_down")
def test_without_an_answer_it_says_so() -> None:
    with pytest.raises(CommandError, match="PayPal didn't answer"):
        check_paypal()
