"""Every kind of call the gateway makes, and the stand-in's answer, held against PayPal's published OpenAPI files.

Not in those files, and so not checked: the token call. Not checkable with them: verify-webhook-signature, whose event
they mark read-only.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest

from shop.money import Money
from shop.paypal.errors import DuplicateBatch, Expired, Invalid, PayerActionRequired
from shop.paypal.gateway import Gateway
from tests.shop.paypal.contract import ContractAdapter, folder
from tests.shop.paypal.test_standin import captured, create
from tests.shop.paypal.test_standin_payouts import finished, send
from tests.standin_process import Standin

pytestmark = pytest.mark.slow  # starts the stand-in


@pytest.fixture
def contract(standin_gateway: Gateway) -> Iterator[ContractAdapter]:
    if not folder().is_dir():
        pytest.skip(
            "PayPal's OpenAPI files are not there: name their folder in PAYPAL_OPENAPI_DIR to check against them."
        )
    adapter = ContractAdapter()
    adapters = standin_gateway.client.session.adapters
    standin_gateway.client.session.mount(standin_gateway.config.base_url, adapter)
    yield adapter
    del adapters[standin_gateway.config.base_url]  # the gateway is kept for the tests that follow
    adapter.close()


@pytest.fixture
def paypal(standin_gateway: Gateway) -> Gateway:
    return standin_gateway


def kinds(contract: ContractAdapter) -> list[tuple[str, str, int]]:
    """What was checked, with the ids taken out."""
    return [
        (method, re.sub(r"/(?=[A-Z0-9-]*\d)[A-Z0-9-]{8,}", "/ID", path), status)
        for method, path, status in contract.checked
    ]


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
