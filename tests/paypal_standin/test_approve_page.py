"""The page where the payer decides."""

import re

import pytest

from .api import CANCEL_URL, Api, order_request, unique


def test_the_page_says_what_is_to_be_paid_and_to_whom(api: Api) -> None:
    page = api.raw("GET", f"/checkoutnow?token={api.create()['id']}").text
    buttons = re.findall(r"<button[^>]*>([^<]*)</button>", page)
    assert buttons == ["Pay 59.95 USD", "Decline this card", "Cancel and go back"]
    assert "AITpro" in page
    assert "BPS Pro" in page


def test_the_page_works_without_scripts_and_loads_nothing(api: Api) -> None:
    answer = api.raw("GET", f"/checkoutnow?token={api.create()['id']}")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<script|<img|<link|src=|@import|url\(", answer.text)


def test_paying_goes_back_to_the_shop_with_token_and_payer_id(api: Api) -> None:
    order = api.create()
    answer = api.choose(order["id"])
    assert answer.status_code == 303
    expected = rf"http://127\.0\.0\.1:9/checkout/return/\?attempt=1&token={order['id']}&PayerID=[2-9A-HJ-NP-Z]{{13}}"
    assert re.fullmatch(expected, answer.headers["Location"])
    assert api.order(order["id"]).json()["status"] == "APPROVED"


def test_cancelling_goes_to_the_cancel_address_and_changes_nothing(api: Api) -> None:
    order = api.create()
    answer = api.choose(order["id"], "cancel")
    assert answer.headers["Location"] == f"{CANCEL_URL}?token={order['id']}"
    assert api.order(order["id"]).json()["status"] == "PAYER_ACTION_REQUIRED"


def test_the_payer_can_be_somebody_else(api: Api) -> None:
    order = api.create()
    api.choose(order["id"], email="alice@example.org", given_name="Alice", surname="Ångström")
    payer = api.order(order["id"]).json()["payer"]
    assert payer["email_address"] == "alice@example.org"
    assert payer["name"] == {"given_name": "Alice", "surname": "Ångström"}


def test_a_bad_address_is_explained_and_kept_as_typed(api: Api) -> None:
    order = api.create()
    answer = api.choose(order["id"], email="alice(at)example")
    assert answer.status_code == 422
    assert 'value="alice(at)example"' in answer.text
    assert api.order(order["id"]).json()["status"] == "PAYER_ACTION_REQUIRED"


@pytest.mark.parametrize("form", [{"choice": "steal"}, {"outcome": "free"}, {"given_name": " "}])
def test_a_form_that_makes_no_sense_is_shown_again(api: Api, form: dict[str, str]) -> None:
    assert api.choose(api.create()["id"], **form).status_code == 422


def test_a_paid_order_cannot_be_paid_again(api: Api) -> None:
    capture = api.paid()
    answer = api.choose(capture["order_id"])
    assert answer.status_code == 200
    assert "already paid" in answer.text


def test_an_unknown_order_has_no_page(api: Api) -> None:
    assert api.raw("GET", "/checkoutnow?token=NOSUCHORDER").status_code == 404


def test_names_from_outside_are_escaped(api: Api) -> None:
    page = api.raw("GET", f"/checkoutnow?token={api.create(description='<b>bold</b>')['id']}").text
    assert "&lt;b&gt;bold&lt;/b&gt;" in page


def test_without_a_return_address_the_payer_is_told_that_all_is_well(api: Api) -> None:
    data = order_request()
    del data["payment_source"]
    order = api.call("POST", "/v2/checkout/orders", key=unique("ord"), json=data).json()
    answer = api.choose(order["id"])
    assert answer.status_code == 200
    assert "close this page" in answer.text


@pytest.mark.parametrize("headers", [{"Origin": "http://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_other_sites_cannot_press_the_buttons(api: Api, headers: dict[str, str]) -> None:
    order = api.create()
    answer = api.raw("POST", f"/checkoutnow?token={order['id']}", data={"choice": "pay"}, headers=headers)
    assert answer.status_code == 403
    assert api.order(order["id"]).json()["status"] == "PAYER_ACTION_REQUIRED"
