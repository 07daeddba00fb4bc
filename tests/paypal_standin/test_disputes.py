"""Disputes, opened and resolved from the overview page."""

import pytest

from .api import Api, issue_of, usd
from .receiver import Receiver

CREATED, RESOLVED = "CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.RESOLVED"


def test_a_dispute_names_the_capture(api: Api, receiver: Receiver) -> None:
    capture = api.paid()
    api.act(capture["id"], "dispute")
    dispute = receiver.wait_for(capture["id"], CREATED)[0].resource
    assert dispute["disputed_transactions"][0]["seller_transaction_id"] == capture["id"]
    assert (dispute["status"], dispute["dispute_amount"]) == ("OPEN", usd("59.95"))
    assert api.raw("GET", f"/v1/customer/disputes/{dispute['dispute_id']}").json() == dispute


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("RESOLVED_SELLER_FAVOUR", "COMPLETED"),
        ("CANCELED_BY_BUYER", "COMPLETED"),
        ("RESOLVED_BUYER_FAVOUR", "REFUNDED"),
    ],
)
def test_a_dispute_ends_with_its_outcome(api: Api, receiver: Receiver, outcome: str, status: str) -> None:
    capture = api.paid()
    api.act(capture["id"], "dispute")
    api.act(capture["id"], "resolve", outcome=outcome)
    dispute = receiver.wait_for(capture["id"], RESOLVED)[0].resource
    assert (dispute["status"], dispute["dispute_outcome"]["outcome_code"]) == ("RESOLVED", outcome)
    assert ("amount_refunded" in dispute["dispute_outcome"]) == (status == "REFUNDED")
    assert api.capture_now(capture["id"])["status"] == status


def test_a_buyers_win_reverses_what_is_left(api: Api, receiver: Receiver) -> None:
    capture = api.paid()
    api.refund(capture["id"], "9.95")
    api.act(capture["id"], "dispute")
    api.act(capture["id"], "resolve", outcome="RESOLVED_BUYER_FAVOUR")
    reversal = receiver.wait_for(capture["id"], "PAYMENT.CAPTURE.REVERSED")[0].resource
    assert reversal["amount"] == usd("50.00")


def test_an_appeal_that_the_shop_wins_brings_the_money_back(api: Api, receiver: Receiver) -> None:
    capture = api.paid()
    api.act(capture["id"], "dispute")
    api.act(capture["id"], "resolve", outcome="RESOLVED_BUYER_FAVOUR")
    reversal = receiver.wait_for(capture["id"], "PAYMENT.CAPTURE.REVERSED")[0].resource
    api.act(capture["id"], "appeal")
    assert receiver.wait_for(capture["id"], "CUSTOMER.DISPUTE.UPDATED")[0].resource["status"] == "OPEN"
    api.act(capture["id"], "resolve", outcome="RESOLVED_SELLER_FAVOUR")
    assert api.capture_now(capture["id"])["status"] == "COMPLETED"
    assert api.call("GET", f"/v2/payments/refunds/{reversal['id']}").json()["status"] == "CANCELLED"


def test_a_bank_takes_money_back_without_a_dispute(api: Api, receiver: Receiver) -> None:
    capture = api.paid()
    api.act(capture["id"], "reverse")
    assert receiver.wait_for(capture["id"], "PAYMENT.CAPTURE.REVERSED")[0].resource["amount"] == usd("59.95")


def test_a_disputed_capture_takes_no_partial_refund(api: Api) -> None:
    capture = api.paid()
    api.act(capture["id"], "dispute")
    assert issue_of(api.refund(capture["id"], "1.00")) == "TRANSACTION_DISPUTED"
    assert api.refund(capture["id"]).status_code == 201


def test_a_capture_has_one_open_dispute_at_most(api: Api, receiver: Receiver) -> None:
    capture = api.paid()
    api.act(capture["id"], "dispute")
    api.act(capture["id"], "dispute")
    api.act(capture["id"], "resolve", outcome="NONE")
    receiver.wait_for(capture["id"], RESOLVED)
    assert len(receiver.about(capture["id"], CREATED)) == 1


def test_an_unknown_dispute_is_not_found(api: Api) -> None:
    assert api.raw("GET", "/v1/customer/disputes/PP-D-0").status_code == 404
