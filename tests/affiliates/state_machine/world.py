"""A shop, its affiliates, and PayPal's stand-in over HTTP, as the state machine drives them.

PayPal's messages are collected here and reach the site's webhook only when the machine says so: in any order, twice,
days late, or never. The site's clock and the stand-in's move together.
"""

from __future__ import annotations

from datetime import timedelta
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate, PayoutItem, PayoutParcel
from aitpro.housekeeping import STEPS
from shop.models import Order, Payment
from shop.paypal.gateway import gateway
from tests import factories
from tests.paypal_standin.receiver import Hook
from tests.shop.messages import deliver
from tests.standin_process import Standin
from tests.worker import run_due_tasks

# What housekeeping does for money. The rest of it is looked after elsewhere, and stops when the clock jumps.
MONEY = (
    "messages from PayPal done again",
    "payments looked at",
    "refunds looked at",
    "disputes looked at",
    "payments compared with PayPal",
    "commissions past their hold",
    "payout runs looked at",
    "payout addresses changed",
    "closed affiliates parted with",
    "sums folded",
)
BUYERS = ("carol@example.org", "dave@example.org", "frank@example.org")


class World:
    def __init__(self, paypal: Standin, clock: time_machine.Traveller) -> None:
        cache.clear()
        self.paypal, self.clock = paypal, clock
        self.products = [
            factories.product(),
            factories.product(slug="bps-yen", name="BPS Yen", price_minor=8000, currency="JPY"),
        ]
        self.affiliates = [factories.affiliate(f"{name}@example.com", name.upper()) for name in ("alice", "erin")]
        self.bob, self.dora = (
            factories.user(f"{name}@example.com", is_staff=True, is_superuser=True) for name in ("bob", "dora")
        )
        self.staff = Client()
        self.staff.force_login(self.bob)
        self.waiting: list[Hook] = []
        self.delivered: list[Hook] = []
        self.orders = 0
        self.sent_before: set[Any] = set()
        self.last = max((one["id"] for one in self.paypal.transmissions(0)), default=0)

    def collect(self) -> None:
        """The messages that PayPal has sent since, none of which the site has heard."""
        for one in self.paypal.transmissions(self.last):
            headers = Message()
            for name, value in one["headers"].items():
                headers[name] = value
            self.waiting.append(Hook(headers, one["body"].encode()))
            self.last = one["id"]

    def hear(self, hook: Hook) -> None:
        assert deliver(hook) == 200
        self.work()

    def work(self) -> None:
        """Due tasks, as the worker does them. Mails fail or not as ever; what pays is looked at right after."""
        run_due_tasks()
        self.check_what_was_sent()

    def buy(self, who: int, product: int, way: str, again: bool) -> None:
        """A visitor comes by a link, types a code, or neither, and sends the form, twice or not."""
        self.orders += 1
        browser, code = Client(REMOTE_ADDR=f"203.0.113.{self.orders}"), self.affiliates[who].code
        if way == "link":
            browser.get(f"/go/{code}/")
        buyer = BUYERS[self.orders % len(BUYERS)]
        form = {"name": "A Buyer", "email": buyer, "code": code if way == "code" else ""}
        for _ in range(1 + again):
            browser.post(f"/checkout/{self.products[product].slug}/", form)

    def pay(self, payment: Payment, outcome: str, returns: bool) -> None:
        choice = {"choice": "decline"} if outcome == "declined" else {"choice": "pay", "outcome": outcome}
        if timezone.now() - payment.created_at > timedelta(hours=2):  # PayPal forgets an order after three
            return
        address = urlsplit(self.paypal.decide(payment.approve_url, **choice))
        if returns:
            Client().get(f"{address.path}?{address.query}")

    def pass_time(self, hours: int) -> None:
        self.clock.shift(timedelta(hours=hours))
        self.paypal.advance(hours * 3600)

    def housekeep(self) -> None:
        for name in MONEY:
            STEPS[name](timezone.now())
            self.check_what_was_sent()

    def check_what_was_sent(self) -> None:
        """Asked right after the step that sent it: nobody got money who may not be paid, at no other address."""
        first = PayoutParcel.objects.exclude(first_sent_at=None).exclude(pk__in=self.sent_before)
        for item in PayoutItem.objects.filter(parcel__in=first).exclude(state=PayoutItem.State.CANCELLED):
            assert item.affiliate.state == Affiliate.State.ACTIVE or item.affiliate.is_closing, "paid, though suspended"
            assert item.receiver == item.affiliate.payout_email, "paid at an address that is not in force"
        for parcel in first.exclude(paypal_batch_id=None):
            held = PayoutItem.objects.filter(parcel=parcel).exclude(state=PayoutItem.State.CANCELLED)
            assert not held.commissions().held().exists(), "paid, though held"
            self.sent_before.add(parcel.pk)

    def what_paypal_paid(self) -> dict[str, list[tuple[str, str]]]:
        """Receiver and amount of each payout of ours that PayPal ever got, by our number."""
        found: dict[str, list[tuple[str, str]]] = {}
        for parcel in PayoutParcel.objects.exclude(paypal_batch_id=None):
            answer = gateway().client.get(f"/v1/payments/payouts/{parcel.paypal_batch_id}")
            for one in answer["items"]:
                item = one["payout_item"]
                found.setdefault(item["sender_item_id"], []).append((item["receiver"], item["amount"]["value"]))
        return found

    def licence_should_work(self, order: Order) -> bool:
        """While its money is here, in whole or in part, and its buyer has not ended the delivery."""
        received = order.payments.filter(state__in=[Payment.State.PAID, Payment.State.PART_REFUNDED])
        return received.exists() and not order.delivery_ended
