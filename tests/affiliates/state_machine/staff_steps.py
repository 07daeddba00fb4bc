"""Steps of staff besides payouts: refunds, rates, commissions, flags, licenses, and account states."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from hypothesis import strategies as st

from affiliates.commissions.flags import clear_flag, confirm_flag, raise_flag
from affiliates.commissions.lifecycle import approve_commission, reject_commission
from affiliates.commissions.rates import set_rate
from affiliates.membership.account_state import close_affiliate, reinstate_affiliate, suspend_affiliate
from affiliates.models import Commission, Flag
from privacy.admin_base.refusals import ActionRefused
from privacy.erasure.erase import erase_person
from shop.delivery.licenses import reissue_license
from shop.models import License, Payment
from shop.money import Money
from shop.payments.refunds import refund_payment

from .steps import RECEIVED, Steps, currencies, may_happen, positions, products, shares, who


class StaffSteps(Steps):
    @may_happen(at=positions, share=shares)
    def refund(self, at: int, share: int) -> None:
        payment = self.one(Payment.objects.filter(state__in=RECEIVED), at)
        with suppress(ActionRefused):
            refund_payment(payment=payment, amount=self.part(payment, share), actor=self.world.bob)

    @may_happen(at=positions)
    def replace_a_key(self, at: int) -> None:
        license = self.one(License.objects.all(), at)
        with suppress(ActionRefused):
            reissue_license(order=license.order, replaces=str(license.pk), actor=self.world.bob)

    @may_happen(product=products, minor=st.integers(1, 100_000))
    def change_a_price(self, product: int, minor: int) -> None:
        chosen = self.world.products[product]
        type(chosen).objects.filter(pk=chosen.pk).update(price_minor=minor)

    @may_happen(who=who, hundredths=st.integers(0, 10_000))
    def change_a_rate(self, who: int, hundredths: int) -> None:
        with suppress(ActionRefused):
            set_rate(affiliate=self.world.affiliates[who], percent=Decimal(hundredths) / 100, actor=None)

    @may_happen(minor=st.integers(0, 100_000), currency=currencies)
    def pay_a_flat_amount(self, minor: int, currency: str) -> None:
        product = next(each for each in self.world.products if each.currency == currency)
        with suppress(ActionRefused):
            set_rate(product=product, flat=Money(minor, currency), actor=None)

    @may_happen(at=positions)
    def approve(self, at: int) -> None:
        approve_commission(commission=self.one(Commission.objects.all(), at), actor=self.world.bob)

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
        with suppress(ActionRefused):
            if guilty:
                confirm_flag(flag=flag, reason="looked into", actor=self.world.bob)
            else:
                clear_flag(flag=flag, reason="looked into", actor=self.world.bob)

    @may_happen(who=who, step=st.sampled_from(["suspend", "reinstate", "suspend", "reinstate", "close"]))
    def change_standing(self, who: int, step: str) -> None:
        affiliate = self.world.affiliate(who)
        with suppress(ActionRefused):
            if step == "reinstate":
                reinstate_affiliate(affiliate=affiliate, actor=self.world.bob)
            elif step == "suspend":
                suspend_affiliate(affiliate=affiliate, reason="because", actor=self.world.bob)
            else:
                close_affiliate(affiliate=affiliate, reason="because", actor=self.world.bob)

    @may_happen()
    def publish_new_terms(self) -> None:
        self.world.publish_terms()

    @may_happen(who=who)
    def accept_the_terms(self, who: int) -> None:
        self.world.accept_terms(who)

    @may_happen(who=who)
    def erase_an_affiliate(self, who: int) -> None:
        erase_person(email=("alice@example.com", "erin@example.com")[who])

    # --- Time --------------------------------------------------------------------------------------------------------
    @may_happen(hours=st.sampled_from([1, 2, 24, 73, 24 * 8, 24 * 31]))
    def pass_time(self, hours: int) -> None:
        self.world.pass_time(hours)

    @may_happen()
    def housekeep(self) -> None:
        self.world.work()
        self.world.housekeep()
