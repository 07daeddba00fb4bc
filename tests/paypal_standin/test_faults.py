"""Faults on request."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from .api import CREDENTIALS, Api, capture_of, issue_of, unique
from .receiver import eventually


def approved(api: Api) -> str:
    order = api.create()
    api.choose(order["id"])
    return str(order["id"])


def raw_capture(api: Api, order_id: str, key: str, **options: Any) -> requests.Response:
    headers = {"PayPal-Request-Id": key, "Prefer": "return=representation"}
    return api.raw("POST", f"/v2/checkout/orders/{order_id}/capture", json={}, headers=headers, **options)


@pytest.mark.parametrize("kind", ["status_429", "status_500", "status_503", "status_401"])
def test_a_status_comes_instead_of_the_work(api: Api, kind: str) -> None:
    order_id, key = approved(api), unique("cap")
    api.fault(kind, "/capture")
    answer = raw_capture(api, order_id, key)
    assert answer.status_code == int(kind.removeprefix("status_"))
    assert set(answer.json()) == {"name", "message", "debug_id", "details", "links"}
    assert api.order(order_id).json()["status"] == "APPROVED"
    assert api.capture(order_id, key).status_code == 201


@pytest.mark.parametrize("kind", ["timeout_after_commit", "drop_after_commit"])
def test_the_answer_gets_lost_but_the_money_is_taken(api: Api, kind: str) -> None:
    order_id, key = approved(api), unique("cap")
    api.fault(kind, "/capture", seconds=1)
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        raw_capture(api, order_id, key, timeout=0.5)
    eventually(lambda: api.order(order_id).json()["status"] == "COMPLETED")
    assert api.capture(order_id, key).status_code == 200


@pytest.mark.parametrize("kind", ["timeout_before_commit", "drop_before_commit"])
def test_the_request_gets_lost_and_nothing_happens(api: Api, kind: str) -> None:
    order_id, key = approved(api), unique("cap")
    api.fault(kind, "/capture", seconds=1)
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        raw_capture(api, order_id, key, timeout=0.5)
    assert api.order(order_id).json()["status"] == "APPROVED"


def test_silence_holds_connections_but_no_threads_of_the_standin(api: Api) -> None:
    order_id = approved(api)
    api.fault("silent", order_id, times=10)
    with ThreadPoolExecutor(10) as callers:
        calls = [callers.submit(raw_capture, api, order_id, unique("cap"), timeout=2) for _ in range(10)]
        assert api.raw("GET", "/v2/checkout/orders/NONE", timeout=2).status_code == 404
        assert {type(call.exception()) for call in calls} == {requests.ReadTimeout}
    assert api.order(order_id).json()["status"] == "APPROVED"


def test_silence_can_hide_that_it_was_done(api: Api) -> None:
    order_id, key = approved(api), unique("cap")
    api.fault("silent_after_commit", "/capture")
    with pytest.raises(requests.ReadTimeout):
        raw_capture(api, order_id, key, timeout=1)
    assert api.capture(order_id, key).status_code == 200


def test_an_answer_can_drip(api: Api) -> None:
    order_id = approved(api)
    api.fault("drips", order_id, seconds=0.001)
    with api.raw("GET", f"/v2/checkout/orders/{order_id}", stream=True, timeout=5) as answer:
        content = b"".join(itertools.islice(answer.iter_content(1), 2000))
    assert answer.headers["Standin-Fault"] == "drips"
    assert json.loads(content)["status"] == "APPROVED"
    assert content.endswith(b"  ")  # and so on


def test_a_500_can_hide_that_it_was_done(api: Api) -> None:
    order_id, key = approved(api), unique("cap")
    api.fault("status_500_after_commit", "/capture")
    assert raw_capture(api, order_id, key).status_code == 500
    assert api.capture(order_id, key).status_code == 200


def test_an_answer_can_be_garbage(api: Api) -> None:
    order_id = approved(api)
    api.fault("garbage", order_id)
    answer = api.raw("GET", f"/v2/checkout/orders/{order_id}")
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("wrong_amount", "amount", {"currency_code": "USD", "value": "60.95"}),
        ("wrong_currency", "amount", {"currency_code": "EUR", "value": "59.95"}),
        ("wrong_custom_id", "custom_id", "somebody-elses-order"),
    ],
)
def test_an_answer_can_lie_once(api: Api, kind: str, field: str, value: Any) -> None:
    order_id = approved(api)
    api.fault(kind, "/capture")
    assert capture_of(raw_capture(api, order_id, unique("cap")))[field] == value
    assert capture_of(api.order(order_id))[field] != value


def test_any_issue_can_be_asked_for(api: Api) -> None:
    order_id = approved(api)
    api.fault("issue", "/capture", issue="TRANSACTION_REFUSED")
    answer = api.capture(order_id)
    assert (answer.status_code, issue_of(answer)) == (422, "TRANSACTION_REFUSED")


def test_a_fault_happens_as_often_as_asked_for(api: Api) -> None:
    order_id = approved(api)
    api.fault("status_500", order_id, times=2)
    path = f"/v2/checkout/orders/{order_id}"
    assert [api.raw("GET", path).status_code for _ in range(3)] == [500, 500, 200]


def test_a_fault_waits_for_its_path(api: Api) -> None:
    order_id = approved(api)
    api.fault("status_500", "/v1/payments/payouts")
    assert api.order(order_id).status_code == 200
    assert api.raw("GET", "/v1/payments/payouts/NONE").status_code == 500


def test_faults_can_be_forgotten(api: Api) -> None:
    order_id = approved(api)
    api.fault("status_500")
    assert api.raw("DELETE", "/standin/faults").status_code == 204
    assert api.order(order_id).status_code == 200


def test_the_token_takes_only_faults_that_name_it(api: Api) -> None:
    def token() -> int:
        form = {"grant_type": "client_credentials"}
        return requests.post(f"{api.url}/v1/oauth2/token", auth=CREDENTIALS, data=form, timeout=10).status_code

    api.fault("status_500")
    assert token() == 200
    api.fault("status_500", "oauth2")
    assert token() == 500


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "status_500", "times": 0},
        {"kind": "status_500", "times": True},
        {"kind": "slow", "seconds": "long"},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "path_contains": 1},
        {"kind": "slow", "paths": "typo"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(api: Api, body: dict[str, Any]) -> None:
    answer = api.raw("POST", "/standin/faults", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
