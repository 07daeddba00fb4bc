"""Steps of buyers and PayPal: payments, webhooks, refunds, disputes, and payout results."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import strategies as st

from affiliates.models import PayoutItem
from privacy.admin_base.refusals import ActionRefused
from privacy.erasure.erase import erase_person
from shop.models import Dispute, ExtraCapture, Payment, Refund
from shop.payments.refunds import refund_payment

from .steps import RECEIVED, NotNow, Steps, may_happen, positions, products, shares, who
from .world import BUYERS

outcomes = st.sampled_from([Dispute.Outcome.SELLER, *Dispute.Outcome.values])
MISHAPS = {
    "refund_pending": "",
    "payout_batch_denied": "",
    "status_500_after_commit": "/v1/payments/payouts",
    "status_503": "/v1/payments/payouts",
}
ENDS = ("Pay it", "Let it fail", "Claim it", "Give it back", "Block it", "Release it")


class PayPalSteps(Steps):
    # --- Buyers ------------------------------------------------------------------------------------------------------
    @may_happen(who=who, product=products, way=st.sampled_from(["link", "code", "nobody"]), again=st.booleans())
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

    # --- Messages ----------------------------------------------------------------------------------------------------
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
        self.world.hear_all(backwards=backwards)

    # --- Money taken back --------------------------------------------------------------------------------------------
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
        with suppress(ActionRefused):
            refund = refund_payment(payment=payment, amount=self.part(payment, share), actor=self.world.bob)
            self.world.paypal.act_on_refund(refund.paypal_refund_id or "", "fail")

    @may_happen(at=positions, last=outcomes, hears=st.booleans())
    def lose_a_dispute_and_appeal(self, at: int, last: str, hears: bool) -> None:
        capture = self.one(Payment.objects.filter(state__in=RECEIVED), at).capture_id or ""
        self.world.paypal.act(capture, "dispute")
        self.world.paypal.act(capture, "resolve", outcome=Dispute.Outcome.BUYER)
        if hears:
            self.world.hear_all()
        self.world.paypal.act(capture, "appeal")
        self.world.paypal.act(capture, "resolve", outcome=last)

    @may_happen(at=positions)
    def collect_an_order_twice(self, at: int) -> None:
        payment = self.one(Payment.objects.filter(state__in=RECEIVED), at)
        self.world.paypal.act(payment.capture_id or "", "again")
        self.world.collected_twice.append(payment.pk)

    @may_happen(at=positions)
    def give_back_what_was_collected_twice(self, at: int) -> None:
        extra = self.one(ExtraCapture.objects.to_refund(), at)
        self.world.paypal.act(extra.capture_id, "refund")

    # --- Payouts -----------------------------------------------------------------------------------------------------
    @may_happen(at=positions, choice=st.sampled_from(ENDS))
    def end_a_payout(self, at: int, choice: str) -> None:
        item = self.one(PayoutItem.objects.exclude(paypal_item_id=None).exclude(state=PayoutItem.State.PAID), at)
        self.world.paypal.act_on_item(item.paypal_item_id or "", choice)

    @may_happen(kind=st.sampled_from(list(MISHAPS)))
    def have_bad_luck(self, kind: str) -> None:
        self.world.paypal.fault(kind, path_contains=MISHAPS[kind])
