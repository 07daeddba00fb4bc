"""The five paths of the performance budget, as people walk them. Each returns the request that is counted."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from bs4 import BeautifulSoup
from django.test import Client

from affiliates.models import Affiliate
from shop.models import Payment, PayPalEvent, ShopTerms
from shop.terms.publishing import publish_terms
from shop.webhooks.processing import handle_event
from tests import factories
from tests.cast import signed_in

from .answering_paypal import AnsweringPayPal

Act = Callable[[], object]


class World:
    """A shop with a licensed product and published terms, and Alice, an affiliate whose links bring all buyers."""

    def __init__(self, paypal: AnsweringPayPal) -> None:
        self.paypal = paypal
        self.numbers = count(1)
        self.product = factories.product(issues_license=True)
        self.alice: Affiliate = factories.affiliate("alice@example.com", "DEMO")
        for draft in ShopTerms.objects.filter(number=1, effective_from=None):
            publish_terms(version=draft, effective_from=None, actor=None)

    def browser(self) -> Client:
        """One that hasn't been here, in a network of its own."""
        number = next(self.numbers)
        return Client(enforce_csrf_checks=True, REMOTE_ADDR=f"203.{number >> 8}.{number & 255}.7")


def home(world: World) -> Act:
    client = world.browser()
    return lambda: expect(client.get("/").status_code, 200)


def click(world: World) -> Act:
    client = world.browser()
    return lambda: expect(client.get("/go/DEMO/products/bps-pro/").status_code, 302)


def checkout(world: World, **filled_in: str) -> Act:
    client, number = world.browser(), next(world.numbers)
    client.get("/go/DEMO/products/bps-pro/")
    seen = client.get("/checkout/bps-pro/", {"code": filled_in["code"]} if "code" in filled_in else None)
    page = BeautifulSoup(seen.content, "html.parser")
    fields = {str(field["name"]): str(field.get("value", "")) for field in page.select("input[name]")}
    fields |= {"name": "Carol Customer", "email": f"carol{number}@example.org", **filled_in}
    return lambda: expect("/checkoutnow?token=" in client.post("/checkout/bps-pro/", fields)["Location"], True)


def webhook(world: World) -> Act:
    """The whole way: the message, and the task that captures, books the commission and queues the receipt."""
    checkout(world)()
    payment, client = Payment.objects.get(paypal_order_id=[*world.paypal.orders][-1]), world.browser()
    world.paypal.approve(payment)

    def receive_and_handle() -> None:
        expect(world.paypal.notify(client, payment), 200)
        event = PayPalEvent.objects.only("pk").get(payment=payment)  # in place of the worker, which reads its task
        handle_event.call(str(event.pk))

    return receive_and_handle


def portal(world: World) -> Act:
    client = signed_in(world.alice.user)
    return lambda: expect(client.get("/affiliates/portal/").status_code, 200)


PATHS: dict[str, Callable[[World], Act]] = {
    "home": home,
    "click": click,
    "checkout": checkout,
    "webhook": webhook,
    "portal": portal,
}


def expect(value: object, expected: object) -> None:
    if value != expected:
        raise AssertionError(f"{value!r} instead of {expected!r}")
