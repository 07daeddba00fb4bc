"""A shop, its affiliates, and PayPal's stand-in over HTTP, as the state machine drives them.

PayPal's messages are collected here and reach the site's webhook only when the machine says so: in any order, twice,
days late, or never. The site's clock and the stand-in's move together.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from affiliates.commissions.flags import clear_flag
from affiliates.commissions.lifecycle import approve_commission
from affiliates.membership.account_state import reinstate_affiliate
from affiliates.membership.payout_address import request_payout_email_change
from affiliates.membership.terms import accept_terms, terms_to_accept
from affiliates.models import (
    Affiliate,
    Commission,
    Flag,
    LedgerCheck,
    PayoutEmailChange,
    PayoutItem,
    PayPalBatch,
    TermsVersion,
)
from aitpro.housekeeping import JOBS
from privacy.admin_base.refusals import ActionRefused
from privacy.mail.sending import MailRefused
from shop.models import Order, Payment
from shop.paypal.gateway import gateway
from shop.terms.publishing import publish_terms
from tests import factories
from tests.cast import superuser
from tests.paypal_standin.receiver import Hook
from tests.shop.webhook_messages import deliver
from tests.standin_process import Standin
from tests.worker import run_due_tasks

from .who_may_be_paid import assert_may_be_sent

# What housekeeping does for money. The rest of it is looked after elsewhere, and stops when the clock jumps.
MONEY = (
    "webhook events retried",
    "payments updated",
    "refunds updated",
    "disputes updated",
    "payments reconciled with PayPal",
    "commissions past their hold",
    "payout runs updated",
    "payout addresses changed",
    "closed affiliates anonymized",
    "ledger reconciled",
    "balances folded",
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
        self.bob, self.dora = (superuser(f"{name}@example.com") for name in ("bob", "dora"))
        self.staff = Client()
        self.staff.force_login(self.bob)
        for each in (0, 1):
            self.accept_terms(each)
        self.waiting: list[Hook] = []
        self.delivered: list[Hook] = []
        self.orders = 0
        self.sent_before: set[Any] = set()
        self.sent_to: dict[str, tuple[str, str]] = {}
        self.approved: set[Any] = set()  # payouts that no approval left out
        self.collected_twice: list[Any] = []
        self.seen: set[str] = set()  # what makes a run of the machine worth while
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

    def hear_all(self, *, backwards: bool = False) -> None:
        self.collect()
        waiting, self.waiting = self.waiting, []
        for hook in reversed(waiting) if backwards else waiting:
            self.delivered.append(hook)
            self.hear(hook)

    def hear_again(self) -> None:
        """All that was ever told, the last first."""
        for hook in reversed(self.delivered):
            self.hear(hook)

    def work(self) -> None:
        """Due tasks, as the worker does them. Mails fail or not as ever; what pays is looked at right after."""
        run_due_tasks(after_each=self.check_what_was_sent)

    def buy(self, who: int, product: int, way: str, again: bool) -> None:
        """A visitor comes by a link, types a code, or neither, and sends the form, twice or not."""
        self.orders += 1
        browser, code = Client(REMOTE_ADDR=f"203.0.113.{self.orders}"), self.affiliates[who].code
        if way == "link":
            browser.get(f"/go/{code}/")
        buyer = BUYERS[self.orders % len(BUYERS)]
        address = f"/checkout/{self.products[product].slug}/"
        seen = Client().get(address).context["form"].current
        form = {"name": "A Buyer", "email": buyer, "code": code if way == "code" else "", **seen}
        for _ in range(1 + again):
            browser.post(address, form)

    def pay(self, payment: Payment, outcome: str, returns: bool) -> None:
        choice = {"choice": "decline"} if outcome == "declined" else {"choice": "pay", "outcome": outcome}
        if timezone.now() - payment.created_at > timedelta(hours=2):  # PayPal forgets an order after three
            return
        address = urlsplit(self.paypal.decide(payment.approve_url, **choice))
        if returns:
            Client().get(f"{address.path}?{address.query}")

    def sell(self, who: int, product: int) -> None:
        """An order that this affiliate brings, and that is paid at once."""
        self.buy(who, product, "code", again=False)
        for payment in Payment.objects.filter(state=Payment.State.CREATED).order_by("-pk")[:1]:
            self.pay(payment, "completed", returns=True)

    def affiliate(self, who: int) -> Affiliate:
        return Affiliate.objects.select_related("user").get(pk=self.affiliates[who].pk)

    def approve_commissions(self) -> None:
        for commission in Commission.objects.filter(state=Commission.State.PENDING):
            approve_commission(commission=commission, actor=self.bob)

    def publish_terms(self) -> None:
        version = TermsVersion.objects.create(
            number=TermsVersion.objects.next_number(), text="Terms", changes="They are new."
        )
        publish_terms(version=version, effective_from=timezone.now() + timedelta(hours=1), actor=self.bob)
        self.pass_time(2)

    def accept_terms(self, who: int) -> None:
        affiliate, now = self.affiliate(who), timezone.now()
        if version := terms_to_accept(affiliate, now=now):
            accept_terms(affiliate=affiliate, version=version, now=now, actor=affiliate.user)

    def ask_for_address(self, who: int, address: str | None) -> None:
        with suppress(ActionRefused, MailRefused):
            request_payout_email_change(affiliate=self.affiliate(who), email=address, actor=self.bob)

    def change_address(self, who: int, address: str | None) -> None:
        """Asked for, and in force three days later."""
        self.ask_for_address(who, address)
        if PayoutEmailChange.objects.waiting().exists():
            self.pass_time(73)
            JOBS["payout addresses changed"].run(timezone.now())

    def put_right(self, who: int) -> None:
        """Whatever keeps an affiliate from being paid, as far as that can be undone."""
        affiliate, other = self.affiliate(who), self.affiliate(1 - who)
        with suppress(ActionRefused):
            reinstate_affiliate(affiliate=affiliate, actor=self.bob)
        self.accept_terms(who)
        if affiliate.payout_email in {None, other.payout_email}:
            self.change_address(who, f"own.{who}@example.com")
        raised = Flag.objects.open().filter(attribution__affiliate=affiliate)
        for flag in raised.exclude(kind=Flag.Kind.PAYMENT_DISPUTE):
            clear_flag(flag=flag, reason="looked into", actor=self.bob)

    def pass_time(self, hours: int) -> None:
        self.clock.shift(timedelta(hours=hours))
        self.paypal.advance(hours * 3600)

    def housekeep(self) -> None:
        for name in MONEY:
            JOBS[name].run(timezone.now())
            self.check_what_was_sent()
        assert not list(LedgerCheck.objects.exclude(difference="").values_list("difference", flat=True))

    def check_what_was_sent(self) -> None:
        """Asked right after the step that sent it: nobody got money who may not be paid, at no other address."""
        for batch in PayPalBatch.objects.exclude(first_sent_at=None).exclude(pk__in=self.sent_before):
            self.sent_before.add(batch.pk)
            for item in PayoutItem.objects.filter(batch=batch):
                if item.state in PayoutItem.RETURNED_STATES:
                    if item.pk in self.approved:
                        self.seen.add("left out at the first sending")
                    continue
                assert_may_be_sent(item)
                self.sent_to[str(item.pk)] = (item.receiver or "", f"{item.total.amount}")
                self.seen.add("sent to PayPal")

    def what_paypal_paid(self) -> dict[str, list[tuple[str, str]]]:
        """Receiver and amount of each payout of ours that PayPal ever got, by our number."""
        found: dict[str, list[tuple[str, str]]] = {}
        for batch in PayPalBatch.objects.exclude(paypal_batch_id=None):
            answer = gateway().client.get(f"/v1/payments/payouts/{batch.paypal_batch_id}")
            for one in answer["items"]:
                item = one["payout_item"]
                found.setdefault(item["sender_item_id"], []).append((item["receiver"], item["amount"]["value"]))
        return found

    def license_should_work(self, order: Order) -> bool:
        """While its money is here, in whole or in part, and its buyer has not ended the delivery."""
        received = order.payments.filter(state__in=[Payment.State.PAID, Payment.State.PART_REFUNDED])
        return received.exists() and not order.delivery_ended
