"""PayPal-Request-Id: the same request twice is done once."""

from concurrent.futures import ThreadPoolExecutor

from .api import Api, capture_of, issue_of, order_request, unique
from .receiver import eventually


def test_creating_twice_with_one_key_makes_one_order(api: Api) -> None:
    key = unique("ord")
    first, second = (api.call("POST", "/v2/checkout/orders", key=key, json=order_request()) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content


def test_capturing_twice_with_one_key_takes_the_money_once(api: Api) -> None:
    order, key = api.create(), unique("cap")
    api.choose(order["id"])
    first, second = api.capture(order["id"], key), api.capture(order["id"], key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content
    assert capture_of(api.order(order["id"]))["id"] == capture_of(first)["id"]


def test_refunding_twice_with_one_key_gives_back_once(api: Api) -> None:
    capture, key = api.paid(), unique("ref")
    first, second = api.refund(capture["id"], "1.00", key), api.refund(capture["id"], "1.00", key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content
    assert api.capture_now(capture["id"])["status"] == "PARTIALLY_REFUNDED"


def test_another_key_makes_another_refund(api: Api) -> None:
    capture = api.paid()
    assert api.refund(capture["id"], "1.00").json()["id"] != api.refund(capture["id"], "1.00").json()["id"]


def test_a_key_belongs_to_its_path(api: Api) -> None:
    key, captures = unique("ref"), [api.paid(), api.paid()]
    assert [api.refund(capture["id"], key=key).status_code for capture in captures] == [201, 201]


def test_a_key_is_forgotten_after_six_hours_for_orders(api: Api) -> None:
    key = unique("ord")
    api.call("POST", "/v2/checkout/orders", key=key, json=order_request())
    api.advance_clock(hours=6, seconds=1)
    assert api.call("POST", "/v2/checkout/orders", key=key, json=order_request()).status_code == 201


def test_a_duplicate_while_the_first_is_running_gets_409(api: Api) -> None:
    order, key = api.create(), unique("cap")
    api.choose(order["id"])
    api.fault("slow", order["id"], seconds=1)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(api.capture, order["id"], key)
        eventually(lambda: not api.raw("GET", "/standin/faults").json()["faults"])
        second = api.capture(order["id"], key)
        assert (second.status_code, issue_of(second)) == (409, "PREVIOUS_REQUEST_IN_PROGRESS")
        assert first.result().status_code == 201
    assert api.capture(order["id"], key).status_code == 200


def test_simultaneous_captures_under_different_keys_take_the_money_once(api: Api) -> None:
    order = api.create()
    api.choose(order["id"])
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: api.capture(order["id"]), range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 5
    assert len(api.order(order["id"]).json()["purchase_units"][0]["payments"]["captures"]) == 1


def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    order, key = api.create(), unique("cap")
    assert issue_of(api.capture(order["id"], key)) == "ORDER_NOT_APPROVED"
    api.choose(order["id"])
    assert api.capture(order["id"], key).status_code == 201
