"""The gateway against the stand-in over HTTP: purchases, refunds and faults."""

from __future__ import annotations

import time
import uuid
from threading import Thread

import pytest

from shop.money import Money
from shop.paypal.errors import (
    AlreadyCaptured,
    Conflict,
    Declined,
    Expired,
    Invalid,
    PayerActionRequired,
    Transient,
    WebhookRejected,
)
from shop.paypal.gateway import Gateway
from shop.paypal.types import CaptureStatus, CreatedOrder, OrderItem, OrderState, OrderStatus, RefundStatus
from tests.shop.paypal.loopback import Answer, Loopback, Seen
from tests.standin_process import Standin

pytestmark = [pytest.mark.slow, pytest.mark.one_database]  # starts the stand-in

PRICE = Money.of("59.95", "USD")
RETURN = "https://shop.example.com/checkout/return/"


@pytest.fixture
def paypal(standin_gateway: Gateway) -> Gateway:
    return standin_gateway


def create(paypal: Gateway, *, key: str = "", invoice: str = "") -> CreatedOrder:
    key = key or uuid.uuid4().hex
    return paypal.create_order(
        request_id=f"ord-{key}",
        reference_id=f"pay-{key}",
        invoice_id=invoice or f"I-{key}",
        description="BPS Pro",
        total=PRICE,
        items=[OrderItem("BPS Pro", PRICE, sku="bps-pro")],
        return_url=RETURN,
        cancel_url="https://shop.example.com/checkout/bps-pro/",
    )


def captured(paypal: Gateway, standin: Standin, **fields: str) -> OrderState:
    order = create(paypal)
    standin.decide(order.approve_url, **fields)
    return paypal.capture_order(order_id=order.id, request_id=f"cap-{order.id}")


def test_a_purchase(paypal: Gateway, standin: Standin) -> None:
    order = create(paypal)
    assert paypal.get_order(order.id).status is OrderStatus.PAYER_ACTION_REQUIRED
    back = standin.decide(order.approve_url)
    assert back.startswith(f"{RETURN}?token={order.id}&PayerID=")
    assert paypal.get_order(order.id).status is OrderStatus.APPROVED
    paid = paypal.capture_order(order_id=order.id, request_id=f"cap-{order.id}")
    assert (paid.status, paid.total) == (OrderStatus.COMPLETED, PRICE)
    assert paid.payer_email == "payer@standin.example"
    assert paid.payer_id
    (capture,) = paid.captures
    assert (capture.status, capture.amount, capture.order_id) == (CaptureStatus.COMPLETED, PRICE, order.id)
    assert capture.custom_id == paid.custom_id == paid.reference_id
    assert paypal.get_capture(capture.id) == capture


def test_the_same_key_makes_the_same_order(paypal: Gateway) -> None:
    key = uuid.uuid4().hex
    assert create(paypal, key=key) == create(paypal, key=key)
    assert create(paypal) != create(paypal)


def test_the_same_key_takes_the_money_once(paypal: Gateway, standin: Standin) -> None:
    order = create(paypal)
    standin.decide(order.approve_url)
    first, again = (paypal.capture_order(order_id=order.id, request_id=f"cap-{order.id}") for _ in range(2))
    assert first == again
    with pytest.raises(AlreadyCaptured):
        paypal.capture_order(order_id=order.id, request_id="cap-another")
    assert paypal.get_order(order.id).captures == first.captures


def test_an_order_nobody_approved_cannot_be_captured(paypal: Gateway) -> None:
    order = create(paypal)
    with pytest.raises(PayerActionRequired) as caught:
        paypal.capture_order(order_id=order.id, request_id=f"cap-{order.id}")
    assert caught.value.issues == ("ORDER_NOT_APPROVED",)
    assert caught.value.debug_id


def test_a_declined_card_sends_the_payer_back(paypal: Gateway, standin: Standin) -> None:
    order = create(paypal)
    standin.decide(order.approve_url, "decline")
    with pytest.raises(PayerActionRequired) as caught:
        paypal.capture_order(order_id=order.id, request_id=f"cap-{order.id}")
    assert caught.value.issues == ("INSTRUMENT_DECLINED",)
    assert caught.value.approve_url == order.approve_url


def test_an_order_expires(paypal: Gateway, standin: Standin) -> None:
    order = create(paypal)
    standin.advance(4 * 60 * 60)
    with pytest.raises(Expired):
        paypal.get_order(order.id)


def test_a_paid_invoice_is_not_paid_twice(paypal: Gateway, standin: Standin) -> None:
    invoice = f"I-{uuid.uuid4()}"
    orders = [create(paypal, invoice=invoice) for _ in range(2)]
    for order in orders:
        standin.decide(order.approve_url)
    paypal.capture_order(order_id=orders[0].id, request_id="cap-1")
    with pytest.raises(Conflict) as caught:
        paypal.capture_order(order_id=orders[1].id, request_id="cap-2")
    assert caught.value.issues == ("DUPLICATE_INVOICE_ID",)


def test_an_issue_that_ends_the_attempt_is_a_decline(paypal: Gateway, standin: Standin) -> None:
    order = create(paypal)
    standin.decide(order.approve_url)
    standin.fault("issue", path_contains="/capture", issue="TRANSACTION_REFUSED")
    with pytest.raises(Declined):
        paypal.capture_order(order_id=order.id, request_id=f"cap-{order.id}")


@pytest.mark.parametrize("fault", ["status_503", "drop_before_commit", "drop_after_commit"])
def test_a_passing_fault_is_overcome_and_the_money_is_taken_once(paypal: Gateway, standin: Standin, fault: str) -> None:
    order = create(paypal)
    standin.decide(order.approve_url)
    standin.fault(fault, path_contains="/capture")
    paid = paypal.capture_order(order_id=order.id, request_id=f"cap-{order.id}")
    assert len(paid.captures) == len(paypal.get_order(order.id).captures) == 1


def test_a_lost_answer_is_looked_up(paypal: Gateway, standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    order = create(paypal)
    standin.decide(order.approve_url)
    standin.fault("timeout_after_commit", path_contains="/capture", seconds=1)
    monkeypatch.setattr("shop.paypal.client.TIMEOUT", (5, 0.3))
    with pytest.raises(Transient):
        paypal.capture_order(order_id=order.id, request_id=f"cap-{order.id}")
    monkeypatch.undo()
    assert paypal.get_order(order.id).captures[0].status is CaptureStatus.COMPLETED


def test_a_simultaneous_duplicate_is_a_conflict(paypal: Gateway, standin: Standin) -> None:
    order = create(paypal)
    standin.decide(order.approve_url)
    standin.fault("slow", path_contains="/capture", seconds=1)
    call = {"order_id": order.id, "request_id": f"cap-{order.id}"}
    first = Thread(target=paypal.capture_order, kwargs=call)
    first.start()
    time.sleep(0.4)
    with pytest.raises(Conflict):
        paypal.capture_order(**call)
    first.join()
    assert len(paypal.get_order(order.id).captures) == 1


def test_a_stale_token_is_replaced(paypal: Gateway, standin: Standin) -> None:
    order = create(paypal)
    standin.fault("status_401", path_contains="/v2/checkout/orders/")
    assert paypal.get_order(order.id).id == order.id


def test_a_refund_in_parts(paypal: Gateway, standin: Standin) -> None:
    capture = captured(paypal, standin).captures[0]
    first = paypal.refund_capture(
        capture_id=capture.id, request_id=f"ref-1-{capture.id}", amount=Money.of("10", "USD"), note="Sorry"
    )
    assert (first.status, first.amount) == (RefundStatus.COMPLETED, Money.of("10", "USD"))
    assert paypal.get_capture(capture.id).status is CaptureStatus.PARTIALLY_REFUNDED
    rest = paypal.refund_capture(capture_id=capture.id, request_id=f"ref-2-{capture.id}")
    assert paypal.get_refund(rest.id) == rest
    assert (rest.amount, rest.capture_id) == (Money.of("49.95", "USD"), capture.id)
    assert paypal.get_capture(capture.id).refunded == PRICE
    with pytest.raises(Invalid) as caught:
        paypal.refund_capture(capture_id=capture.id, request_id=f"ref-3-{capture.id}")
    assert caught.value.issues == ("CAPTURE_FULLY_REFUNDED",)


def test_more_than_was_paid_is_not_given_back(paypal: Gateway, standin: Standin) -> None:
    capture = captured(paypal, standin).captures[0]
    with pytest.raises(Invalid) as caught:
        paypal.refund_capture(capture_id=capture.id, request_id=f"ref-{capture.id}", amount=PRICE.times(2))
    assert caught.value.issues == ("REFUND_AMOUNT_EXCEEDED",)


def test_a_pending_capture_is_completed_or_denied_later(paypal: Gateway, standin: Standin) -> None:
    for action, status in (("complete", CaptureStatus.COMPLETED), ("deny", CaptureStatus.DECLINED)):
        capture = captured(paypal, standin, outcome="pending").captures[0]
        assert capture.status is CaptureStatus.PENDING
        standin.act(capture.id, action)
        assert paypal.get_capture(capture.id).status is status


def test_a_completed_order_may_hold_a_declined_capture(paypal: Gateway, standin: Standin) -> None:
    order = captured(paypal, standin, outcome="refused")
    assert order.status is OrderStatus.COMPLETED
    assert order.captures[0].status is CaptureStatus.DECLINED


def test_a_webhook_comes_signed_and_is_verified(paypal: Gateway, standin: Standin, loopback: Loopback) -> None:
    loopback.pages["/paypal/webhook/"] = Answer()
    standin.send_webhooks_to(f"{loopback.url}/paypal/webhook/")
    order = captured(paypal, standin)
    events = [paypal.verify_webhook(dict(seen.headers), seen.body) for seen in received(loopback, 2)]
    assert {event.event_type: event.resource["id"] for event in events} == {
        "CHECKOUT.ORDER.APPROVED": order.id,
        "PAYMENT.CAPTURE.COMPLETED": order.captures[0].id,
    }


def test_a_webhook_with_a_spoiled_signature_is_rejected(paypal: Gateway, standin: Standin, loopback: Loopback) -> None:
    loopback.pages["/paypal/webhook/"] = Answer()
    standin.fault("webhook_bad_signature")
    standin.send_webhooks_to(f"{loopback.url}/paypal/webhook/")
    standin.decide(create(paypal).approve_url)
    (seen,) = received(loopback, 1)
    with pytest.raises(WebhookRejected):
        paypal.verify_webhook(dict(seen.headers), seen.body)


def test_the_standin_verifies_the_raw_bytes_when_its_certificate_is_out_of_reach(
    paypal: Gateway, standin: Standin, loopback: Loopback
) -> None:
    loopback.pages["/paypal/webhook/"] = Answer()
    standin.send_webhooks_to(f"{loopback.url}/paypal/webhook/")
    standin.decide(create(paypal).approve_url)
    (seen,) = received(loopback, 1)
    standin.fault("status_503", path_contains="/v1/notifications/certs/", times=2)
    assert paypal.verify_webhook(dict(seen.headers), seen.body).event_type == "CHECKOUT.ORDER.APPROVED"
    with pytest.raises(WebhookRejected):
        paypal.verify_webhook(dict(seen.headers), seen.body.replace(b"APPROVED", b"approved"))


def received(loopback: Loopback, count: int) -> list[Seen]:
    end = time.monotonic() + 15
    while len(loopback.seen) < count and time.monotonic() < end:
        time.sleep(0.05)
    assert len(loopback.seen) == count
    return loopback.seen
