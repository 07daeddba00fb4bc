"""What may happen, in any order; and what holds after each step, and at the end when all is told and looked at."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, cast

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from affiliates.closing import StepRefused, close_affiliate, reinstate_affiliate, suspend_affiliate
from affiliates.commissions import approve_commission, reject_commission
from affiliates.flags import FlagRefused, clear_flag, confirm_flag, raise_flag
from affiliates.models import Affiliate, Commission, Flag, LedgerEntry, PayoutBatch, PayoutItem
from affiliates.payouts import PayoutRefused, approve_payout, cancel_payout, prepare_payout
from affiliates.profile import ChangeRefused, ask_for_payout_email, withdraw_payout_email
from affiliates.rates import RateRefused, set_rate
from affiliates.verification import first_difference
from privacy.erasure import erase_person
from privacy.mail import MailRefused
from shop.licences import ReissueRefused, reissue_licence
from shop.models import Dispute, Licence, Order, Payment, Refund
from shop.money import Money
from shop.paypal.errors import PayPalError
from shop.refunds import RefundRefused, refund_payment
from tests.paypal_standin.receiver import Hook

from .world import BUYERS, World

CURRENCIES = ("USD", "JPY")
positions = st.integers(min_value=0, max_value=99)  # of a row among those that are there
who = which = st.integers(0, 1)
shares = st.sampled_from([100, 100, 50, 17, 1])  # percent of what is left
outcomes = st.sampled_from([Dispute.Outcome.SELLER, *Dispute.Outcome.values])
MOODS = (
    "happy",
    "unclaimed",
    "returned",
    "failed",
    "held",
    "blocked",
    "pending",
    "refunded",
    "reversed",
)  # as the stand-in knows
PAID = ("completed", "completed", "pending", "declined")
FAULTS = ("refund_pending", "payout_batch_denied", "status_500_after_commit", "status_503")
RECEIVED = (Payment.State.PAID, Payment.State.PART_REFUNDED)


class NotNow(Exception):
    """There is nothing that this step could happen to. Hypothesis's own `assume` would drop all steps before it too."""


def may_happen(**drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    def decorate(step: Callable[..., None]) -> Any:
        @wraps(step)
        def if_possible(self: MoneyInAnyOrder, **values: Any) -> None:
            with suppress(NotNow):
                step(self, **values)

        return cast(Any, rule)(**drawn)(if_possible)

    return decorate


class MoneyInAnyOrder(RuleBasedStateMachine):
    make_world: Callable[[], World]  # set by the test

    def __init__(self) -> None:
        super().__init__()
        self.rollbacks = [transaction.atomic(using=alias) for alias in ("default", "keystore")]
        for each in self.rollbacks:
            each.__enter__()
        self.world = type(self).make_world()

    def teardown(self) -> None:
        try:
            self.tell_everything_and_look()
        finally:
            for alias, each in zip(("default", "keystore"), self.rollbacks, strict=True):
                transaction.set_rollback(True, using=alias)
                each.__exit__(None, None, None)

    def one(self, queryset: Any, position: int) -> Any:
        rows = list(queryset.order_by("pk"))
        if not rows:
            raise NotNow
        return rows[position % len(rows)]

    # --- Buyers ------------------------------------------------------------------------------------------------------
    @initialize(product=st.integers(0, 1))
    def start_with_a_sale(self, product: int) -> None:
        for owner in (0, 1):
            self.world.buy(owner, product, "link", again=False)
        for payment in Payment.objects.all():
            self.world.pay(payment, "completed", returns=True)

    @may_happen(
        who=who, product=st.integers(0, 1), way=st.sampled_from(["link", "code", "nobody"]), again=st.booleans()
    )
    def order(self, who: int, product: int, way: str, again: bool) -> None:
        self.world.buy(who, product, way, again)

    @may_happen(
        at=positions, outcome=st.sampled_from(["completed", "completed", "pending", "declined"]), back=st.booleans()
    )
    def pay(self, at: int, outcome: str, back: bool) -> None:
        self.world.pay(self.one(Payment.objects.filter(state=Payment.State.CREATED), at), outcome, back)

    @may_happen(at=positions, action=st.sampled_from(["complete", "deny"]))
    def end_a_pending_payment(self, at: int, action: str) -> None:
        payment = self.one(Payment.objects.filter(state=Payment.State.PENDING), at)
        self.world.paypal.act(payment.capture_id or "", action)

    @may_happen(at=positions, usable=st.booleans())
    def erase_a_buyer(self, at: int, usable: bool) -> None:
        erase_person(email=BUYERS[at % len(BUYERS)], keep_usable=usable)

    # --- PayPal ------------------------------------------------------------------------------------------------------
    @may_happen(at=positions)
    def hear_a_message(self, at: int) -> None:
        self.world.collect()
        if not self.world.waiting:
            raise NotNow
        hook = self.world.waiting.pop(at % len(self.world.waiting))
        self.world.delivered.append(hook)
        self.world.hear(hook)

    @may_happen(at=positions)
    def hear_a_message_again(self, at: int) -> None:
        if not self.world.delivered:
            raise NotNow
        self.world.hear(self.world.delivered[at % len(self.world.delivered)])

    @may_happen(backwards=st.booleans())
    def hear_all_messages(self, backwards: bool) -> None:
        self.world.collect()
        waiting, self.world.waiting = self.world.waiting, []
        for hook in reversed(waiting) if backwards else waiting:
            self.world.delivered.append(hook)
            self.world.hear(hook)

    @may_happen(at=positions, share=shares, action=st.sampled_from(["refund", "reverse"]))
    def take_money_back_at_paypal(self, at: int, share: int, action: str) -> None:
        payment = self.one(Payment.objects.filter(state__in=RECEIVED), at)
        self.world.paypal.act(payment.capture_id or "", action, amount=str(self.part(payment, share).amount))

    @may_happen(at=positions, action=st.sampled_from(["dispute", "appeal"]))
    def dispute(self, at: int, action: str) -> None:
        payment = self.one(Payment.objects.filter(state__in=Payment.RECEIVED), at)
        self.world.paypal.act(payment.capture_id or "", action)

    @may_happen(at=positions, outcome=outcomes)
    def decide_a_dispute(self, at: int, outcome: str) -> None:
        payment = self.one(Payment.objects.filter(state__in=Payment.RECEIVED), at)
        self.world.paypal.act(payment.capture_id or "", "resolve", outcome=outcome)

    @may_happen(at=positions, action=st.sampled_from(["complete", "fail"]))
    def end_a_refund(self, at: int, action: str) -> None:
        refund = self.one(Refund.objects.exclude(paypal_refund_id=None), at)
        self.world.paypal.act_on_refund(refund.paypal_refund_id or "", action)

    @may_happen(at=positions, share=shares)
    def refund_and_let_it_fail_late(self, at: int, share: int) -> None:
        payment = self.one(Payment.objects.filter(state__in=RECEIVED), at)
        with suppress(RefundRefused):
            refund = refund_payment(payment=payment, amount=self.part(payment, share), requested_by=self.world.bob)
            self.world.paypal.act_on_refund(refund.paypal_refund_id or "", "fail")

    @may_happen(at=positions, last=outcomes, hears=st.booleans())
    def lose_a_dispute_and_appeal(self, at: int, last: str, hears: bool) -> None:
        capture = self.one(Payment.objects.filter(state__in=RECEIVED), at).capture_id or ""
        self.world.paypal.act(capture, "dispute")
        self.world.paypal.act(capture, "resolve", outcome=Dispute.Outcome.BUYER)
        if hears:
            self.hear_all_of()
        self.world.paypal.act(capture, "appeal")
        self.world.paypal.act(capture, "resolve", outcome=last)

    @may_happen(at=positions, choice=st.sampled_from(["Pay it", "Let it fail", "Claim it", "Give it back", "Block it"]))
    def end_a_payout(self, at: int, choice: str) -> None:
        item = self.one(PayoutItem.objects.exclude(paypal_item_id=None), at)
        self.world.paypal.act_on_item(item.paypal_item_id or "", choice)

    @may_happen(
        kind=st.sampled_from(["refund_pending", "payout_batch_denied", "status_500_after_commit", "status_503"])
    )
    def have_bad_luck(self, kind: str) -> None:
        path = {"refund_pending": "", "payout_batch_denied": ""}.get(kind, "/v1/payments/payouts")
        self.world.paypal.fault(kind, path_contains=path)

    # --- Staff -------------------------------------------------------------------------------------------------------
    @may_happen(at=positions, share=shares)
    def refund(self, at: int, share: int) -> None:
        payment = self.one(Payment.objects.filter(state__in=RECEIVED), at)
        with suppress(RefundRefused):
            refund_payment(payment=payment, amount=self.part(payment, share), requested_by=self.world.bob)

    def part(self, payment: Payment, share: int) -> Money:
        return Money(max(payment.refundable.minor * share // 100, 1), payment.currency)

    @may_happen(at=positions)
    def replace_a_key(self, at: int) -> None:
        licence = self.one(Licence.objects.all(), at)
        with suppress(ReissueRefused):
            reissue_licence(order=licence.order, replaces=str(licence.pk), actor=self.world.bob)

    @may_happen(product=st.integers(0, 1), minor=st.integers(1, 100_000))
    def change_a_price(self, product: int, minor: int) -> None:
        chosen = self.world.products[product]
        type(chosen).objects.filter(pk=chosen.pk).update(price_minor=minor)

    @may_happen(who=who, hundredths=st.integers(0, 10_000))
    def change_a_rate(self, who: int, hundredths: int) -> None:
        with suppress(RateRefused):
            set_rate(affiliate=self.world.affiliates[who], percent=Decimal(hundredths) / 100, by=None)

    @may_happen(minor=st.integers(0, 100_000), currency=st.sampled_from(CURRENCIES))
    def pay_a_flat_amount(self, minor: int, currency: str) -> None:
        product = next(each for each in self.world.products if each.currency == currency)
        with suppress(RateRefused):
            set_rate(product=product, flat=Money(minor, currency), by=None)

    @may_happen(at=positions)
    def approve(self, at: int) -> None:
        approve_commission(commission=self.one(Commission.objects.all(), at), approved_by=self.world.bob)

    @may_happen(at=positions)
    def reject(self, at: int) -> None:
        reject_commission(commission=self.one(Commission.objects.all(), at), reason="because")

    @may_happen(at=positions)
    def hold(self, at: int) -> None:
        commission = self.one(Commission.objects.all(), at)
        raise_flag(attribution=commission.attribution, kind=Flag.Kind.BY_STAFF)

    @may_happen(at=positions, guilty=st.booleans())
    def decide_a_flag(self, at: int, guilty: bool) -> None:
        flag = self.one(Flag.objects.open().exclude(kind=Flag.Kind.PAYMENT_DISPUTE), at)
        with suppress(FlagRefused):
            if guilty:
                confirm_flag(flag=flag, reason="looked into", by=self.world.bob)
            else:
                clear_flag(flag=flag, reason="looked into", by=self.world.bob)

    @may_happen(who=who, step=st.sampled_from(["suspend", "reinstate", "suspend", "reinstate", "close"]))
    def change_standing(self, who: int, step: str) -> None:
        affiliate = Affiliate.objects.get(pk=self.world.affiliates[who].pk)
        with suppress(StepRefused):
            if step == "reinstate":
                reinstate_affiliate(affiliate=affiliate, by=self.world.bob)
            elif step == "suspend":
                suspend_affiliate(affiliate=affiliate, reason="because", by=self.world.bob)
            else:
                close_affiliate(affiliate=affiliate, reason="because", by=self.world.bob)

    @may_happen(who=who, mood=st.sampled_from(MOODS))
    def ask_for_another_address(self, who: int, mood: str) -> None:
        affiliate = Affiliate.objects.select_related("user").get(pk=self.world.affiliates[who].pk)
        with suppress(ChangeRefused, MailRefused):
            ask_for_payout_email(affiliate=affiliate, email=f"{mood}.{who}@example.net", by=self.world.bob)

    @may_happen(who=who)
    def withdraw_the_address(self, who: int) -> None:
        affiliate = Affiliate.objects.get(pk=self.world.affiliates[who].pk)
        withdraw_payout_email(affiliate=affiliate, by=self.world.bob)

    @may_happen(who=who)
    def erase_an_affiliate(self, who: int) -> None:
        erase_person(email=("alice@example.com", "erin@example.com")[who])

    @may_happen(currency=st.sampled_from(CURRENCIES))
    def prepare(self, currency: str) -> None:
        with suppress(PayoutRefused):
            prepare_payout(currency=currency, prepared_by=self.world.bob)

    @may_happen(at=positions, send=st.booleans())
    def approve_a_run(self, at: int, send: bool) -> None:
        batch = self.one(PayoutBatch.objects.filter(state=PayoutBatch.State.PREPARED), at)
        approve_payout(batch=batch, approved_by=self.world.dora)
        if send:
            self.world.work()

    @may_happen(at=positions)
    def cancel_a_run(self, at: int) -> None:
        cancel_payout(batch=self.one(PayoutBatch.objects.filter(state=PayoutBatch.State.PREPARED), at))

    @may_happen(currency=st.sampled_from(CURRENCIES))
    def pay_out_whatever_is_due(self, currency: str) -> None:
        """The whole way at once, so that the steps in between are not all that ever happens."""
        for commission in Commission.objects.all():
            approve_commission(commission=commission, approved_by=self.world.bob)
        with suppress(PayoutRefused):
            batch = prepare_payout(currency=currency, prepared_by=self.world.bob)
            approve_payout(batch=batch, approved_by=self.world.dora)
        self.world.work()

    # --- Time --------------------------------------------------------------------------------------------------------
    @may_happen(hours=st.sampled_from([1, 2, 24, 73, 24 * 8, 24 * 31]))
    def pass_time(self, hours: int) -> None:
        self.world.pass_time(hours)

    @may_happen()
    def housekeep(self) -> None:
        self.world.work()
        self.world.housekeep()

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
            out = total(PayoutItem.objects.filter(currency=currency).exclude(state__in=PayoutItem.CAME_BACK))
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
            works = Licence.objects.working().filter(order=order).count()
            assert works == self.world.licence_should_work(order), f"{order}: {order.state}, {works} keys work"

    # --- What holds in the end ---------------------------------------------------------------------------------------
    def tell_everything_and_look(self) -> None:
        """All messages arrive, the worker and housekeeping come by for some days: then all is as PayPal has it."""
        world = self.world
        for refund in Refund.objects.filter(state=Refund.State.PENDING).exclude(paypal_refund_id=None):
            world.paypal.act_on_refund(refund.paypal_refund_id or "", "complete")
        for _ in range(3):
            world.work()
            self.hear_all_of()
            world.pass_time(25)
            world.housekeep()
        since = timezone.now() - timedelta(days=400)
        assert first_difference(paypal_since=since) == ""
        assert not list(Payment.objects.differing().values_list("problem", flat=True))
        self.every_license_follows_its_money()
        for number, payouts in world.what_paypal_paid().items():
            item = PayoutItem.objects.get(pk=number)
            assert [amount for _, amount in payouts] == [f"{item.total.amount}"], "paid twice, or another sum"

    def hear_all_of(self) -> None:
        self.world.collect()
        waiting, self.world.waiting = self.world.waiting, []
        hooks: list[Hook] = [*waiting, *waiting[::-1]]
        for hook in hooks:
            with suppress(PayPalError):
                self.world.hear(hook)


def total(rows: Any) -> int:
    return rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0
