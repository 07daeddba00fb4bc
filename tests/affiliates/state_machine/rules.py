"""The steps that may happen in any order, and the invariants after each step and at the end."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db.models import F, Sum
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from affiliates.models import Affiliate, Commission, LedgerEntry, PayoutItem, PayoutRun
from affiliates.payouts.reconciliation import first_difference
from shop.models import ExtraCapture, License, Order, Payment, Refund

from .payout_steps import PayoutSteps
from .paypal_steps import PayPalSteps
from .staff_steps import StaffSteps
from .steps import CHOICES, CURRENCIES, NotNow, products

STAGES = ("sent", "approved", "prepared", "sold")


class MoneyInAnyOrder(PayPalSteps, StaffSteps, PayoutSteps):
    @initialize(product=products, stage=st.sampled_from(STAGES))
    def start_with_sales(self, product: int, stage: str) -> None:
        """Both affiliates have brought one, and a payout run has come as far as this."""
        for owner in (0, 1):
            self.world.sell(owner, product)
        if stage == "sold":
            return
        self.world.approve_commissions()
        run = self.prepared(CURRENCIES[product], PayoutRun.Method.PAYPAL)
        if stage in ("approved", "sent"):
            self.approved(run)
        if stage == "sent":
            self.world.work()

    @rule(chosen=st.one_of(CHOICES))
    def step(self, chosen: tuple[str, dict[str, Any]]) -> None:
        """One rule for all: of many, Hypothesis leaves out about half in each example, and here there are few."""
        name, drawn = chosen
        with suppress(NotNow):
            getattr(self, name)(**drawn)

    # --- What holds after each step ----------------------------------------------------------------------------------
    @invariant()
    def the_books_agree(self) -> None:
        assert first_difference(paypal_since=None) == ""

    @invariant()
    def nothing_is_lost_between_commissions_payouts_and_balances(self) -> None:
        """What was credited less what was reversed is what was paid out and stayed out, plus what is still due."""
        for currency in CURRENCIES:
            lines = LedgerEntry.objects.filter(currency=currency)
            credited = total(lines.filter(kind__in=["commission", "reversal", "restored"]))
            out = total(PayoutItem.objects.filter(currency=currency).exclude(state__in=PayoutItem.RETURNED_STATES))
            assert credited == out + lines.unclaimed().balance(currency).minor

    @invariant()
    def what_no_payout_may_take_is_the_rest_of_what_is_due(self) -> None:
        for affiliate in Affiliate.objects.all():
            payable = set(affiliate.ledger.payable().values_list("pk", flat=True))
            withheld = set(LedgerEntry.objects.withheld_from(affiliate).values_list("pk", flat=True))
            assert payable | withheld == set(affiliate.ledger.unclaimed().values_list("pk", flat=True))
            assert not payable & withheld

    @invariant()
    def no_commission_is_above_what_it_was(self) -> None:
        assert not Commission.objects.filter(reversed_minor__gt=F("amount_minor")).exists()
        lines = LedgerEntry.objects.exclude(commission=None).order_by().values("commission")
        for row in lines.annotate(sum=Sum("amount_minor"), most=F("commission__amount_minor")):
            assert 0 <= row["sum"] <= row["most"]

    @invariant()
    def every_license_follows_its_money(self) -> None:
        for order in Order.objects.prefetch_related("payments"):
            works = License.objects.working().filter(order=order).count()
            assert works == self.world.license_should_work(order), f"{order}: {order.state}, {works} keys work"

    # --- What holds in the end ---------------------------------------------------------------------------------------
    def tell_everything_and_look(self) -> None:
        """All messages arrive, the worker and housekeeping come by for some days: then all is as PayPal has it."""
        world = self.world
        for _ in range(3):
            world.work()
            world.hear_all()
            for refund in Refund.objects.filter(state=Refund.State.PENDING).exclude(paypal_refund_id=None):
                world.paypal.act_on_refund(refund.paypal_refund_id or "", "complete")
            world.hear_all()
            world.hear_again()
            world.pass_time(25)
            world.housekeep()
        since = timezone.now() - timedelta(days=400)
        assert first_difference(paypal_since=since) == ""
        assert list(Payment.objects.with_problem().values_list("problem", flat=True)) == []
        self.the_books_agree()
        self.nothing_is_lost_between_commissions_payouts_and_balances()
        self.every_license_follows_its_money()
        for number, payouts in world.what_paypal_paid().items():
            assert payouts == [world.sent_to[number]], "paid twice, at another address, or another sum"
        found = ExtraCapture.objects.order_by("payment").values_list("payment", flat=True)
        assert list(found) == sorted(world.collected_twice), "collected twice, and not all of it was found"


def total(rows: Any) -> int:
    return rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0
