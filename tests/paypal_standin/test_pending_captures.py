"""Captures that wait for PayPal's review."""

import pytest

from .api import Api, issue_of
from .receiver import Receiver, eventually


@pytest.mark.parametrize(
    ("action", "status", "event"),
    [
        ("complete", "COMPLETED", "PAYMENT.CAPTURE.COMPLETED"),
        ("deny", "DECLINED", "PAYMENT.CAPTURE.DENIED"),
    ],
)
def test_a_pending_capture_ends_from_the_overview(
    api: Api, receiver: Receiver, action: str, status: str, event: str
) -> None:
    capture = api.paid("pending")
    assert capture["status"] == "PENDING"
    assert capture["status_details"] == {"reason": "PENDING_REVIEW"}
    receiver.wait_for(capture["id"], "PAYMENT.CAPTURE.PENDING")
    assert api.act(capture["id"], action).status_code == 303
    assert api.capture_now(capture["id"])["status"] == status
    assert receiver.wait_for(capture["id"], event)[0].resource["status"] == status


@pytest.mark.parametrize(("outcome", "status"), [("pending-completes", "COMPLETED"), ("pending-denied", "DECLINED")])
def test_a_pending_capture_ends_by_itself(api: Api, outcome: str, status: str) -> None:
    capture = api.paid(outcome)
    assert capture["status"] == "PENDING"
    api.advance_clock(seconds=6)
    eventually(lambda: api.capture_now(capture["id"])["status"] == status)


def test_a_capture_that_has_ended_does_not_change_again(api: Api) -> None:
    capture = api.paid("pending")
    api.act(capture["id"], "complete")
    api.act(capture["id"], "deny")
    assert api.capture_now(capture["id"])["status"] == "COMPLETED"


def test_a_pending_capture_cannot_be_refunded(api: Api) -> None:
    answer = api.refund(api.paid("pending")["id"])
    assert (answer.status_code, issue_of(answer)) == (422, "PENDING_CAPTURE")


def test_a_declined_capture_is_announced(api: Api, receiver: Receiver) -> None:
    capture = api.paid("refused")
    assert receiver.wait_for(capture["id"], "PAYMENT.CAPTURE.DECLINED")[0].resource["status"] == "DECLINED"


def test_an_unknown_capture_is_not_found(api: Api) -> None:
    assert api.call("GET", "/v2/payments/captures/NONE").status_code == 404
