"""Every kind of call the gateway makes, and the stand-in's answer, held against PayPal's published OpenAPI files.

The other tests' traffic is checked on the way, too (`tests/shop/paypal/contract.py`); these make sure that each kind of
call is there, and that the check bites. Not in those files, and so not checked: the token call, and disputes. Of
verify-webhook-signature only the answer is checked, because they mark the event in the request as read-only.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from openapi_core.exceptions import OpenAPIError

from shop.money import Money
from shop.paypal.certificates import CertificateUnavailable
from shop.paypal.errors import DuplicateBatch, Expired, Invalid, PayerActionRequired, WebhookRejected
from shop.paypal.gateway import Gateway
from tests.shop.paypal.contract import ContractAdapter, folder
from tests.shop.paypal.test_standin import captured, create
from tests.shop.paypal.test_standin_payouts import finished, send
from tests.standin_process import Standin

pytestmark = [pytest.mark.slow, pytest.mark.one_database]  # starts the stand-in


@pytest.fixture
def contract(standin_gateway: Gateway) -> Iterator[ContractAdapter]:
    if not folder().is_dir():
        pytest.skip(
            "PayPal's OpenAPI files are not there: name their folder in PAYPAL_OPENAPI_DIR to check against them."
        )
    adapter = standin_gateway.client.session.adapters[standin_gateway.config.base_url]
    assert isinstance(adapter, ContractAdapter)
    yield adapter


@pytest.fixture
def paypal(standin_gateway: Gateway) -> Gateway:
    return standin_gateway


def kinds(contract: ContractAdapter) -> list[tuple[str, str, int]]:
    """What was checked, with the ids taken out."""
    return [(method, re.sub(r"/[A-Z0-9-]{8,}", "/ID", path), status) for method, path, status in contract.checked]


def test_a_purchase_and_its_refund_keep_to_the_files(
    contract: ContractAdapter, paypal: Gateway, standin: Standin
) -> None:
    capture = captured(paypal, standin).captures[0]
    paypal.get_order(capture.order_id or "")
    paypal.get_capture(capture.id)
    part = paypal.refund_capture(
        capture_id=capture.id, request_id=f"ref-1-{capture.id}", amount=Money.of("10", "USD"), note="Sorry"
    )
    paypal.get_refund(part.id)
    paypal.refund_capture(capture_id=capture.id, request_id=f"ref-2-{capture.id}")
    assert kinds(contract) == [
        ("POST", "/v2/checkout/orders", 201),
        ("POST", "/v2/checkout/orders/ID/capture", 201),
        ("GET", "/v2/checkout/orders/ID", 200),
        ("GET", "/v2/payments/captures/ID", 200),
        ("POST", "/v2/payments/captures/ID/refund", 201),
        ("GET", "/v2/payments/refunds/ID", 200),
        ("POST", "/v2/payments/captures/ID/refund", 201),
    ]


def test_refusals_keep_to_the_files(contract: ContractAdapter, paypal: Gateway, standin: Standin) -> None:
    order = create(paypal)
    with pytest.raises(PayerActionRequired):
        paypal.capture_order(order_id=order.id, request_id="cap-1")
    with pytest.raises(Expired):
        paypal.get_order("5O190127TN364715T")
    capture = captured(paypal, standin).captures[0]
    with pytest.raises(Invalid):
        paypal.refund_capture(capture_id=capture.id, request_id="ref-1", amount=Money.of("1000", "USD"))
    assert [status for _, _, status in contract.checked] == [201, 422, 404, 201, 201, 422]


def test_a_replay_keeps_to_the_files(contract: ContractAdapter, paypal: Gateway, standin: Standin) -> None:
    order = create(paypal)
    standin.decide(order.approve_url)
    for _ in range(2):
        paypal.capture_order(order_id=order.id, request_id=f"cap-{order.id}")
    assert [status for _, _, status in contract.checked] == [201, 201, 200]


def test_payouts_keep_to_the_files(contract: ContractAdapter, paypal: Gateway) -> None:
    batch = f"aff-{uuid.uuid4()}"
    sent = send(paypal, "unclaimed@example.com", batch=batch)
    with pytest.raises(DuplicateBatch):
        send(paypal, "unclaimed@example.com", batch=batch)
    item = finished(paypal, sent.batch_id).items[0]
    paypal.get_payout_item(item.id)
    paypal.cancel_payout_item(item.id)
    assert set(kinds(contract)) == {
        ("POST", "/v1/payments/payouts", 201),
        ("POST", "/v1/payments/payouts", 400),
        ("GET", "/v1/payments/payouts/ID", 200),
        ("GET", "/v1/payments/payouts-item/ID", 200),
        ("POST", "/v1/payments/payouts-item/ID/cancel", 200),
    }


def test_the_check_of_a_signature_keeps_to_the_file(
    contract: ContractAdapter, paypal: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(url: str) -> None:
        raise CertificateUnavailable

    monkeypatch.setattr(paypal._webhooks._certificates, "public_key", unavailable)
    headers = {
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        "PAYPAL-CERT-URL": f"{paypal.config.base_url}/v1/notifications/certs/CERT-1",
        "PAYPAL-TRANSMISSION-ID": "b2384410-f8d2-11ef-9b0b-1f4d2f3a1c11",
        "PAYPAL-TRANSMISSION-SIG": "AAAA",
        "PAYPAL-TRANSMISSION-TIME": "2026-03-02T12:00:00Z",
    }
    with pytest.raises(WebhookRejected):
        paypal.verify_webhook(headers, b'{"id": "WH-1", "event_type": "X", "resource": {}}')
    assert kinds(contract) == [("POST", "/v1/notifications/verify-webhook-signature", 200)]


def test_an_answer_that_departs_from_the_files_is_noticed(
    contract: ContractAdapter, paypal: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = create(paypal)
    send = requests.adapters.HTTPAdapter.send

    def falsified(self: requests.adapters.HTTPAdapter, *given: Any, **options: Any) -> requests.Response:
        answer = send(self, *given, **options)
        answer._content = answer.content.replace(b"PAYER_ACTION_REQUIRED", b"INVENTED")
        return answer

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", falsified)
    with pytest.raises(OpenAPIError):
        paypal.get_order(order.id)


def test_a_dispute_has_no_file_and_is_read_from_documented_fields(paypal: Gateway, standin: Standin) -> None:
    capture = captured(paypal, standin).captures[0]
    standin.act(capture.id, "dispute")
    page = requests.get(standin.url, timeout=10).text
    dispute = paypal.get_dispute(re.findall(r"PP-D-\d+", page)[0])
    assert (dispute.capture_ids, dispute.amount, dispute.outcome) == ((capture.id,), capture.amount, None)
    if folder().is_dir():
        assert not [name for name in folder().iterdir() if "dispute" in name.name]  # when there is one: check with it
