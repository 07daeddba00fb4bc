"""Groups of affiliates with rates of their own, and the steps of a rate that approved sales reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.groups import move_to_group
from affiliates.commissions.rates import applied_rate, set_rate
from affiliates.models import Affiliate, AffiliateGroup, Attribution, Rate, RateStep
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.money import Money
from tests.affiliates.portal.pages import text_of
from tests.affiliates.sales import approved_sale, refund, sale
from tests.cast import signed_in
from tests.staff_pages import Page

pytestmark = pytest.mark.usefixtures("clock")
ADD = "/admin/affiliates/rate/add/"


def steps(*pairs: tuple[int, int]) -> list[RateStep]:
    return [RateStep(from_sales=sales, percent=Decimal(percent)) for sales, percent in pairs]


def terms(affiliate: Affiliate, product: Product) -> str:
    return applied_rate(affiliate=affiliate, product=product, currency="USD", moment=timezone.now()).terms


@pytest.fixture
def gold(alice: Affiliate, bob: User) -> AffiliateGroup:
    """A group with Alice, without Erin."""
    group = AffiliateGroup.objects.create(name="Gold")
    move_to_group(affiliate=alice, group=group, actor=bob)
    alice.refresh_from_db()
    return group


def test_group_rate_comes_between_affiliates_and_products(
    alice: Affiliate, erin: Affiliate, gold: AffiliateGroup, product: Product
) -> None:
    set_rate(product=product, percent=Decimal(10), actor=None)
    set_rate(group=gold, percent=Decimal(20), actor=None)
    assert (terms(alice, product), terms(erin, product)) == ("20%", "10%")
    set_rate(group=gold, product=product, percent=Decimal(25), actor=None)
    assert terms(alice, product) == "25%"
    set_rate(affiliate=alice, percent=Decimal(15), actor=None)
    assert terms(alice, product) == "15%"


def test_rate_of_another_group_does_not_apply(alice: Affiliate, gold: AffiliateGroup, product: Product) -> None:
    set_rate(group=AffiliateGroup.objects.create(name="Silver"), percent=Decimal(90), actor=None)
    assert terms(alice, product) == "30%"


def test_commission_names_the_group_whose_rate_applied(
    alice: Affiliate, gold: AffiliateGroup, product: Product, bob: User
) -> None:
    set_rate(group=gold, percent=Decimal(40), actor=None)
    commission = sale(alice, product, "100.00")
    move_to_group(affiliate=alice, group=None, actor=bob)
    assert commission.total == Money(4000, "USD")
    page = text_of(alice.user, f"commissions/{commission.number}/")
    assert "40%, fixed when the order was placed: the rate of the group Gold" in page


def test_step_applies_to_orders_after_the_sale_that_reached_it_and_to_no_earlier_one(
    alice: Affiliate, product: Product
) -> None:
    set_rate(percent=Decimal(30), steps=steps((2, 35), (3, 40)), step_period="month", actor=None)
    first, second = approved_sale(alice, product, "100.00"), sale(alice, product, "100.00")
    assert [first.terms, second.terms, terms(alice, product)] == ["30%", "30%", "30%"]  # pending does not count
    third = approved_sale(alice, product, "100.00")
    assert (third.terms, terms(alice, product)) == ("30%", "35%")
    fourth = sale(alice, product, "100.00")
    assert (fourth.terms, fourth.total) == ("35%", Money(3500, "USD"))
    first.refresh_from_db()
    assert first.total == Money(3000, "USD")
    assert (fourth.attribution.step_sales, str(fourth.attribution.step)) == (2, "35% from 2 sales a month")


def test_sales_count_in_their_calendar_month_in_utc(
    alice: Affiliate, product: Product, clock: time_machine.Traveller
) -> None:
    set_rate(percent=Decimal(30), steps=steps((1, 35)), step_period="month", actor=None)
    clock.move_to(datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC))
    approved_sale(alice, product)
    clock.shift(timedelta(microseconds=1))
    assert terms(alice, product) == "35%"
    clock.move_to(datetime(2026, 4, 1, tzinfo=UTC))
    assert terms(alice, product) == "30%"


@pytest.mark.parametrize(("period", "last"), [("quarter", (3, 31)), ("year", (12, 31))])
def test_step_lasts_until_the_end_of_its_period(
    alice: Affiliate, product: Product, clock: time_machine.Traveller, period: str, last: tuple[int, int]
) -> None:
    set_rate(percent=Decimal(30), steps=steps((1, 35)), step_period=period, actor=None)
    approved_sale(alice, product)
    clock.move_to(datetime(2026, *last, 23, 59, tzinfo=UTC))
    assert terms(alice, product) == "35%"
    clock.shift(timedelta(minutes=1))
    assert terms(alice, product) == "30%"


@pytest.mark.usefixtures("paypal_down")
def test_fully_refunded_sale_no_longer_counts(alice: Affiliate, product: Product) -> None:
    set_rate(percent=Decimal(30), steps=steps((1, 35)), step_period="month", actor=None)
    commission = approved_sale(alice, product, "100.00")
    refund(commission, "40.00")
    assert terms(alice, product) == "35%"
    refund(commission, "60.00")
    assert terms(alice, product) == "30%"


def test_sales_of_another_affiliate_do_not_count(alice: Affiliate, erin: Affiliate, product: Product) -> None:
    set_rate(percent=Decimal(30), steps=steps((1, 35)), step_period="month", actor=None)
    approved_sale(erin, product)
    assert (terms(erin, product), terms(alice, product)) == ("35%", "30%")


def test_flat_steps_pay_their_amount(alice: Affiliate, product: Product) -> None:
    amounts = [RateStep(from_sales=1, flat_minor=900)]
    set_rate(flat=Money(500, "USD"), steps=amounts, step_period="month", actor=None)
    first = approved_sale(alice, product)
    assert (first.total.minor, sale(alice, product).total.minor) == (500, 900)


def test_portal_shows_how_many_sales_are_missing(alice: Affiliate, product: Product) -> None:
    set_rate(percent=Decimal(30), steps=steps((2, 35), (14, 40)), step_period="month", actor=None)
    approved_sale(alice, product)
    page = text_of(alice.user)
    assert "1 more sale until 35%: 1 approved so far in March 2026." in page
    assert "30%, 35% from 2 sales a month, 40% from 14 sales a month" in page
    approved_sale(alice, product)
    assert "12 more sales until 40%: 2 approved so far in March 2026." in text_of(alice.user)


def test_portal_says_when_the_last_step_ends(alice: Affiliate, product: Product) -> None:
    set_rate(percent=Decimal(30), steps=steps((1, 35)), step_period="quarter", actor=None)
    approved_sale(alice, product)
    last = "You have reached the last step. It applies through March 31, 2026; then sales count from zero again."
    assert last in text_of(alice.user)


def test_receipt_explains_the_step(alice: Affiliate, product: Product) -> None:
    set_rate(percent=Decimal(30), steps=steps((1, 35)), step_period="month", actor=None)
    before = approved_sale(alice, product)
    after = sale(alice, product)
    assert "before its first step: 0 sales were approved earlier in that month." in text_of(
        alice.user, f"commissions/{before.number}/"
    )
    assert "the step from 1 sale a month: 1 sale was approved earlier in that month." in text_of(
        alice.user, f"commissions/{after.number}/"
    )


def test_rate_without_steps_costs_no_further_query(
    alice: Affiliate, product: Product, django_assert_num_queries: object
) -> None:
    set_rate(affiliate=alice, percent=Decimal(30), actor=None)
    with django_assert_num_queries(1):  # type: ignore[operator]
        terms(alice, product)


def test_rate_with_steps_costs_three_queries_more_however_many(
    alice: Affiliate, product: Product, django_assert_num_queries: object
) -> None:
    many = steps(*((sales, 30 + sales) for sales in range(1, 9)))
    set_rate(affiliate=alice, percent=Decimal(30), steps=many, step_period="year", actor=None)
    with django_assert_num_queries(4):  # type: ignore[operator]
        terms(alice, product)


# --- Staff -----------------------------------------------------------------------------------------------------------
def test_staff_set_steps_for_a_group(staff: Client, gold: AffiliateGroup) -> None:
    typed = {"group": str(gold.pk), "percent": "30", "currency": "USD", "step_period": "month"}
    staff.post(ADD, {**typed, "steps": "20 35\r\n\r\n50: 40.5%\r\n"})
    rate = Rate.objects.get()
    assert (str(rate), rate.step_terms) == (
        "30% for Gold",
        "35% from 20 sales a month, 40.5% from 50 sales a month",
    )
    shown = staff.get(f"/admin/affiliates/rate/{rate.pk}/change/").content.decode()
    assert "40.5% from 50 sales a month" in shown
    assert "40.5% from 50 sales a month" in staff.get("/admin/affiliates/rate/").content.decode()


def test_staff_set_steps_of_a_flat_amount(staff: Client, alice: Affiliate) -> None:
    typed = {"affiliate": str(alice.pk), "flat": "5.00", "currency": "USD", "steps": "20 7.50", "step_period": "year"}
    whole = "$5.00 per sale, $7.50 per sale from 20 sales a year for affiliate DEMO"
    staff.post(ADD, {**typed, "rate_confirmed": whole})
    assert Rate.objects.get().step_terms == "$7.50 per sale from 20 sales a year"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"steps": "20 35"}, "Choose the period in which sales count"),
        ({"steps": "20", "step_period": "month"}, "“20” is not a step"),
        ({"steps": "twenty 35", "step_period": "month"}, "“twenty 35” is not a step"),
        ({"steps": "20 35,5", "step_period": "month"}, "“35,5” in “20 35,5” is not a percentage"),
        ({"steps": "20 35.123", "step_period": "month"}, "is not a percentage"),
        ({"steps": "20 NaN", "step_period": "month"}, "is not a percentage"),
        ({"steps": "20 1e999999", "step_period": "month"}, "is not a percentage"),
        ({"steps": "20 30", "step_period": "month"}, "and pay more"),
        ({"steps": "0 35", "step_period": "month"}, "at least 1"),
        ({"steps": "20 35\n20 40", "step_period": "month"}, "more sales than the one before"),
        ({"steps": "20 101", "step_period": "month"}, "between 0 and 100"),
        ({"steps": "\n".join(f"{n} {30 + n}" for n in range(1, 12)), "step_period": "month"}, "at most 10 steps"),
    ],
)
def test_invalid_steps_are_refused_line_by_line(staff: Client, db: None, typed: dict[str, str], says: str) -> None:
    page = Page(staff, ADD, staff.post(ADD, {"percent": "30", "currency": "USD", **typed}))
    assert says in page.text
    assert not Rate.objects.exists()


def test_rate_is_of_an_affiliate_or_a_group(staff: Client, alice: Affiliate, gold: AffiliateGroup) -> None:
    typed = {"affiliate": str(alice.pk), "group": str(gold.pk), "percent": "30", "currency": "USD"}
    assert "an affiliate or a group, not both" in staff.post(ADD, typed).content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        Rate.objects.create(affiliate=alice, group=gold, percent=10)


def test_last_step_far_from_the_current_rate_requires_confirmation(staff: Client, db: None) -> None:
    typed = {"percent": "30", "currency": "USD", "steps": "20 90", "step_period": "month"}
    page = staff.post(ADD, typed).content.decode()
    assert "from 30% to 30%, 90% from 20 sales a month. Is that right?" in page
    assert not Rate.objects.exists()
    staff.post(ADD, {**typed, "rate_confirmed": "30%, 90% from 20 sales a month for the program"})
    assert Rate.objects.get().step_terms == "90% from 20 sales a month"


def test_staff_move_an_affiliate_to_a_group_and_out(staff: Client, alice: Affiliate, bob: User) -> None:
    gold = AffiliateGroup.objects.create(name="Gold")
    address = f"/admin/affiliates/affiliate/{alice.pk}/standing/group/"
    Page(staff, address).submit(group=str(gold.pk))
    alice.refresh_from_db()
    assert alice.group == gold
    entry = AuditEntry.objects.get(action="affiliates.group.changed")
    assert (entry.actor, entry.object_id) == (bob.pk, str(alice.pk))
    assert "is in that group already" in Page(staff, address).submit(group=str(gold.pk)).text
    Page(staff, address).submit(group="")
    alice.refresh_from_db()
    assert alice.group is None


def test_group_name_is_taken_in_any_case(staff: Client, gold: AffiliateGroup) -> None:
    page = staff.post("/admin/affiliates/affiliategroup/add/", {"name": "GOLD"}).content.decode()
    assert "There is a group with this name." in page
    assert AffiliateGroup.objects.count() == 1
    assert '<td class="field-size">1</td>' in staff.get("/admin/affiliates/affiliategroup/").content.decode()


def test_staff_cannot_move_their_own_account_or_set_their_groups_rate(
    alice: Affiliate, gold: AffiliateGroup, erin: Affiliate
) -> None:
    User.objects.filter(pk=alice.user_id).update(is_staff=True, is_superuser=True)
    alice.user.refresh_from_db()
    with pytest.raises(ActionRefused, match="own account"):
        move_to_group(affiliate=alice, group=None, actor=alice.user)
    with pytest.raises(ActionRefused, match="own account"):
        set_rate(group=gold, percent=Decimal(90), actor=alice.user)
    silver = AffiliateGroup.objects.create(name="Silver")
    set_rate(group=silver, percent=Decimal(90), actor=alice.user)  # of others
    move_to_group(affiliate=erin, group=silver, actor=alice.user)


def test_changing_the_group_needs_the_right_to_set_rates(vera: User, alice: Affiliate) -> None:
    address = f"/admin/affiliates/affiliate/{alice.pk}/standing/group/"
    assert signed_in(vera).post(address, {"group": ""}).status_code == 403


@pytest.mark.parametrize("change", [{"percent": 90}, {"from_sales": 1}])
def test_database_refuses_edited_step(db: None, change: dict[str, object]) -> None:
    set_rate(percent=Decimal(30), steps=steps((20, 35)), step_period="month", actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        RateStep.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        RateStep.objects.all().delete()


def test_database_refuses_a_step_that_was_not_set_with_its_rate(alice: Affiliate, product: Product) -> None:
    rate = set_rate(percent=Decimal(30), steps=steps((20, 35)), step_period="month", actor=None)
    sale(alice, product)
    with pytest.raises(IntegrityError), transaction.atomic():
        RateStep.objects.create(rate=rate, from_sales=1, percent=90)
    flat = set_rate(flat=Money(500, "USD"), affiliate=alice, actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        RateStep.objects.create(rate=flat, from_sales=1, flat_minor=900)


def test_database_refuses_a_changed_step_of_an_order(alice: Affiliate, product: Product) -> None:
    set_rate(percent=Decimal(30), steps=steps((20, 35)), step_period="month", actor=None)
    sale(alice, product)
    with pytest.raises(IntegrityError), transaction.atomic():
        Attribution.objects.update(step_sales=20)
