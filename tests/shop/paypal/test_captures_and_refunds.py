"""Captures and refunds, read and made."""

from __future__ import annotations

import pytest

from shop.money import Money
from shop.paypal.errors import Invalid, Transient
from shop.paypal.gateway import Gateway
from shop.paypal.types import CaptureStatus, RefundStatus
from tests.shop.paypal.loopback import Answer, Loopback
from tests.shop.paypal.samples import CAPTURE, PRICE, REFUND, refuse, sent


def test_an_unfamiliar_status_is_not_an_error(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(200, {**CAPTURE, "status": "HALF_MELTED"}))
    assert paypal.get_capture("3C6").status is CaptureStatus.UNKNOWN


@pytest.mark.parametrize(
    ("status", "refunded"),
    [("COMPLETED", Money(0, "USD")), ("REFUNDED", PRICE), ("PARTIALLY_REFUNDED", None), ("PENDING", Money(0, "USD"))],
)
def test_a_capture_tells_what_was_given_back(
    paypal: Gateway, loopback: Loopback, status: str, refunded: Money | None
) -> None:
    loopback.will(Answer(200, {**CAPTURE, "status": status}))
    assert paypal.get_capture("3C6").refunded == refunded


def test_a_capture_names_its_order_and_why_it_waits(paypal: Gateway, loopback: Loopback) -> None:
    details = {"status": "PENDING", "status_details": {"reason": "ECHECK"}}
    related = {"supplementary_data": {"related_ids": {"order_id": "5O1"}}}
    link = {"links": [{"rel": "up", "href": f"{loopback.url}/v2/checkout/orders/5O2"}]}
    loopback.will(Answer(200, CAPTURE | details | related), Answer(200, CAPTURE | link))
    capture = paypal.get_capture("3C6")
    assert (capture.order_id, capture.status_reason) == ("5O1", "ECHECK")
    assert paypal.get_capture("3C6").order_id == "5O2"


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("1.0", "USD", 100),
        ("1.00", "USD", 100),
        ("1", "USD", 100),
        ("1", "JPY", 1),
        ("1.00", "JPY", 1),
        ("21990.0", "HUF", 21990),
        ("500.00", "MYR", 500),
    ],
)
def test_however_it_is_spelt_an_amount_is_the_same(
    paypal: Gateway, loopback: Loopback, value: str, currency: str, minor: int
) -> None:
    loopback.will(Answer(200, {**CAPTURE, "amount": {"currency_code": currency, "value": value}}))
    assert paypal.get_capture("3C6").amount == Money(minor, currency)


@pytest.mark.parametrize("value", ["59.955", "abc", None, 59.95])
def test_an_amount_is_never_rounded_on_the_way_in(paypal: Gateway, loopback: Loopback, value: object) -> None:
    loopback.will(Answer(200, {**CAPTURE, "amount": {"currency_code": "USD", "value": value}}))
    with pytest.raises(Transient, match="unreadable"):
        paypal.get_capture("3C6")


def test_a_partial_refund_sends_its_amount(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(201, REFUND))
    refund = paypal.refund_capture(capture_id="3C6", request_id="ref-1", amount=Money.of("10", "USD"), note="x" * 300)
    assert (refund.id, refund.status, refund.capture_id) == ("1R7", RefundStatus.COMPLETED, "3C6")
    assert refund.amount == Money.of("10.00", "USD")
    assert sent(loopback)["amount"] == {"currency_code": "USD", "value": "10.00"}
    assert len(sent(loopback)["note_to_payer"].encode()) == 255


def test_a_full_refund_sends_an_empty_object(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(201, REFUND))
    paypal.refund_capture(capture_id="3C6", request_id="ref-1")
    assert loopback.seen[0].body == b"{}"
    assert loopback.seen[0].headers["PayPal-Request-Id"] == "ref-1"


def test_a_refund_of_nothing_is_not_a_full_refund(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(refuse(422, "CANNOT_BE_ZERO_OR_NEGATIVE"))
    with pytest.raises(Invalid):
        paypal.refund_capture(capture_id="3C6", request_id="ref-1", amount=Money(0, "USD"))
    assert sent(loopback)["amount"]["value"] == "0.00"


def test_a_refund_is_its_own_amount_and_names_its_capture(paypal: Gateway, loopback: Loopback) -> None:
    up = {"rel": "up", "href": f"{loopback.url}/v2/payments/captures/3C6"}
    total = {"total_refunded_amount": {"currency_code": "USD", "value": "30.00"}}
    loopback.will(Answer(200, {**REFUND, "links": [up], "seller_payable_breakdown": total}))
    refund = paypal.get_refund("1R7")
    assert (refund.amount, refund.capture_id) == (Money.of("10", "USD"), "3C6")
