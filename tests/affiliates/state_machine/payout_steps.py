"""Steps of payout runs: one at a time, or all at once with something happening to an affiliate on the way."""

from __future__ import annotations

from django.utils import timezone
from hypothesis import strategies as st

from affiliates.membership.payout_address import withdraw_payout_email_change
from affiliates.models import Commission, PayoutItem, PayoutRun
from affiliates.payouts.manual import make_payout_list, mark_failed_manually, mark_paid_manually
from affiliates.payouts.runs import approve_payout, cancel_payout, prepare_payout
from privacy.admin_base.refusals import ActionRefused
from privacy.registry.deadlines import local_day

from .steps import CURRENCIES, NotNow, Steps, currencies, may_happen, positions, who
from .troubles import TROUBLES
from .who_may_be_paid import assert_may_be_paid, assert_may_be_sent

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
MANUALLY = PayoutRun.Method.CSV
methods = st.sampled_from([PayoutRun.Method.PAYPAL, PayoutRun.Method.PAYPAL, MANUALLY])


class PayoutSteps(Steps):
    @may_happen(who=who)
    def withdraw_the_address(self, who: int) -> None:
        withdraw_payout_email_change(affiliate=self.world.affiliate(who), actor=self.world.bob)

    # --- The whole way -----------------------------------------------------------------------------------------------
    @may_happen(
        weight=8,
        who=who,
        currency=currencies,
        method=methods,
        trouble=st.sampled_from(["", *TROUBLES]),
        late=st.booleans(),
    )
    def pay_out_though_something_happens(self, who: int, currency: str, method: str, trouble: str, late: bool) -> None:
        """Before the approval, or late: before the first sending, or the list."""
        self.something_due(who, currency)
        run = self.prepared(currency, method)
        if trouble and not late:
            TROUBLES[trouble](self.world, who, currency)
        self.approved(run)
        if trouble and late:
            TROUBLES[trouble](self.world, who, currency)
        self.sent(run)

    @may_happen(currency=currencies, method=methods)
    def pay_out_whatever_is_due(self, currency: str, method: str) -> None:
        self.world.approve_commissions()
        run = self.prepared(currency, method)
        self.approved(run)
        self.sent(run)

    @may_happen(who=who, currency=currencies, choice=st.sampled_from(["Refund it", "Reverse it"]), hears=st.booleans())
    def pay_and_take_it_back(self, who: int, currency: str, choice: str, hears: bool) -> None:
        """PayPal tells nobody that it reversed a payout: the comparison finds it."""
        paid = PayoutItem.objects.filter(state=PayoutItem.State.PAID).exclude(paypal_item_id=None)
        if not paid.exists():
            self.something_due(who, currency)
            run = self.prepared(currency, PayoutRun.Method.PAYPAL)
            self.approved(run)
            self.sent(run)
            self.world.pass_time(1)
            self.world.hear_all()
        self.world.paypal.act_on_item(self.one(paid, who).paypal_item_id or "", choice)
        self.world.seen.add("a paid payout taken back")
        if hears:
            self.world.hear_all()
            self.world.housekeep()

    # --- Where the money goes ----------------------------------------------------------------------------------------
    @may_happen(who=who, mood=st.sampled_from([*MOODS, "shared"]), in_force=st.booleans())
    def ask_for_another_address(self, who: int, mood: str, in_force: bool) -> None:
        address = self.world.affiliate(1 - who).payout_email if mood == "shared" else f"{mood}.{who}@example.net"
        if in_force:
            self.world.change_address(who, address)
        else:
            self.world.ask_for_address(who, address)

    @may_happen(who=who)
    def put_right(self, who: int) -> None:
        self.world.put_right(who)

    # --- Step by step ------------------------------------------------------------------------------------------------
    @may_happen(currency=currencies, method=methods)
    def prepare(self, currency: str, method: str) -> None:
        self.prepared(currency, method)

    @may_happen(at=positions, works=st.booleans())
    def approve_a_run(self, at: int, works: bool) -> None:
        self.approved(self.one(PayoutRun.objects.filter(state=PayoutRun.State.PREPARED), at))
        if works:
            self.world.work()

    @may_happen(at=positions)
    def cancel_a_run(self, at: int) -> None:
        cancel_payout(run=self.one(PayoutRun.objects.filter(state=PayoutRun.State.PREPARED), at))

    @may_happen(at=positions, outcomes=st.lists(st.booleans(), max_size=2))
    def pay_manually(self, at: int, outcomes: list[bool]) -> None:
        self.paid_manually(
            self.one(PayoutRun.objects.filter(method=MANUALLY, state=PayoutRun.State.APPROVED), at), outcomes
        )

    # --- What they are made of ---------------------------------------------------------------------------------------
    def something_due(self, who: int, currency: str) -> None:
        """To an affiliate who may be paid, by a sale of just now."""
        self.world.put_right(who)
        self.world.sell(who, CURRENCIES.index(currency))
        self.world.approve_commissions()

    def prepared(self, currency: str, method: str) -> PayoutRun:
        held = set(Commission.objects.held().approved().values_list("pk", flat=True))
        try:
            run = prepare_payout(currency=currency, actor=self.world.bob, method=method)
        except ActionRefused:
            raise NotNow from None
        assert set(Commission.objects.held().approved().values_list("pk", flat=True)) == held
        return run

    def approved(self, run: PayoutRun) -> None:
        if approve_payout(run=run, actor=self.world.dora):
            self.world.seen.add("left out at the approval")
        for item in run.items.in_progress():
            assert_may_be_paid(item)
            self.world.approved.add(item.pk)
        run.refresh_from_db()

    def sent(self, run: PayoutRun) -> None:
        if run.is_manual and run.state == PayoutRun.State.APPROVED:
            self.paid_manually(run, [True, False])
        self.world.work()

    def paid_manually(self, run: PayoutRun, outcomes: list[bool]) -> None:
        """A person makes the list, and pays or fails to pay some of it."""
        is_first = run.sent_at is None
        (_, *rows), left_out = make_payout_list(run=run, actor=self.world.bob)
        items = [PayoutItem.objects.get(pk=str(row[3])) for row in rows]
        for item in items if is_first else []:
            assert_may_be_sent(item)
        if is_first and left_out:
            self.world.seen.add("left out of a list")
        run.refresh_from_db()
        for item, arrives in zip(items, outcomes, strict=False):
            if arrives:
                today = local_day(timezone.now())
                mark_paid_manually(run=run, items=[item], reference="R1", paid_on=today, actor=self.world.bob)
                self.world.seen.add("paid manually")
            else:
                mark_failed_manually(run=run, items=[item], reason="because", actor=self.world.bob)
