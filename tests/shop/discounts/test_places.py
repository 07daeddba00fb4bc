"""Limits of discount codes: a place is held while its buyer is at PayPal, used by the payment, and released without."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from privacy.models.limit_slot import LimitSlot
from privacy.signals import limit_reached
from shop.discounts.places import HELD_PER_NETWORK, release_expired_places
from shop.models import DiscountCode, DiscountUse, Order, Payment
from shop.payments.settlement import settle
from tests import factories
from tests.shop.purchases import FORM
from tests.site.budget.answering_paypal import AnsweringPayPal, answering_paypal

from .test_codes_at_checkout import summary_of

pytestmark = pytest.mark.usefixtures("product", "clock")

CHECKOUT = "/checkout/bps-pro/"


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[AnsweringPayPal]:
    with answering_paypal(tmp_path) as paypal:
        yield paypal


def order_of(email: str, client: Client | None = None) -> Order | None:
    """Fills in the form with the code. None if no order was placed."""
    before = set(Order.objects.values_list("pk", flat=True))
    fields = {**FORM, "email": email, "code": "SPRING10", "price_seen": "$53.95"}
    (client or Client()).post(CHECKOUT, fields)
    return Order.objects.exclude(pk__in=before).first()


def placed(email: str, client: Client | None = None) -> Order:
    order = order_of(email, client)
    assert order is not None
    return order


def taken() -> int:
    """The counter, which always equals the rows."""
    code = DiscountCode.objects.get()
    assert code.places_taken == DiscountUse.objects.exclude(state="released").count()
    return code.places_taken


def pay(answers: AnsweringPayPal, order: Order) -> Payment:
    payment = order.payments.latest("attempt")
    answers.approve(payment)
    return settle(payment=payment)


def state_of(order: Order) -> str:
    return order.discount_uses.get().state


def test_the_last_place_is_sold_once(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=2)
    first = placed("carol@example.org")
    placed("dan@example.org")
    page = Client().post(CHECKOUT, {**FORM, "email": "e@example.org", "code": "SPRING10", "price_seen": "$53.95"})
    assert "The code SPRING10 has been used up" in page.content.decode()
    assert (taken(), Order.objects.count()) == (2, 2)
    assert pay(answers, first).state == "paid"
    assert (state_of(first), taken()) == ("used", 2)


def test_a_form_sent_twice_takes_one_place_and_leads_to_the_same_order(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=1)
    client = Client(enforce_csrf_checks=True)
    page = client.get(f"{CHECKOUT}?code=SPRING10")
    token = page.context["csrf_token"]
    form = {**FORM, "code": "SPRING10", "price_seen": "$53.95", "csrfmiddlewaretoken": str(token)}
    addresses = {client.post(CHECKOUT, form).headers["Location"] for _ in range(2)}
    assert len(addresses) == 1
    assert (taken(), Order.objects.count()) == (1, 1)


def test_a_buyer_who_turns_back_releases_the_place_and_takes_it_again_to_pay(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=1)
    carol = Client()
    order = placed("carol@example.org", carol)
    carol.get("/checkout/cancelled/", {"token": str(order.payments.get().paypal_order_id)})
    assert (state_of(order), taken()) == ("released", 0)
    carol.post(f"{order.get_absolute_url()}pay/")
    assert (state_of(order), taken()) == ("held", 1)


def test_only_the_buyers_browser_releases_a_place(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=1)
    order = placed("carol@example.org")
    Client().get("/checkout/cancelled/", {"token": str(order.payments.get().paypal_order_id)})
    assert (state_of(order), taken()) == ("held", 1)


def test_a_place_is_released_after_three_hours_and_not_before(
    answers: AnsweringPayPal, clock: time_machine.Traveller
) -> None:
    factories.discount(max_uses=1)
    order = placed("carol@example.org")
    clock.shift(timedelta(hours=2, minutes=59, seconds=59))
    assert (release_expired_places(now=timezone.now()), taken()) == (0, 1)
    clock.shift(timedelta(seconds=1))
    assert (release_expired_places(now=timezone.now()), taken()) == (1, 0)
    assert release_expired_places(now=timezone.now()) == 0
    assert state_of(order) == "released"


def test_nobody_pays_with_a_released_place_that_another_buyer_has(answers: AnsweringPayPal) -> None:
    """Carol approves late, after Dan took the last place: PayPal captures nothing, and her page says why."""
    factories.discount(max_uses=1)
    carol = placed("carol@example.org")
    release_expired_places(now=timezone.now() + timedelta(hours=3))
    dan = placed("dan@example.org")
    assert pay(answers, carol).state == "expired"
    assert "payments" not in answers.orders[str(carol.payments.get().paypal_order_id)]["purchase_units"][0]
    page = Client().get(carol.get_absolute_url()).content.decode()
    assert "The discount is no longer available" in page and "with PayPal</button>" not in page
    assert Client().post(f"{carol.get_absolute_url()}pay/").headers["Location"] == carol.get_absolute_url()
    assert pay(answers, dan).state == "paid"
    assert taken() == 1


def test_a_late_approval_takes_its_released_place_again_while_there_is_room(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=1)
    order = placed("carol@example.org")
    release_expired_places(now=timezone.now() + timedelta(hours=3))
    assert taken() == 0
    assert pay(answers, order).state == "paid"
    assert (state_of(order), taken()) == ("used", 1)


def test_a_held_place_outlives_the_end_of_the_code_and_a_released_one_does_not(
    answers: AnsweringPayPal, clock: time_machine.Traveller
) -> None:
    factories.discount(ends_at=timezone.now() + timedelta(hours=1))
    carol, dan = placed("carol@example.org"), placed("dan@example.org")
    clock.shift(timedelta(hours=1))
    assert pay(answers, carol).state == "paid"
    release_expired_places(now=timezone.now() + timedelta(hours=3))
    assert pay(answers, dan).state == "expired"


def test_a_paid_place_is_never_released(answers: AnsweringPayPal, clock: time_machine.Traveller) -> None:
    factories.discount(max_uses=1)
    carol = Client()
    order = placed("carol@example.org", carol)
    pay(answers, order)
    carol.get("/checkout/cancelled/", {"token": str(order.payments.get().paypal_order_id)})
    clock.shift(timedelta(days=1))
    assert (release_expired_places(now=timezone.now()), state_of(order), taken()) == (0, "used", 1)


def test_the_limit_per_buyer_counts_the_address_in_any_spelling(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses_per_buyer=1)
    pay(answers, placed("carol@example.org"))
    assert order_of("Carol@EXAMPLE.org") is None
    assert taken() == 1
    assert order_of("dan@example.org") is not None


def test_a_buyer_who_starts_anew_takes_the_unpaid_place_along(answers: AnsweringPayPal) -> None:
    """Two tabs: the second order takes the place of the first, which can't be paid then."""
    factories.discount(max_uses_per_buyer=1)
    first, second = placed("carol@example.org"), placed("carol@example.org")
    assert (state_of(first), state_of(second), taken()) == ("released", "held", 1)
    assert pay(answers, second).state == "paid"
    assert pay(answers, first).state == "expired"
    assert taken() == 1


def test_an_unlimited_code_counts_its_uses_as_well(answers: AnsweringPayPal) -> None:
    factories.discount()
    pay(answers, placed("carol@example.org"))
    placed("carol@example.org")
    assert taken() == 2


def test_the_database_refuses_another_amount_a_second_place_and_a_deletion(answers: AnsweringPayPal) -> None:
    from django.db import IntegrityError, transaction

    factories.discount()
    use = placed("carol@example.org").discount_uses.get()
    for change in (
        lambda: DiscountUse.objects.filter(pk=use.pk).update(amount_minor=1),
        lambda: DiscountUse.objects.filter(pk=use.pk).update(held_until=None),
        lambda: DiscountUse.objects.create(
            order=use.order, discount=use.discount, amount_minor=600, currency="USD", held_until=timezone.now()
        ),
        lambda: DiscountUse.objects.filter(pk=use.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    use.refresh_from_db()
    assert (use.amount_minor, use.state) == (600, "held")


# --- Of one network, and of one browser


def held_by_strangers(number: int, **client: Any) -> list[Order | None]:
    return [order_of(f"stranger{each}@example.org", Client(**client)) for each in range(number)]


def test_a_network_takes_only_a_few_places_without_paying(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=20)
    orders = held_by_strangers(8)
    assert [order is not None for order in orders] == [True] * HELD_PER_NETWORK + [False] * (8 - HELD_PER_NETWORK)
    assert taken() == HELD_PER_NETWORK
    page = Client().post(CHECKOUT, {**FORM, "code": "SPRING10", "price_seen": "$53.95"}).content.decode()
    assert "Several buyers in your network are paying with the code SPRING10 right now" in page
    assert order_of("carol@example.org", Client(REMOTE_ADDR="203.0.113.7")) is not None
    Client().post(CHECKOUT, FORM)
    assert Order.objects.filter(discount_codes="").count() == 1


def test_paid_places_of_a_network_are_not_limited(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=20)
    reached: list[str] = []

    def count_limit(*, limit: str, **_signal: Any) -> None:
        reached.append(limit)

    limit_reached.connect(count_limit)
    for number in range(2 * HELD_PER_NETWORK):
        assert pay(answers, placed(f"colleague{number}@example.org")).state == "paid"
    assert (taken(), reached) == (2 * HELD_PER_NETWORK, [])


def test_a_place_that_was_given_up_lets_the_network_take_another(
    answers: AnsweringPayPal, clock: time_machine.Traveller
) -> None:
    factories.discount(max_uses=20)
    carol = Client()
    order = placed("carol@example.org", carol)
    assert held_by_strangers(HELD_PER_NETWORK)[-1] is None
    carol.get("/checkout/cancelled/", {"token": str(order.payments.get().paypal_order_id)})
    assert order_of("dan@example.org") is not None
    assert order_of("erin@example.org") is None


def test_a_released_place_is_not_taken_again_beyond_the_limit_of_the_network(answers: AnsweringPayPal) -> None:
    """Or else a visitor releases places, takes others, and then takes the first ones again."""
    factories.discount(max_uses=20)
    carol = Client()
    order = placed("carol@example.org", carol)
    carol.get("/checkout/cancelled/", {"token": str(order.payments.get().paypal_order_id)})
    held_by_strangers(HELD_PER_NETWORK)
    page = carol.post(f"{order.get_absolute_url()}pay/")
    assert page.status_code == 429
    assert "Others in your network are paying with this code" in page.content.decode()
    assert (state_of(order), taken()) == ("released", HELD_PER_NETWORK)
    elsewhere = Client(REMOTE_ADDR="203.0.113.7").post(f"{order.get_absolute_url()}pay/")
    assert "/checkoutnow?token=" in elsewhere.headers["Location"]


def test_a_code_without_a_limit_has_none_per_network(answers: AnsweringPayPal) -> None:
    factories.discount()
    assert None not in held_by_strangers(HELD_PER_NETWORK + 1)


def test_the_limits_table_does_not_say_which_orders_are_of_one_network(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=20)
    order = placed("carol@example.org")
    stored = [b64decode(value) for value in LimitSlot.objects.values_list("value", flat=True)]
    assert stored and not any(order.pk.bytes in value for value in stored)


def test_a_buyer_who_comes_back_without_cancelling_is_not_blocked_by_the_own_place(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=1)
    carol = Client()
    first = placed("carol@example.org", carol)
    assert "Price $59.95 Code SPRING10" in summary_of(carol.get(f"{CHECKOUT}?code=SPRING10"))
    again = {**FORM, "code": "SPRING10", "recalculate": "1"}
    assert "used up" not in carol.post(CHECKOUT, again).content.decode()
    second = placed("carol@example.org", carol)
    assert (state_of(first), state_of(second), taken()) == ("released", "held", 1)
    assert pay(answers, second).state == "paid"
    assert pay(answers, first).state == "expired"


def test_a_buyer_whom_paypal_failed_is_not_blocked_either(paypal_down: None) -> None:
    factories.discount(max_uses=1)
    carol = Client()
    first, second = placed("carol@example.org", carol), placed("carol@example.org", carol)
    assert (state_of(first), state_of(second), taken()) == ("released", "held", 1)


def test_the_own_place_stays_while_the_code_has_another(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=2)
    carol = Client()
    first, second = placed("carol@example.org", carol), placed("dan@example.org", carol)
    assert (state_of(first), state_of(second)) == ("held", "held")


def test_nobody_takes_the_place_of_another_browser_with_the_same_address(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=1)
    order = placed("carol@example.org", Client())
    assert order_of("carol@example.org", Client()) is None
    assert (state_of(order), taken()) == ("held", 1)


def test_a_paid_place_of_the_same_browser_is_not_given_up(answers: AnsweringPayPal) -> None:
    factories.discount(max_uses=1)
    carol = Client()
    order = placed("carol@example.org", carol)
    pay(answers, order)
    assert order_of("carol@example.org", carol) is None
    assert (state_of(order), taken()) == ("used", 1)
