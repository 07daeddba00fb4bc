"""The overview page and the rest of the control API."""

import re
from typing import Any

import pytest

from .api import Api
from .receiver import Receiver, eventually


def newest_approval(api: Api) -> dict[str, Any]:
    """The last transmission of an approval; payouts of other tests may still be moving on."""
    listed = api.raw("GET", "/standin/webhooks").json()["webhooks"]
    return next(entry for entry in listed if entry["event_type"] == "CHECKOUT.ORDER.APPROVED")


def test_the_overview_lists_orders_and_what_can_be_done(api: Api) -> None:
    done, waiting = api.paid(), api.paid("pending")
    page = api.raw("GET", "/").text
    assert done["order_id"] in page
    assert f'action="/standin/captures/{done["id"]}/dispute"' in page
    assert f'action="/standin/captures/{waiting["id"]}/complete"' in page


def test_the_overview_has_one_heading_and_no_scripts(api: Api) -> None:
    page = api.raw("GET", "/").text
    assert page.count("<h1") == 1
    assert '<main class="wide">' in page
    assert not re.search(r"<script|<img|<link|src=", page)


def test_the_overview_explains_magic_receivers_and_faults(api: Api) -> None:
    page = api.raw("GET", "/").text
    for word in ("unclaimed", "blocked", "timeout_after_commit", "webhook_duplicate"):
        assert f"<code>{word}</code>" in page


def test_fault_can_be_injected_and_cleared(api: Api) -> None:
    api.raw("POST", "/standin/mishap", data={"kind": "status_500", "path_contains": "/capture"})
    waiting = api.raw("GET", "/standin/faults").json()["faults"]
    assert [(fault["kind"], fault["path_contains"]) for fault in waiting] == [("status_500", "/capture")]
    assert "Pending faults" in api.raw("GET", "/").text
    api.raw("POST", "/standin/mishap", data={"kind": "nonsense"})
    assert len(api.raw("GET", "/standin/faults").json()["faults"]) == 1
    api.raw("POST", "/standin/mishap")
    assert api.raw("GET", "/standin/faults").json()["faults"] == []


def test_overview_shows_whether_a_webhook_was_accepted(api: Api, receiver: Receiver) -> None:
    order = api.create()
    receiver.refuse.append(order["id"])
    api.choose(order["id"])
    receiver.wait_for(order["id"], "CHECKOUT.ORDER.APPROVED", count=2)
    eventually(lambda: newest_approval(api)["done"])
    page = api.raw("GET", "/").text
    assert '<span class="badge good">delivered</span>' in page
    assert "2 attempts" in page


def test_webhooks_can_be_pointed_elsewhere_and_turned_off(api: Api, receiver: Receiver) -> None:
    assert api.raw("POST", "/standin/webhook-url", json={"url": ""}).json()["url"] == ""
    try:
        order = api.create()
        api.choose(order["id"])
        newest = newest_approval(api)
        assert newest["answer"] == "no webhook address"
    finally:
        api.raw("POST", "/standin/webhook-url", json={"url": receiver.url})
    api.capture(order["id"])
    eventually(lambda: receiver.about(order["id"], "PAYMENT.CAPTURE.COMPLETED"))
    assert receiver.about(order["id"], "CHECKOUT.ORDER.APPROVED") == []


def test_turning_webhooks_off_ends_what_was_still_to_be_sent(api: Api, receiver: Receiver) -> None:
    order = api.create()
    api.fault("webhook_delay", "CHECKOUT.ORDER.APPROVED", seconds=3600)
    api.choose(order["id"])
    for url in ("", receiver.url):
        api.raw("POST", "/standin/webhook-url", json={"url": url})
    api.advance_clock(hours=1, seconds=1)
    newest = newest_approval(api)
    assert (newest["answer"], newest["done"], newest["attempts"]) == ("webhooks were turned off", True, 0)


@pytest.mark.parametrize("url", ["ftp://example.org", None, 5])
def test_a_bad_webhook_address_is_refused(api: Api, url: object) -> None:
    assert api.raw("POST", "/standin/webhook-url", json={"url": url}).status_code == 400


@pytest.mark.parametrize("seconds", [-1, "soon", None, True])
def test_the_clock_only_goes_ahead(api: Api, seconds: object) -> None:
    assert api.raw("POST", "/standin/clock", json={"seconds": seconds}).status_code == 400


def test_the_root_certificate_can_be_fetched(api: Api) -> None:
    assert api.raw("GET", "/standin/ca.pem").content == (api.standin.data_dir / "ca.pem").read_bytes()


def test_an_unknown_path_gets_the_envelope_or_a_page(api: Api) -> None:
    assert api.raw("GET", "/v2/nothing").json()["name"] == "RESOURCE_NOT_FOUND"
    assert "<h1>Not found</h1>" in api.raw("GET", "/nothing").text


def test_another_host_name_is_refused(api: Api) -> None:
    assert api.raw("GET", "/", headers={"Host": "evil.example"}).status_code == 400
