"""Starting, stopping, restarting, and where it refuses to start."""

import signal
import sqlite3

import pytest

from .api import Api, capture_of, unique
from .receiver import Receiver, eventually
from .standin_program import Standin, run


@pytest.mark.parametrize("mode", ["live", "sandbox", " LIVE "])
def test_standin_refuses_to_start_for_the_real_paypal(mode: str) -> None:
    result = run("-m", "paypal_standin", "--port", "1", PAYPAL_MODE=mode)
    assert result.returncode == 1
    assert result.stderr.startswith("paypal_standin only pretends to be PayPal")
    assert result.stderr.count("\n") == 1


def test_standin_cannot_be_imported_for_the_real_paypal() -> None:
    result = run("-c", "import paypal_standin.money", PAYPAL_MODE="live")
    assert result.returncode == 1
    assert "ImportError: paypal_standin only pretends" in result.stderr


def test_standin_cannot_be_an_installed_app() -> None:
    code = """
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["paypal_standin"])
django.setup()
"""
    result = run("-c", code)
    assert result.returncode == 1
    assert "ImproperlyConfigured: paypal_standin is a program of its own" in result.stderr


def test_a_webhook_address_must_be_one() -> None:
    result = run("-m", "paypal_standin", "--webhook-url", "nowhere")
    assert result.returncode == 2
    assert "must be an http address" in result.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_standin_stops_cleanly(own_standin: Standin, how: signal.Signals) -> None:
    own_standin.start()
    assert own_standin.stop(how) == 0
    assert "Traceback" not in own_standin.log.read_text()


def test_a_restart_forgets_nothing(own_standin: Standin) -> None:
    api, key = Api(own_standin.start()), unique("cap")
    order = api.create()
    api.choose(order["id"])
    first = api.capture(order["id"], key)
    api.fault("status_500", "/refund")
    root = (own_standin.data_dir / "ca.pem").read_bytes()
    own_standin.stop()
    own_standin.start()
    again = api.capture(order["id"], key)
    assert (again.status_code, again.content) == (200, first.content)
    assert api.order(order["id"]).json()["status"] == "COMPLETED"
    assert api.raw("POST", f"/v2/payments/captures/{capture_of(first)['id']}/refund", json={}).status_code == 500
    assert (own_standin.data_dir / "ca.pem").read_bytes() == root
    api.session.close()


def test_a_webhook_survives_a_restart(own_standin: Standin, receiver: Receiver) -> None:
    own_standin.webhook_url = receiver.url
    api = Api(own_standin.start())
    order = api.create()
    receiver.refuse += [order["id"]] * 2
    api.choose(order["id"])
    receiver.wait_for(order["id"], "CHECKOUT.ORDER.APPROVED")
    own_standin.stop(signal.SIGKILL)
    own_standin.start()
    api.advance_clock(seconds=120)
    receiver.wait_for(order["id"], "CHECKOUT.ORDER.APPROVED", 3)
    api.tidy()


def test_two_may_share_the_data(own_standin: Standin, receiver: Receiver) -> None:
    own_standin.webhook_url = receiver.url
    other = Standin(own_standin.data_dir, receiver.url)
    try:
        api, twin = Api(own_standin.start()), Api(other.start())
        order = api.create()
        twin.choose(order["id"])
        assert api.capture(order["id"]).status_code == 201
        assert twin.order(order["id"]).json()["status"] == "COMPLETED"
        eventually(lambda: all(entry["done"] for entry in api.raw("GET", "/standin/webhooks").json()["webhooks"]))
        assert len(receiver.about(order["id"], "CHECKOUT.ORDER.APPROVED")) == 1
        api.session.close()
        twin.session.close()
    finally:
        other.stop()


def test_credentials_come_from_the_environment(own_standin: Standin) -> None:
    own_standin.start(PAYPAL_CLIENT_ID="another", PAYPAL_CLIENT_SECRET="", PAYPAL_MODE="standin")
    with pytest.raises(KeyError, match="access_token"):
        Api(own_standin)


def test_standin_database_uses_wal_mode(standin: Standin) -> None:
    connection = sqlite3.connect(standin.data_dir / "standin.sqlite3")
    try:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        connection.close()


def test_the_signing_key_is_readable_by_its_owner_only(standin: Standin) -> None:
    key = standin.data_dir / "certificates" / "key.pem"
    assert key.stat().st_mode & 0o077 == 0


def test_bodies_are_never_logged(api: Api, standin: Standin) -> None:
    order = api.create(description="a-very-private-description")
    api.choose(order["id"], email="private.person@example.org")
    api.capture(order["id"])
    text = standin.log.read_text()
    assert "PayPal stand-in: http://127.0.0.1:" in text
    assert "private" not in text
