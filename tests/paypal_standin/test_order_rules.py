"""Validation of create-order requests."""

from typing import Any

import pytest

from .api import Api, issue_of, order_request, unique, usd

LONG = "x" * 128


def money(currency: str, value: str) -> dict[str, str]:
    return {"currency_code": currency, "value": value}


def with_items(total: str, item_total: str, quantity: Any = "2", **breakdown: Any) -> dict[str, Any]:
    amount = usd(total) | {"breakdown": {"item_total": usd(item_total), **breakdown}}
    return order_request(amount=amount, items=[{"name": "BPS Pro", "quantity": quantity, "unit_amount": usd("5.00")}])


def test_items_that_add_up_are_accepted(api: Api) -> None:
    data = with_items("11.50", "10.00", shipping=usd("2.00"), discount=usd("0.50"))
    assert api.call("POST", "/v2/checkout/orders", key=unique("ord"), json=data).status_code == 201


@pytest.mark.parametrize(
    ("data", "issue"),
    [
        (with_items("11.00", "10.00"), "AMOUNT_MISMATCH"),
        (with_items("11.00", "11.00"), "ITEM_TOTAL_MISMATCH"),
        (with_items("10.00", "10.00", quantity=2), "INVALID_PARAMETER_SYNTAX"),
        (with_items("10.00", "10.00", quantity="0"), "INVALID_PARAMETER_SYNTAX"),
        (with_items("12.00", "10.00", tax_total=usd("2.00")), "TAX_TOTAL_MISMATCH"),
        (with_items("10.00", "10.00", shipping=money("EUR", "0.00")), "MULTI_CURRENCY_ORDER"),
        (order_request(items=[{"name": "x", "quantity": "1", "unit_amount": usd("1.00")}]), "ITEM_TOTAL_REQUIRED"),
    ],
)
def test_sums_that_do_not_add_up_are_refused(api: Api, data: dict[str, Any], issue: str) -> None:
    assert api.refuse(data) == issue


@pytest.mark.parametrize(
    ("amount", "issue"),
    [
        (usd("1.234"), "DECIMAL_PRECISION"),
        (money("JPY", "100.50"), "DECIMAL_PRECISION"),
        (money("HUF", "1.0"), "DECIMAL_PRECISION"),
        (usd("0.00"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (usd("-1.00"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (usd("1,00"), "INVALID_PARAMETER_SYNTAX"),
        (usd("1e3"), "INVALID_PARAMETER_SYNTAX"),
        ({"currency_code": "USD", "value": 59.95}, "INVALID_PARAMETER_SYNTAX"),
        (money("XXX", "1.00"), "INVALID_CURRENCY_CODE"),
        (usd("9999999999999999"), "MAX_VALUE_EXCEEDED"),
        ({"currency_code": "USD"}, "MISSING_REQUIRED_PARAMETER"),
        (None, "MISSING_REQUIRED_PARAMETER"),
    ],
)
def test_bad_amounts_are_refused(api: Api, amount: Any, issue: str) -> None:
    assert api.refuse(order_request(amount=amount)) == issue


@pytest.mark.parametrize("amount", [money("JPY", "100"), money("EUR", "0.01"), money("TWD", "5")])
def test_amounts_in_other_currencies_are_kept_as_they_are(api: Api, amount: dict[str, str]) -> None:
    assert api.paid(amount=amount)["amount"] == amount


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("custom_id", LONG),
        ("invoice_id", LONG),
        ("description", LONG),
        ("soft_descriptor", "x" * 23),
        ("custom_id", ""),
    ],
)
def test_texts_of_the_wrong_length_are_refused(api: Api, field: str, value: str) -> None:
    assert api.refuse(order_request(**{field: value})) == "INVALID_STRING_LENGTH"


@pytest.mark.parametrize("field", ["name", "sku"])
def test_items_have_lengths_too(api: Api, field: str) -> None:
    data = with_items("10.00", "10.00")
    data["purchase_units"][0]["items"][0][field] = LONG
    assert api.refuse(data) == "INVALID_STRING_LENGTH"


@pytest.mark.parametrize(
    ("name", "value", "issue"),
    [
        ("brand_name", LONG, "INVALID_STRING_LENGTH"),
        ("return_url", "javascript:alert(1)", "INVALID_PARAMETER_SYNTAX"),
        ("cancel_url", "/relative", "INVALID_PARAMETER_SYNTAX"),
    ],
)
def test_the_experience_context_is_checked(api: Api, name: str, value: str, issue: str) -> None:
    data = order_request()
    data["payment_source"]["paypal"]["experience_context"][name] = value
    assert api.refuse(data) == issue


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"intent": None}, "MISSING_REQUIRED_PARAMETER"),
        ({"intent": "LATER"}, "INVALID_PARAMETER_VALUE"),
        ({"purchase_units": None}, "MISSING_REQUIRED_PARAMETER"),
        ({"purchase_units": []}, "INVALID_ARRAY_MIN_ITEMS"),
        ({"purchase_units": [{"amount": usd("1.00")}] * 11}, "INVALID_ARRAY_MAX_ITEMS"),
        ({"purchase_units": [{"amount": usd("1.00")}] * 2}, "REFERENCE_ID_REQUIRED"),
        ({"purchase_units": ["no"]}, "INVALID_PARAMETER_SYNTAX"),
        ({"payment_source": "paypal"}, "INVALID_PARAMETER_SYNTAX"),
    ],
)
def test_the_orders_frame_is_checked(api: Api, change: dict[str, Any], issue: str) -> None:
    assert api.refuse(order_request() | change) == issue


def test_a_payment_source_needs_a_request_id(api: Api) -> None:
    answer = api.call("POST", "/v2/checkout/orders", json=order_request())
    assert (answer.status_code, issue_of(answer)) == (400, "PAYPAL_REQUEST_ID_REQUIRED")


def test_a_request_id_has_at_most_108_characters(api: Api) -> None:
    answer = api.call("POST", "/v2/checkout/orders", key="k" * 109, json=order_request())
    assert issue_of(answer) == "INVALID_STRING_LENGTH"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"text"'])
def test_body_that_is_not_a_json_object_is_refused(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.call("POST", "/v2/checkout/orders", key=unique("ord"), data=body, headers=headers)
    assert (answer.status_code, issue_of(answer)) == (400, "MALFORMED_REQUEST_JSON")


def test_another_media_type_is_refused(api: Api) -> None:
    answer = api.call(
        "POST", "/v2/checkout/orders", key=unique("ord"), data="a=b", headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 415
