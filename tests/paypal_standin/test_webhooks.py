"""Webhooks: signed, retried, and now and then badly behaved on purpose."""

import base64
import json
import zlib

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.verification import PolicyBuilder, Store

from .api import Api
from .receiver import Hook, Receiver, eventually
from .standin_program import Standin

APPROVED = "CHECKOUT.ORDER.APPROVED"
LEAF = "messageverificationcerts.sandbox.paypal.com"


def approved_hook(api: Api, receiver: Receiver) -> Hook:
    order = api.create()
    api.choose(order["id"])
    return receiver.wait_for(order["id"], APPROVED)[0]


def verified_leaf(standin: Standin, hook: Hook) -> x509.Certificate:
    """The signing certificate, after the chain up to `ca.pem` and its name were checked."""
    root = x509.load_pem_x509_certificate((standin.data_dir / "ca.pem").read_bytes())
    served = requests.get(hook.headers["PAYPAL-CERT-URL"], timeout=10).content
    leaf, *between = x509.load_pem_x509_certificates(served)
    PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(LEAF)).verify(leaf, between)
    return leaf


def check_signature(leaf: x509.Certificate, hook: Hook) -> None:
    sent, key = hook.headers, leaf.public_key()
    parts = (sent["PAYPAL-TRANSMISSION-ID"], sent["PAYPAL-TRANSMISSION-TIME"], "standin-webhook")
    message = "|".join((*parts, str(zlib.crc32(hook.raw)))).encode()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(base64.b64decode(sent["PAYPAL-TRANSMISSION-SIG"]), message, padding.PKCS1v15(), hashes.SHA256())


def ask_paypal(api: Api, hook: Hook, raw: bytes, **changed: str) -> str:
    """What verify-webhook-signature says, with the event spliced in as it is."""
    sent = hook.headers
    fields = {name: sent[f"PAYPAL-{name.upper().replace('_', '-')}"] for name in ("auth_algo", "cert_url")}
    fields |= {f"transmission_{name}": sent[f"PAYPAL-TRANSMISSION-{name.upper()}"] for name in ("id", "sig", "time")}
    start = json.dumps(fields | {"webhook_id": "standin-webhook"} | changed)[:-1].encode()
    body = start + b', "webhook_event" : ' + raw + b"}"
    headers = {"Content-Type": "application/json"}
    answer = api.call("POST", "/v1/notifications/verify-webhook-signature", data=body, headers=headers)
    return str(answer.json()["verification_status"])


def test_the_signature_holds_over_the_raw_bytes(api: Api, standin: Standin, receiver: Receiver) -> None:
    hook = approved_hook(api, receiver)
    assert hook.headers["PAYPAL-AUTH-ALGO"] == "SHA256withRSA"
    check_signature(verified_leaf(standin, hook), hook)


def test_the_body_holds_what_re_encoding_breaks(api: Api, receiver: Receiver) -> None:
    raw = approved_hook(api, receiver).raw
    assert b"{}" in raw
    assert b":1.0" in raw
    assert json.dumps(json.loads(raw)).encode() != raw


def test_paypals_own_check_accepts_the_raw_bytes(api: Api, receiver: Receiver) -> None:
    hook = approved_hook(api, receiver)
    assert ask_paypal(api, hook, hook.raw) == "SUCCESS"


def test_paypals_own_check_refuses_a_re_encoded_body(api: Api, receiver: Receiver) -> None:
    hook = approved_hook(api, receiver)
    assert ask_paypal(api, hook, json.dumps(hook.event).encode()) == "FAILURE"


@pytest.mark.parametrize(
    "changed",
    [{"webhook_id": "another"}, {"transmission_id": "another"}, {"transmission_sig": "bm8="}, {"auth_algo": "NONE"}],
)
def test_paypals_own_check_refuses_anything_changed(api: Api, receiver: Receiver, changed: dict[str, str]) -> None:
    hook = approved_hook(api, receiver)
    assert ask_paypal(api, hook, hook.raw, **changed) == "FAILURE"


def test_a_check_without_its_fields_is_refused(api: Api) -> None:
    answer = api.call("POST", "/v1/notifications/verify-webhook-signature", json={"webhook_event": {}})
    assert answer.status_code == 400


def test_an_unknown_certificate_is_not_found(api: Api) -> None:
    assert api.raw("GET", "/v1/notifications/certs/CERT-other").status_code == 404


def test_the_certificate_can_be_out_of_reach(api: Api, receiver: Receiver) -> None:
    hook = approved_hook(api, receiver)
    api.fault("status_503", "/certs/")
    statuses = [requests.get(hook.headers["PAYPAL-CERT-URL"], timeout=10).status_code for _ in range(2)]
    assert statuses == [503, 200]


def test_an_approval_tells_the_order(api: Api, receiver: Receiver) -> None:
    event = approved_hook(api, receiver).event
    assert (event["resource_type"], event["resource"]["status"]) == ("checkout-order", "APPROVED")


def test_a_captures_event_names_its_order(api: Api, receiver: Receiver) -> None:
    capture = api.paid()
    hook = receiver.wait_for(capture["id"], "PAYMENT.CAPTURE.COMPLETED")[0]
    assert hook.resource["supplementary_data"]["related_ids"]["order_id"] == capture["order_id"]
    assert hook.resource["custom_id"] == capture["custom_id"]


def test_rejected_event_is_sent_again(api: Api, receiver: Receiver) -> None:
    order = api.create()
    receiver.refuse += [order["id"], order["id"]]
    api.choose(order["id"])
    receiver.wait_for(order["id"], APPROVED, 1)
    api.advance_clock(seconds=10)
    receiver.wait_for(order["id"], APPROVED, 2)
    api.advance_clock(seconds=10)
    hooks = receiver.wait_for(order["id"], APPROVED, 3)
    assert len({hook.headers["PAYPAL-TRANSMISSION-ID"] for hook in hooks}) == 1
    assert len({hook.raw for hook in hooks}) == 1


def test_an_event_can_come_twice(api: Api, standin: Standin, receiver: Receiver) -> None:
    order = api.create()
    api.fault("webhook_duplicate", APPROVED)
    api.choose(order["id"])
    first, second = receiver.wait_for(order["id"], APPROVED, 2)
    assert first.event["id"] == second.event["id"]
    assert first.headers["PAYPAL-TRANSMISSION-ID"] != second.headers["PAYPAL-TRANSMISSION-ID"]
    check_signature(verified_leaf(standin, second), second)


def test_events_can_come_in_the_wrong_order(api: Api, receiver: Receiver) -> None:
    order = api.create()
    api.fault("webhook_reorder", APPROVED)
    api.choose(order["id"])
    api.capture(order["id"])
    hooks = eventually(lambda: len(found := receiver.about(order["id"])) == 2 and found)
    assert [hook.type for hook in hooks] == ["PAYMENT.CAPTURE.COMPLETED", APPROVED]


def test_an_event_can_come_late(api: Api, receiver: Receiver) -> None:
    order = api.create()
    api.fault("webhook_delay", APPROVED, seconds=3600)
    api.choose(order["id"])
    api.capture(order["id"])
    receiver.wait_for(order["id"], "PAYMENT.CAPTURE.COMPLETED")
    assert receiver.about(order["id"], APPROVED) == []
    api.advance_clock(hours=1, seconds=1)
    receiver.wait_for(order["id"], APPROVED)


def test_an_event_can_get_lost(api: Api, receiver: Receiver) -> None:
    order = api.create()
    api.fault("webhook_drop", APPROVED)
    api.choose(order["id"])
    api.capture(order["id"])
    receiver.wait_for(order["id"], "PAYMENT.CAPTURE.COMPLETED")
    assert receiver.about(order["id"], APPROVED) == []


def test_a_signature_can_be_wrong(api: Api, receiver: Receiver) -> None:
    api.fault("webhook_bad_signature", APPROVED)
    hook = approved_hook(api, receiver)
    assert ask_paypal(api, hook, hook.raw) == "FAILURE"


def test_an_event_can_come_before_the_browser_returns(api: Api, receiver: Receiver) -> None:
    order = api.create()
    api.fault("webhook_before_return")
    api.choose(order["id"])
    assert len(receiver.about(order["id"], APPROVED)) == 1


def test_an_event_can_be_sent_again_from_the_overview(api: Api, receiver: Receiver) -> None:
    hook = approved_hook(api, receiver)
    listed = api.raw("GET", "/standin/webhooks").json()["webhooks"]
    number = next(entry["id"] for entry in listed if entry["event_id"] == hook.event["id"])
    assert api.raw("POST", f"/standin/webhooks/{number}/resend").status_code == 303
    receiver.wait_for(hook.event["id"], APPROVED, 2)


def test_only_what_was_subscribed_to_is_sent(api: Api, receiver: Receiver) -> None:
    events = ["PAYMENT.CAPTURE.COMPLETED"]
    api.raw("POST", "/standin/webhook-url", json={"url": receiver.url, "event_types": events})
    order_id = api.paid()["order_id"]
    receiver.wait_for(order_id, "PAYMENT.CAPTURE.COMPLETED")
    api.raw("POST", "/standin/webhook-url", json={"url": receiver.url})
    assert receiver.about(order_id, "CHECKOUT.ORDER.APPROVED") == []


def test_the_subscription_can_be_read(api: Api, receiver: Receiver) -> None:
    answer = api.call("GET", "/v1/notifications/webhooks/standin-webhook").json()
    assert (answer["url"], [event["name"] for event in answer["event_types"]]) == (receiver.url, ["*"])
    assert api.call("GET", "/v1/notifications/webhooks/another").status_code == 404


@pytest.mark.parametrize("events", ["*", [1], None])
def test_a_subscription_that_makes_no_sense_is_refused(api: Api, receiver: Receiver, events: object) -> None:
    body = {"url": receiver.url, "event_types": events}
    assert api.raw("POST", "/standin/webhook-url", json=body).status_code == 400
