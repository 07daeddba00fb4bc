"""Refunds, whole and partial."""

import pytest

from .api import Api, issue_of, unique, usd
from .receiver import Receiver


def test_an_empty_body_refunds_everything(api: Api) -> None:
    capture = api.paid()
    answer = api.refund(capture["id"])
    assert (answer.status_code, answer.json()["amount"]) == (201, usd("59.95"))
    assert api.capture_now(capture["id"])["status"] == "REFUNDED"


def test_partial_refunds_add_up(api: Api) -> None:
    capture = api.paid()
    totals = [
        api.refund(capture["id"], amount).json()["seller_payable_breakdown"]["total_refunded_amount"]["value"]
        for amount in ("10.00", "0.95")
    ]
    assert totals == ["10.00", "10.95"]
    assert api.capture_now(capture["id"])["status"] == "PARTIALLY_REFUNDED"
    assert api.refund(capture["id"]).json()["amount"] == usd("49.00")
    assert api.capture_now(capture["id"])["status"] == "REFUNDED"


def test_a_refund_points_up_to_its_capture(api: Api) -> None:
    capture = api.paid()
    refund = api.refund(capture["id"], "1.00").json()
    links = {link["rel"]: link["href"] for link in refund["links"]}
    assert links["up"].endswith(f"/v2/payments/captures/{capture['id']}")
    assert api.call("GET", f"/v2/payments/refunds/{refund['id']}").json() == refund


def test_a_minimal_answer_has_only_id_state_and_links(api: Api) -> None:
    answer = api.refund(api.paid()["id"], all=False)
    assert set(answer.json()) == {"id", "status", "links"}


def test_the_order_lists_its_refunds(api: Api) -> None:
    capture = api.paid()
    refund = api.refund(capture["id"], "1.00").json()
    payments = api.order(capture["order_id"]).json()["purchase_units"][0]["payments"]
    assert [entry["id"] for entry in payments["refunds"]] == [refund["id"]]


def test_more_than_is_left_cannot_be_refunded(api: Api) -> None:
    capture = api.paid()
    api.refund(capture["id"], "50.00")
    answer = api.refund(capture["id"], "9.96")
    assert (answer.status_code, issue_of(answer)) == (422, "REFUND_AMOUNT_EXCEEDED")


def test_fully_refunded_capture_cannot_be_refunded_again(api: Api) -> None:
    capture = api.paid()
    api.refund(capture["id"])
    answer = api.refund(capture["id"])
    assert (answer.status_code, issue_of(answer)) == (422, "CAPTURE_FULLY_REFUNDED")


@pytest.mark.parametrize(
    ("amount", "issue"),
    [
        ({"currency_code": "EUR", "value": "1.00"}, "REFUND_CAPTURE_CURRENCY_MISMATCH"),
        (usd("0.00"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (usd("0.001"), "DECIMAL_PRECISION"),
        (usd("free"), "INVALID_PARAMETER_SYNTAX"),
    ],
)
def test_a_bad_amount_is_refused(api: Api, amount: dict[str, str], issue: str) -> None:
    assert issue_of(api.refund(api.paid()["id"], json={"amount": amount})) == issue


def test_a_declined_capture_cannot_be_refunded(api: Api) -> None:
    assert issue_of(api.refund(api.paid("refused")["id"])) == "REFUND_NOT_ALLOWED"


def test_a_refund_comes_too_late_after_180_days(api: Api) -> None:
    capture = api.paid()
    api.advance_clock(days=180)
    api.sign_in()
    assert issue_of(api.refund(capture["id"])) == "REFUND_TIME_LIMIT_EXCEEDED"


def test_an_unknown_capture_or_refund_is_not_found(api: Api) -> None:
    assert api.refund("NONE").status_code == 404
    assert api.call("GET", "/v2/payments/refunds/NONE").status_code == 404


@pytest.mark.parametrize(
    ("action", "event", "refund_status", "capture_status"),
    [
        ("complete", "PAYMENT.CAPTURE.REFUNDED", "COMPLETED", "PARTIALLY_REFUNDED"),
        ("fail", "PAYMENT.REFUND.FAILED", "FAILED", "COMPLETED"),
    ],
)
def test_a_refund_can_stay_pending_for_a_while(
    api: Api, receiver: Receiver, action: str, event: str, refund_status: str, capture_status: str
) -> None:
    capture = api.paid()
    api.fault("refund_pending", capture["id"])
    refund = api.refund(capture["id"], "1.00").json()
    assert refund["status"] == "PENDING"
    receiver.wait_for(refund["id"], "PAYMENT.REFUND.PENDING")
    api.raw("POST", f"/standin/refunds/{refund['id']}/{action}")
    assert api.call("GET", f"/v2/payments/refunds/{refund['id']}").json()["status"] == refund_status
    assert api.capture_now(capture["id"])["status"] == capture_status
    receiver.wait_for(refund["id"], event)


def test_amount_of_a_failed_refund_can_be_refunded_again(api: Api) -> None:
    capture = api.paid()
    api.fault("refund_pending", capture["id"])
    refund = api.refund(capture["id"]).json()
    api.raw("POST", f"/standin/refunds/{refund['id']}/fail")
    assert api.refund(capture["id"]).status_code == 201


def test_the_webhooks_resource_is_the_refund_itself(api: Api, receiver: Receiver) -> None:
    capture = api.paid()
    api.refund(capture["id"], "1.00", key=unique("ref"))
    second = api.refund(capture["id"], "2.00").json()
    hook = receiver.wait_for(second["id"], "PAYMENT.CAPTURE.REFUNDED")[0]
    assert hook.resource["amount"] == usd("2.00")
    assert hook.resource["seller_payable_breakdown"]["total_refunded_amount"] == usd("3.00")
    assert capture["id"] in next(link["href"] for link in hook.resource["links"] if link["rel"] == "up")


@pytest.mark.parametrize(
    ("given", "status"), [("5.00", "PARTIALLY_REFUNDED"), ("", "REFUNDED"), ("99.00", "COMPLETED")]
)
def test_paypals_side_can_refund_too(api: Api, given: str, status: str) -> None:
    capture = api.paid()
    api.act(capture["id"], "refund", amount=given)
    assert api.capture_now(capture["id"])["status"] == status
