"""Error mapping: each PayPal error becomes one of ours, without personal data."""

from __future__ import annotations

import pytest

from shop.paypal.errors import AlreadyCaptured, Conflict, Declined, Expired, Invalid, PayerActionRequired, PayPalError
from shop.paypal.gateway import Gateway
from tests.shop.paypal.loopback import Answer, Loopback
from tests.shop.paypal.samples import refuse


@pytest.mark.parametrize(
    ("status", "issue", "error"),
    [
        (422, "ORDER_ALREADY_CAPTURED", AlreadyCaptured),
        (422, "ORDER_EXPIRED", Expired),
        (422, "DUPLICATE_INVOICE_ID", Conflict),
        (422, "ORDER_NOT_APPROVED", PayerActionRequired),
        (422, "PAYER_ACTION_REQUIRED", PayerActionRequired),
        (422, "INSTRUMENT_DECLINED", PayerActionRequired),
        (422, "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING", PayerActionRequired),
        (422, "TRANSACTION_REFUSED", Declined),
        (422, "PAYER_CANNOT_PAY", Declined),
        (422, "COMPLIANCE_VIOLATION", Declined),
        (422, "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED", Declined),
        (422, "PAYMENT_DENIED", Declined),
        (422, "CAPTURE_FULLY_REFUNDED", Invalid),
        (422, "SOMETHING_NEW", Invalid),
        (400, "DECIMAL_PRECISION", Invalid),
        (403, "PERMISSION_DENIED", Invalid),
        (404, "INVALID_RESOURCE_ID", Expired),
        (409, "PREVIOUS_REQUEST_IN_PROGRESS", Conflict),
    ],
)
def test_a_refusal_is_named_by_what_to_do_about_it(
    paypal: Gateway, loopback: Loopback, status: int, issue: str, error: type[PayPalError]
) -> None:
    loopback.will(refuse(status, issue))
    with pytest.raises(PayPalError) as caught:
        paypal.capture_order(order_id="5O1", request_id="cap-1")
    assert type(caught.value) is error
    assert caught.value.issues == (issue,)
    assert caught.value.debug_id == "d4b1"
    assert "example.com" not in str(caught.value)
    assert "d4b1" in str(caught.value)


def test_a_payer_is_sent_back_where_paypal_says(paypal: Gateway, loopback: Loopback) -> None:
    link = {"rel": "redirect", "href": "https://www.paypal.com/checkoutnow?token=5O1"}
    loopback.will(refuse(422, "INSTRUMENT_DECLINED", links=[link]))
    with pytest.raises(PayerActionRequired) as caught:
        paypal.capture_order(order_id="5O1", request_id="cap-1")
    assert caught.value.approve_url == "https://www.paypal.com/checkoutnow?token=5O1"


@pytest.mark.parametrize("body", [{"details": "x"}, {"details": [1, {"issue": 2}]}, [], None, b"<html>"])
def test_a_refusal_in_an_odd_shape_is_still_a_refusal(paypal: Gateway, loopback: Loopback, body: object) -> None:
    loopback.will(Answer(422, body))
    with pytest.raises(Invalid) as caught:
        paypal.capture_order(order_id="5O1", request_id="cap-1")
    assert caught.value.issues == ()
