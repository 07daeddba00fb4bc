"""Answers against PayPal's own OpenAPI files.

Every call that the other tests make through `Api.call` is checked, too; these make sure that the
check is there and that it bites.
"""

import json

import pytest
from openapi_core.validation.exceptions import ValidationError

from . import contract
from .api import Api, unique

pytestmark = pytest.mark.skipif(
    not contract.is_here(), reason="PayPal's OpenAPI files are not here; PAYPAL_OPENAPI_DIR says where they are."
)


def test_a_whole_purchase_keeps_to_the_contract(api: Api) -> None:
    capture = api.paid()
    refund = api.refund(capture["id"], "1.00").json()
    paths = (
        f"/v2/checkout/orders/{capture['order_id']}",
        f"/v2/payments/captures/{capture['id']}",
        f"/v2/payments/refunds/{refund['id']}",
    )
    assert all(contract.check(api.raw("GET", path), api.url) for path in paths)


def test_a_payout_keeps_to_the_contract(api: Api) -> None:
    item = {"receiver": "bob@example.org", "amount": {"currency": "USD", "value": "1.00"}}
    body = {"sender_batch_header": {"sender_batch_id": unique("aff")}, "items": [item]}
    created = api.raw("POST", "/v1/payments/payouts", json=body)
    shown = api.raw("GET", f"/v1/payments/payouts/{created.json()['batch_header']['payout_batch_id']}")
    assert all(contract.check(answer, api.url) for answer in (created, shown))


def test_errors_keep_to_the_contract(api: Api) -> None:
    order = api.create()
    answers = (
        api.raw("GET", "/v2/checkout/orders/NONE"),
        api.raw("POST", "/v2/checkout/orders", json={}),
        api.raw("POST", f"/v2/checkout/orders/{order['id']}/capture", json={}),
        api.raw("GET", "/v1/payments/payouts/NONE"),
    )
    assert [answer.status_code for answer in answers] == [404, 400, 422, 404]
    assert all(contract.check(answer, api.url) for answer in answers)


def test_an_invented_state_would_be_noticed(api: Api) -> None:
    answer = api.raw("GET", f"/v2/checkout/orders/{api.create()['id']}")
    answer._content = json.dumps(answer.json() | {"status": "INVENTED"}).encode()
    with pytest.raises(ValidationError):
        contract.check(answer, api.url)


def test_an_invented_issue_would_be_noticed(api: Api) -> None:
    answer = api.raw("GET", "/v2/checkout/orders/NONE")
    answer._content = answer.content.replace(b"INVALID_RESOURCE_ID", b"INVENTED")
    with pytest.raises(ValidationError):
        contract.check(answer, api.url)
