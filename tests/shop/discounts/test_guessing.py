"""Whoever tries out codes is stopped after a few wrong ones, and can still buy; right ones cost nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from affiliates.models import Affiliate
from shop.discounts.guesses import WRONG_PER_NETWORK
from shop.models import Order
from tests import factories
from tests.shop.purchases import FORM

from .test_codes_at_checkout import CHECKOUT, CODED, summary_of, text_of

pytestmark = pytest.mark.usefixtures("product", "paypal_down", "clock")

PAGE = "/products/bps-pro/"
WAIT = "Too many wrong codes came from your network. Please try again in 61 minutes. Without a code, you can buy now."


def typed(client: Client, code: str) -> Any:
    return client.post(CHECKOUT, {**FORM, "code": code})


def recalculated(client: Client, code: str) -> Any:
    return client.post(CHECKOUT, {**FORM, "code": code, "recalculate": "1"})


def linked_to_the_checkout(client: Client, code: str) -> Any:
    return client.get(CHECKOUT, {"code": code})


def linked_to_the_product(client: Client, code: str) -> Any:
    return client.get(PAGE, {"code": code})


WAYS = [typed, recalculated, linked_to_the_checkout, linked_to_the_product]


@pytest.mark.parametrize("way", WAYS)
def test_after_too_many_wrong_codes_a_right_one_is_not_even_looked_up(client: Client, way: Any) -> None:
    factories.discount("EVERYTHING", percent=100)
    for number in range(WRONG_PER_NETWORK):
        assert "Too many wrong codes" not in text_of(way(client, f"GUESS{number}"))
    for look in WAYS:
        answer = look(client, "EVERYTHING")
        assert WAIT in text_of(answer)
        assert "$0.00" not in text_of(answer)
    assert not Order.objects.exists()


def test_the_answer_says_when_to_come_back_and_keeps_what_was_typed(client: Client) -> None:
    for number in range(WRONG_PER_NETWORK):
        typed(client, f"GUESS{number}")
    answer = typed(client, "GUESS")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert 'value="GUESS"' in answer.content.decode() and 'value="Carol Customer"' in answer.content.decode()


def test_whoever_guessed_too_often_buys_without_a_code(client: Client) -> None:
    for number in range(WRONG_PER_NETWORK + 1):
        typed(client, f"GUESS{number}")
    client.post(CHECKOUT, FORM)
    assert str(Order.objects.get().total) == "$59.95"


def test_another_network_and_the_next_hour_are_not_limited(client: Client, clock: time_machine.Traveller) -> None:
    factories.discount()
    for number in range(WRONG_PER_NETWORK):
        typed(client, f"GUESS{number}")
    assert "Total $53.95" in summary_of(client.get(CHECKOUT, {"code": "SPRING10"}, REMOTE_ADDR="203.0.113.7"))
    assert WAIT in text_of(client.get(CHECKOUT, {"code": "SPRING10"}))
    clock.shift(timedelta(hours=1))
    assert "Total $53.95" in summary_of(client.get(CHECKOUT, {"code": "SPRING10"}))


def test_right_codes_cost_nothing_an_affiliates_neither(client: Client, alice: Affiliate) -> None:
    factories.discount()
    for _ in range(WRONG_PER_NETWORK + 1):
        for way in WAYS[1:]:
            way(client, "SPRING10")
            way(client, "demo")
    client.post(CHECKOUT, CODED)
    assert str(Order.objects.get().total) == "$53.95"


def test_several_wrong_codes_at_once_count_each(client: Client) -> None:
    factories.discount()
    for number in range(WRONG_PER_NETWORK // 5):
        linked_to_the_product(client, f"SPRING10 A{number} B{number} C{number} D{number} E{number}")
    assert WAIT in text_of(linked_to_the_checkout(client, "SPRING10"))


@pytest.mark.parametrize("way", WAYS)
def test_a_list_of_guesses_is_not_looked_up(client: Client, way: Any) -> None:
    factories.discount()
    answer = text_of(way(client, "SPRING10 " + " ".join(f"A{number}" for number in range(20))))
    assert "Please enter at most 3 codes." in answer
    assert "$53.95" not in answer


def test_a_wrong_code_beside_a_right_one_in_a_link_leaves_the_right_one(client: Client) -> None:
    factories.discount()
    assert "Total $53.95" in summary_of(linked_to_the_checkout(client, "SPRING10 NOBODY"))
    assert "$53.95 instead of $59.95" in text_of(linked_to_the_product(client, "SPRING10 NOBODY"))
