"""Creating, showing and capturing orders."""

import pytest

from .api import Api, capture_of, issue_of, order_request, unique, usd


def link_to(order: dict[str, object], rel: str) -> str:
    links = order["links"]
    assert isinstance(links, list)
    return str(next(link["href"] for link in links if link["rel"] == rel))


def test_an_order_with_a_payment_source_awaits_the_payers_action(api: Api) -> None:
    order = api.create()
    assert order["status"] == "PAYER_ACTION_REQUIRED"
    assert link_to(order, "payer-action") == f"{api.url}/checkoutnow?token={order['id']}"


def test_an_order_without_one_is_created_with_an_approve_link(api: Api) -> None:
    data = order_request()
    del data["payment_source"]
    order = api.call("POST", "/v2/checkout/orders", json=data).json()
    assert order["status"] == "CREATED"
    assert link_to(order, "approve") == f"{api.url}/checkoutnow?token={order['id']}"


def test_a_minimal_answer_leaves_the_purchase_units_out(api: Api) -> None:
    answer = api.call("POST", "/v2/checkout/orders", key=unique("ord"), all=False, json=order_request())
    assert set(answer.json()) == {"id", "status", "payment_source", "links"}


def test_a_minimal_capture_still_tells_the_captures_state(api: Api) -> None:
    order = api.create()
    api.choose(order["id"])
    answer = api.capture(order["id"], all=False)
    assert capture_of(answer)["status"] == "COMPLETED"
    assert "amount" not in answer.json()["purchase_units"][0]


def test_an_order_shows_what_was_asked_for(api: Api) -> None:
    order = api.create(custom_id="our-17", invoice_id=unique("inv"), amount=usd("12.50"))
    shown = api.order(order["id"]).json()
    assert shown["purchase_units"][0]["amount"] == usd("12.50")
    assert shown["purchase_units"][0]["custom_id"] == "our-17"
    assert shown["intent"] == "CAPTURE"


def test_an_unknown_order_is_not_found(api: Api) -> None:
    answer = api.order("NOSUCHORDER")
    assert answer.status_code == 404
    assert answer.json()["name"] == "RESOURCE_NOT_FOUND"


def test_an_approved_order_is_captured_in_full(api: Api) -> None:
    order = api.create()
    api.choose(order["id"])
    answer = api.capture(order["id"])
    assert answer.status_code == 201
    assert answer.json()["status"] == "COMPLETED"
    capture = capture_of(answer)
    assert (capture["status"], capture["amount"]) == ("COMPLETED", usd("59.95"))
    assert capture["custom_id"] == order["purchase_units"][0]["custom_id"]
    assert api.capture_now(capture["id"])["status"] == "COMPLETED"


def test_fee_and_net_amount_add_up(api: Api) -> None:
    parts = api.paid()["seller_receivable_breakdown"]
    cents = {name: round(float(money["value"]) * 100) for name, money in parts.items()}
    assert cents["gross_amount"] == cents["paypal_fee"] + cents["net_amount"]


def test_an_unapproved_order_cannot_be_captured(api: Api) -> None:
    answer = api.capture(api.create()["id"])
    assert (answer.status_code, issue_of(answer)) == (422, "ORDER_NOT_APPROVED")


def test_an_order_is_captured_only_once(api: Api) -> None:
    capture = api.paid()
    answer = api.capture(capture["order_id"])
    assert (answer.status_code, issue_of(answer)) == (422, "ORDER_ALREADY_CAPTURED")
    assert capture_of(api.order(capture["order_id"]))["id"] == capture["id"]


def test_a_declined_card_is_reported_at_capture(api: Api) -> None:
    order = api.create()
    assert "PayerID" in api.choose(order["id"], "decline").headers["Location"]
    answer = api.capture(order["id"])
    assert (answer.status_code, issue_of(answer)) == (422, "INSTRUMENT_DECLINED")
    assert answer.json()["links"][0]["rel"] == "redirect"


def test_after_a_decline_the_payer_can_come_back_and_pay(api: Api) -> None:
    order, key = api.create(), unique("cap")
    api.choose(order["id"], "decline")
    api.capture(order["id"], key)
    api.choose(order["id"], "pay")
    assert api.capture(order["id"], key).status_code == 201


def test_a_completed_order_can_hold_a_declined_capture(api: Api) -> None:
    order = api.create()
    api.choose(order["id"], outcome="refused")
    answer = api.capture(order["id"])
    assert answer.json()["status"] == "COMPLETED"
    assert capture_of(answer)["status"] == "DECLINED"


def test_an_order_expires_after_three_hours(api: Api) -> None:
    order = api.create()
    api.advance_clock(hours=2, seconds=3500)
    assert api.order(order["id"]).status_code == 200
    api.advance_clock(seconds=200)
    assert api.order(order["id"]).status_code == 404
    assert api.capture(order["id"]).status_code == 404


def test_a_paid_order_does_not_expire(api: Api) -> None:
    capture = api.paid()
    api.advance_clock(hours=4)
    assert api.order(capture["order_id"]).status_code == 200


def test_an_invoice_id_is_taken_only_once(api: Api) -> None:
    invoice = unique("inv")
    api.paid(invoice_id=invoice)
    again = api.create(invoice_id=invoice)
    api.choose(again["id"])
    answer = api.capture(again["id"])
    assert (answer.status_code, issue_of(answer)) == (422, "DUPLICATE_INVOICE_ID")


def test_a_declined_capture_leaves_its_invoice_id_free(api: Api) -> None:
    invoice = unique("inv")
    assert api.paid("refused", invoice_id=invoice)["status"] == "DECLINED"
    assert api.paid(invoice_id=invoice)["status"] == "COMPLETED"


def test_each_purchase_unit_gets_a_capture(api: Api) -> None:
    data = order_request(reference_id="one")
    data["purchase_units"].append({"reference_id": "two", "amount": usd("1.00")})
    order = api.call("POST", "/v2/checkout/orders", key=unique("ord"), json=data).json()
    api.choose(order["id"])
    units = api.capture(order["id"]).json()["purchase_units"]
    assert [unit["payments"]["captures"][0]["amount"]["value"] for unit in units] == ["59.95", "1.00"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_other_methods_are_refused(api: Api, method: str) -> None:
    assert api.raw(method, "/v2/checkout/orders").status_code == 405
