"""Sales with a discount code: whose they are, at which rate, on which base, and through any refunds."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliates.commissions.explanation import explain_commission
from affiliates.commissions.lifecycle import approve_commission
from affiliates.commissions.rates import set_rate
from affiliates.membership.own_code import choose_code
from affiliates.models import Affiliate, AffiliateDiscount, Attribution, Commission
from affiliates.payouts.reconciliation import first_difference
from affiliates.tracking.referral_cookie import attach_referral
from shop.checkout.orders import place_order
from shop.discounts.codes import discounted_price
from shop.models import DiscountCode, Order, Payment, Product
from shop.money import Money
from shop.payments.capture_booking import apply_capture
from tests import factories
from tests.cast import signed_in
from tests.shop.purchases import FORM, capture_of
from tests.site.budget.answering_paypal import answering_paypal
from tests.site.budget.counting import count_work
from tests.site.budget.paths import World

from .test_split_refunds import HEALTH, Rollback, give_money_back

CHECKOUT = "/checkout/bps-pro/"
COUPON = {"code": "SPRING10", "price_seen": "$53.95"}


@pytest.fixture
def code(product: Product) -> DiscountCode:
    return factories.discount()


@pytest.fixture
def of_alice(code: DiscountCode, alice: Affiliate) -> AffiliateDiscount:
    return AffiliateDiscount.objects.create(discount=code, affiliate=alice)


def commission_of(order: Order) -> Commission:
    payment = order.payments.get()
    payment.paypal_order_id = f"O-{order.pk}"
    payment.save()
    apply_capture(payment=payment, capture=capture_of(payment, amount=str(payment.total.amount)))
    return Commission.objects.get(attribution__order=order)


@pytest.mark.usefixtures("paypal_down", "of_alice")
def test_an_affiliates_discount_code_attributes_the_sale(client: Client, alice: Affiliate) -> None:
    client.post(CHECKOUT, {**FORM, **COUPON})
    attribution = Attribution.objects.get()
    assert (attribution.affiliate, attribution.route) == (alice, "discount")


@pytest.mark.usefixtures("paypal_down", "of_alice")
def test_an_affiliates_discount_code_beats_anothers_link(client: Client, alice: Affiliate, erin: Affiliate) -> None:
    client.get("/go/ERIN/products/bps-pro/")
    client.post(CHECKOUT, {**FORM, **COUPON})
    assert Attribution.objects.get().affiliate == alice


@pytest.mark.usefixtures("paypal_down", "of_alice")
def test_an_affiliates_own_code_beats_anothers_discount_code(client: Client, alice: Affiliate, erin: Affiliate) -> None:
    client.post(CHECKOUT, {**FORM, **COUPON, "code": "SPRING10 erin"})
    assert Attribution.objects.get().affiliate == erin
    assert Order.objects.get().discount_codes == "SPRING10"


@pytest.mark.usefixtures("paypal_down", "of_alice")
def test_a_suspended_affiliates_code_still_gives_the_discount_and_earns_nothing(
    client: Client, alice: Affiliate
) -> None:
    Affiliate.objects.update(state="suspended")
    client.post(CHECKOUT, {**FORM, **COUPON})
    assert str(Order.objects.get().total) == "$53.95"
    assert not Attribution.objects.exists()


@pytest.mark.usefixtures("paypal_down", "of_alice")
def test_an_affiliate_buying_with_their_own_discount_code_is_held(client: Client, alice: Affiliate) -> None:
    client.post(CHECKOUT, {**FORM, **COUPON, "email": "alice@example.com"})
    assert Attribution.objects.get().flags.filter(kind="same_email").exists()


@pytest.mark.usefixtures("paypal_down")
def test_a_general_code_leaves_the_sale_to_the_link(client: Client, code: DiscountCode, alice: Affiliate) -> None:
    client.get("/go/DEMO/products/bps-pro/")
    client.post(CHECKOUT, {**FORM, **COUPON})
    attribution = Attribution.objects.get()
    assert (attribution.affiliate, attribution.route) == (alice, "cookie")


@pytest.mark.usefixtures("paypal_down")
def test_the_commission_counts_on_what_was_paid(client: Client, of_alice: AffiliateDiscount, alice: Affiliate) -> None:
    set_rate(affiliate=alice, percent=Decimal(20), actor=None)
    client.post(CHECKOUT, {**FORM, **COUPON})
    commission = commission_of(Order.objects.get())
    assert (str(commission.base), str(commission.total)) == ("$53.95", "$10.79")
    lines = {line.about: line.text for line in explain_commission(commission)}
    assert lines["Discount"] == "$6.00 was taken off the price."


@pytest.mark.usefixtures("paypal_down", "of_alice")
@pytest.mark.parametrize(
    ("entered", "said"),
    [({"code": "DEMO"}, "with a code of the affiliate"), (COUPON, "with a discount code of the affiliate")],
)
def test_receipt_and_staff_name_the_kind_of_code_that_was_entered_and_none_that_was_not(
    client: Client, staff: Client, alice: Affiliate, entered: dict[str, str], said: str
) -> None:
    client.post(CHECKOUT, {**FORM, **entered})
    commission = commission_of(Order.objects.get())
    choose_code(affiliate=alice, typed="ALICES-CHOICE", actor=alice.user)
    receipt = signed_in(alice.user).get(f"/affiliates/portal/commissions/{commission.number}/").content.decode()
    why = staff.get(f"/admin/affiliates/commission/{commission.pk}/explain/").content.decode()
    for page in (receipt, why):
        assert f"{said}, entered at checkout." in page
        assert "with the code" not in page


@pytest.mark.usefixtures("paypal_down")
def test_coded_sales_have_their_own_rate_and_others_keep_theirs(
    client: Client, code: DiscountCode, of_alice: AffiliateDiscount, alice: Affiliate
) -> None:
    set_rate(affiliate=alice, percent=Decimal(30), actor=None)
    rate = set_rate(discount=code, percent=Decimal(5), actor=None)
    client.post(CHECKOUT, {**FORM, **COUPON})
    client.post(CHECKOUT, {**FORM, "code": "DEMO"})
    coded, plain = Attribution.objects.order_by("decided_at")
    assert (coded.rate_percent, coded.rate) == (Decimal(5), rate)
    assert plain.rate_percent == Decimal(30)
    lines = {line.about: line.text for line in explain_commission(commission_of(coded.order))}
    assert "the rate for sales with this discount code" in lines["Rate"]


def test_staff_set_the_rate_of_a_code(staff: Client, code: DiscountCode) -> None:
    fields = {"discount": str(code.pk), "percent": "25", "currency": "USD"}
    page = staff.post("/admin/affiliates/rate/add/", fields)
    assert page.status_code == 302, page.content.decode()
    assert str(code.rates.get()) == "25% for the program with SPRING10"


def test_a_code_and_its_affiliate_may_each_have_one_rate_at_a_time(code: DiscountCode, alice: Affiliate) -> None:
    first = set_rate(discount=code, percent=Decimal(5), actor=None)
    second = set_rate(discount=code, percent=Decimal(6), actor=None)
    set_rate(affiliate=alice, percent=Decimal(7), actor=None)
    first.refresh_from_db()
    assert first.ends_at == second.starts_at
    second.refresh_from_db()
    assert second.ends_at is None


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("currency", ["USD", "JPY"])
@settings(max_examples=20, deadline=None, suppress_health_check=[*HEALTH, HealthCheck.differing_executors])
@given(
    data=st.data(),
    price=st.integers(1, 1_000_000),
    percent=st.integers(1, 10_000),
    flat=st.integers(0, 1_200_000),
    rate=st.integers(0, 10_000),
    approve_after=st.integers(0, 5),
)
def test_any_discount_rate_and_split_of_refunds_returns_what_was_paid_to_the_cent(
    data: st.DataObject, currency: str, price: int, percent: int, flat: int, rate: int, approve_after: int
) -> None:
    """`flat` is a flat discount; 0 stands for a percentage."""
    try:
        with transaction.atomic():
            product = factories.product(price_minor=price, currency=currency)
            alice = factories.affiliate("alice@example.com", "DEMO")
            off = Money(flat, currency) if flat else None
            code = factories.discount(off=off, percent=None if flat else Decimal(percent) / 100)
            AffiliateDiscount.objects.create(discount=code, affiliate=alice)
            set_rate(discount=code, percent=Decimal(rate) / 100, actor=None)
            order = coded_order(product)
            assert order.price == product.price
            assert order.amount_minor >= 0 and order.discount_minor == order.discount_uses.get().amount_minor
            if order.amount_minor:
                factories.payment(order, state=Payment.State.CAPTURING, paypal_order_id=f"O-{order.pk}")
                commission = commission_of(order)
                paid = order.payments.get().amount_minor
                cuts = data.draw(st.sets(st.integers(1, max(paid - 1, 1)), max_size=4).map(sorted), label="cuts")
                edges = [0, *[cut for cut in cuts if cut < paid], paid]
                parts = data.draw(st.permutations([b - a for a, b in zip(edges, edges[1:], strict=False)]))
                for number, part in enumerate(parts):
                    if number == approve_after:
                        approve_commission(commission=commission, actor=None)
                    give_money_back(order.payments.get(), part)
                payment = order.payments.get()
                assert (payment.refunded_minor, payment.available_to_refund.minor) == (order.amount_minor, 0)
                assert alice.ledger.balance(currency).minor == 0
            commission = Commission.objects.get()
            assert commission.base_minor == order.amount_minor
            assert commission.amount_minor == order.total.percent(Decimal(rate) / 100).minor
            assert first_difference(paypal_since=None) == ""
            raise Rollback
    except Rollback:
        pass


def coded_order(product: Product) -> Order:
    request = RequestFactory().post("/")
    request.user = AnonymousUser()
    attach_referral(request)
    return place_order(
        product=product,
        terms=[],
        code="",
        request=request,
        discounted=discounted_price(product=product, typed="SPRING10", now=timezone.now()),
        name="Carol",
        email="carol@example.org",
    )


@pytest.fixture
def world(db: None, clock: object, tmp_path: Path) -> Iterator[World]:
    with answering_paypal(tmp_path) as paypal:
        yield World(paypal)


def purchase_cost(world: World, code: str) -> int:
    """The queries of the form, of the order and of the capture."""

    def buy() -> None:
        client, number = world.browser(), next(world.numbers)
        client.get("/go/DEMO/products/bps-pro/")
        page = client.get(CHECKOUT, {"code": code} if code else {})
        fields = {**FORM, **page.context["form"].current, "code": code, "email": f"carol{number}@example.org"}
        fields["csrfmiddlewaretoken"] = str(page.context["csrf_token"])
        assert "/checkoutnow?token=" in client.post(CHECKOUT, fields)["Location"]
        payment = Payment.objects.get(paypal_order_id=[*world.paypal.orders][-1])
        world.paypal.approve(payment)
        client.get("/checkout/return/", {"token": str(payment.paypal_order_id)})
        assert Order.objects.get(payments=payment).state == "paid"

    for _ in range(2):
        buy()
    return count_work(buy).queries


# The page and the form each look up the network's wrong codes, and the code. The order takes a place of it, for the
# network too (two queries), is stored with what it took off, and asks whether an affiliate has it. The capture uses the
# place.
OF_THE_CODE = 10


@pytest.mark.parametrize("is_of_affiliate", [True, False])
def test_a_coded_purchase_costs_ten_queries_more(world: World, is_of_affiliate: bool) -> None:
    plain = purchase_cost(world, "")
    code = factories.discount(max_uses=100)
    if is_of_affiliate:
        AffiliateDiscount.objects.create(discount=code, affiliate=world.alice)
    assert purchase_cost(world, "SPRING10") <= plain + OF_THE_CODE
