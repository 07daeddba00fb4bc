"""kill -9 of a web process at every step from the checkout to the receipt: paid exactly once, or plainly unpaid."""

from __future__ import annotations

import pytest
import requests

from tests.samples import some_of
from tests.shop.processes.shop_site import Booked, ShopSite

pytestmark = pytest.mark.slow


def steps_of_a_purchase(shop: ShopSite) -> list[str]:
    shop.buy("first@example.org")  # makes what is made once an hour, such as the key of the limits
    with shop.recorded() as steps:
        assert "Thank you" in shop.buy("undisturbed@example.org").text
    return steps


def crash_at(shop: ShopSite, step: str, email: str) -> None:
    shop.arm(step)
    with pytest.raises(requests.ConnectionError):
        shop.buy(email)
    assert shop.has_struck(), step


def is_unpaid_and_payable(shop: ShopSite, order: Booked) -> bool:
    assert (order.state, order.captures, order.receipts) == ("open", [], 0), order
    assert "Thank you" in shop.pay_later(order.path).text
    return True


def test_wherever_it_dies_the_order_is_paid_once_or_plainly_unpaid(shop: ShopSite) -> None:
    steps = steps_of_a_purchase(shop)
    assert any("before PayPal create_order" in step for step in steps)
    assert any("after PayPal capture_order" in step for step in steps)
    buyers = {f"killed-{number}@example.org": step for number, step in enumerate(some_of(steps, 16))}
    for email, step in buyers.items():
        crash_at(shop, step, email)
    shop.housekeeping()

    booked = {email: orders for email, orders in shop.ledger().items() if email in buyers}
    assert all(len(orders) == 1 for orders in booked.values())
    orders = {email: orders[0] for email, orders in booked.items()}
    paid = {email for email, order in orders.items() if order.state == "paid"}
    unpaid = {email for email, order in orders.items() if email not in paid and is_unpaid_and_payable(shop, order)}
    assert paid and unpaid, "the crashes came all on one side of the payment"

    for email in paid | unpaid:
        shop.wait_for_receipt(email)
    taken = shop.captures()
    booked = shop.ledger()
    for email in paid | unpaid:
        [order] = booked[email]
        assert (order.state, order.receipts, order.problems) == ("paid", 1, []), buyers[email]
        assert [taken[capture] for capture in order.captures] == [1], buyers[email]
        assert shop.receipt_mails(email) == 1, buyers[email]
    # Every capture at PayPal belongs to an order that knows it.
    known = {capture for orders in booked.values() for order in orders for capture in order.captures}
    assert set(taken) == known
