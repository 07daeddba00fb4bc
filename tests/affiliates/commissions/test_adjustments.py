"""Bonuses, corrections and sales outside the shop: entered by one member of staff, booked by another."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.adjustments import (
    adjust_ledger,
    book_adjustment,
    credit_outside_sale,
    decline_adjustment,
    reverse_outside_sale,
)
from affiliates.commissions.rates import set_rate
from affiliates.models import Adjustment, Affiliate, LedgerEntry, RateStep
from affiliates.payouts.reconciliation import first_difference
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.money import Money
from tests.affiliates.portal.pages import PORTAL, text_of
from tests.affiliates.sales import approved_sale, balance
from tests.cast import signed_in
from tests.staff_pages import Page

pytestmark = pytest.mark.usefixtures("clock")
ADJUST = "/admin/affiliates/ledgerentry/adjust/"
SALE = "/admin/affiliates/adjustment/sale/"


def step_of(adjustment: Adjustment, action: str) -> str:
    return f"/admin/affiliates/adjustment/{adjustment.pk}/step/{action}/"


def outside_sale(affiliate: Affiliate, product: Product, actor: User, **changed: Any) -> Adjustment:
    values = {
        "base": Money(10000, "USD"),
        "sold_on": date(2026, 3, 2),
        "reference": "INV-7",
        "reason": "sold at a fair",
    }
    return credit_outside_sale(affiliate=affiliate, product=product, actor=actor, **{**values, **changed})


@pytest.fixture
def sold(alice: Affiliate, product: Product, bob: User) -> Adjustment:
    """A sale of $100.00 outside the shop, booked by the only member of staff."""
    alice.joined_at = timezone.now() - timedelta(days=100)
    alice.save(update_fields=["joined_at"])
    return outside_sale(alice, product, bob)


def test_a_late_colleague_reads_that_nothing_was_booked(
    staff: Client, grace: User, alice: Affiliate, bob: User
) -> None:
    typed = {"kind": "bonus", "code": "demo", "amount": "25.00", "currency": "USD", "reason": "100 sales in a year"}
    staff.post(ADJUST, typed)
    bonus = Adjustment.objects.get()
    late = Page(signed_in(grace), step_of(bonus, "book"))
    Page(staff, step_of(bonus, "decline")).submit()
    text = late.submit().text
    assert "changed this after you opened the page. Nothing was done yet." in text
    assert "save" not in text
    assert balance(alice) == "$0.00"


def test_bonus_counts_once_a_second_person_has_booked_it(
    staff: Client, grace: User, alice: Affiliate, bob: User
) -> None:
    typed = {"kind": "bonus", "code": "demo", "amount": "25.00", "currency": "USD", "reason": "100 sales in a year"}
    page = Page(staff, ADJUST, staff.post(ADJUST, typed, follow=True))
    assert "It counts once a second person has booked it" in page.text
    bonus = Adjustment.objects.get()
    assert (bonus.state, balance(alice)) == ("prepared", "$0.00")
    assert "Decline…" in page.text
    assert "Book…" not in page.text
    assert "Book…" in Page(signed_in(grace), f"/admin/affiliates/adjustment/{bonus.pk}/change/").text
    assert "You prepared this. A colleague has to book it." in Page(staff, step_of(bonus, "book")).submit().text
    assert balance(alice) == "$0.00"
    assert "Booked." in Page(signed_in(grace), step_of(bonus, "book")).submit().text
    bonus.refresh_from_db()
    assert (balance(alice), bonus.prepared_by, bonus.decided_by, bonus.decided_alone) == ("$25.00", bob, grace, False)
    assert first_difference(paypal_since=None) == ""


def test_only_member_of_staff_books_at_once_and_it_is_recorded(staff: Client, alice: Affiliate, bob: User) -> None:
    typed = {"code": "demo", "amount": "-5.00", "currency": "USD", "reason": "paid twice"}
    assert "Your name is in the audit log" in staff.post(ADJUST, typed, follow=True).content.decode()
    correction = Adjustment.objects.get()
    assert (correction.kind, correction.decided_alone, balance(alice)) == ("correction", True, "-$5.00")
    assert AuditEntry.objects.filter(action="affiliates.adjustment.decided_alone", actor=bob.pk).count() == 1


def test_adjustment_is_booked_once(grace: User, alice: Affiliate, bob: User) -> None:
    bonus = adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="thanks", actor=bob, kind="bonus")
    book_adjustment(adjustment=bonus, actor=grace)
    for decide in (book_adjustment, decline_adjustment):
        with pytest.raises(ActionRefused, match="is booked"):
            decide(adjustment=bonus, actor=grace)
    assert (balance(alice), LedgerEntry.objects.count()) == ("$5.00", 1)


def test_declined_adjustment_books_nothing_and_stays_hidden(
    staff: Client, grace: User, alice: Affiliate, bob: User
) -> None:
    bonus = adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="thanks", actor=grace, kind="bonus")
    assert signed_in(alice.user).get(f"{PORTAL}adjustments/{bonus.number}/").status_code == 404
    assert "Declined." in Page(staff, step_of(bonus, "decline")).submit().text
    bonus.refresh_from_db()
    assert (bonus.state, balance(alice)) == ("declined", "$0.00")
    assert signed_in(alice.user).get(f"{PORTAL}adjustments/{bonus.number}/").status_code == 404


def test_nobody_books_or_declines_for_their_own_account(alice: Affiliate, bob: User, grace: User) -> None:
    User.objects.filter(pk=alice.user_id).update(is_staff=True, is_superuser=True)
    alice.user.refresh_from_db()
    debt = adjust_ledger(affiliate=alice, amount=Money(-500, "USD"), reason="paid twice", actor=bob)
    for decide in (book_adjustment, decline_adjustment):
        with pytest.raises(ActionRefused, match="own account"):
            decide(adjustment=debt, actor=alice.user)
    with pytest.raises(ActionRefused, match="own account"):
        adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="thanks", actor=alice.user, kind="bonus")


def test_waiting_adjustments_are_a_task_of_the_staff(staff: Client, grace: User, alice: Affiliate, bob: User) -> None:
    assert "adjustment to book" not in staff.get("/admin/").content.decode()
    adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="thanks", actor=grace, kind="bonus")
    assert "adjustment to book" in staff.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("kind", "minor", "reason", "says"),
    [
        ("bonus", -1, "so", "A bonus is positive"),
        ("correction", 0, "so", "non-zero amount"),
        ("correction", 5, "  ", "enter a reason"),
    ],
)
def test_adjustment_needs_an_amount_and_a_reason(
    alice: Affiliate, bob: User, kind: str, minor: int, reason: str, says: str
) -> None:
    with pytest.raises(ActionRefused, match=says):
        adjust_ledger(affiliate=alice, amount=Money(minor, "USD"), reason=reason, actor=bob, kind=kind)
    assert not Adjustment.objects.exists()


# --- Sales outside the shop ------------------------------------------------------------------------------------------
def test_staff_enter_a_sale_outside_the_shop(staff: Client, alice: Affiliate, product: Product, grace: User) -> None:
    page = Page(staff, SALE).submit(
        code="demo", product=str(product.pk), base="99.99", sold_on="2026-03-02", reference="INV-7", reason="at a fair"
    )
    assert "It counts once a second person has booked it" in page.text
    sale = Adjustment.objects.get()
    assert (sale.kind, sale.base, sale.total) == ("sale", Money(9999, "USD"), Money(3000, "USD"))
    Page(signed_in(grace), step_of(sale, "book")).submit()
    assert balance(alice) == "$30.00"


def test_rate_of_the_day_of_the_sale_applies(
    alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    alice.joined_at = timezone.now() - timedelta(days=100)
    alice.save(update_fields=["joined_at"])
    set_rate(affiliate=alice, percent=Decimal(20), actor=None)
    clock.shift(timedelta(days=10))
    set_rate(affiliate=alice, percent=Decimal(50), actor=None)
    clock.shift(timedelta(days=10))
    first = outside_sale(alice, product, bob, sold_on=date(2026, 3, 5))
    second = outside_sale(alice, product, bob, sold_on=date(2026, 3, 20), reference="INV-8")
    before = outside_sale(alice, product, bob, sold_on=date(2026, 2, 20), reference="INV-6")
    assert [each.total.minor for each in (first, second, before)] == [2000, 5000, 3000]


def test_sale_of_the_day_on_which_the_affiliate_joined_is_credited_in_the_evening(
    alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 3, 4, 5, tzinfo=UTC))  # still March 3 in California
    alice.joined_at = timezone.now()
    alice.save(update_fields=["joined_at"])
    assert outside_sale(alice, product, bob, sold_on=date(2026, 3, 3)).total.minor == 3000


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"sold_on": date(2026, 3, 3)}, "in the future"),
        ({"sold_on": date(2025, 1, 1)}, "had not joined"),
        ({"reference": "  "}, "number of the sale"),
        ({"base": Money(-1, "USD")}, "above zero"),
        ({"base": Money(1, "USD")}, "earns nothing"),
        ({"reference": "inv-7 "}, "entered before"),
        ({"reference": "ＩＮＶ -7"}, "entered before"),
    ],
)
def test_sale_outside_the_shop_is_refused(
    sold: Adjustment, product: Product, bob: User, changed: dict[str, Any], says: str
) -> None:
    with pytest.raises(ActionRefused, match=says):
        outside_sale(sold.affiliate, product, bob, **{"reference": "INV-8", **changed})
    assert Adjustment.objects.count() == 1


def test_suspended_affiliate_earns_nothing_outside_the_shop(alice: Affiliate, product: Product, bob: User) -> None:
    alice.state = Affiliate.State.SUSPENDED
    with pytest.raises(ActionRefused, match="account is suspended"):
        outside_sale(alice, product, bob)


def test_declined_sale_can_be_entered_again(alice: Affiliate, product: Product, bob: User, grace: User) -> None:
    decline_adjustment(adjustment=outside_sale(alice, product, bob), actor=bob)
    book_adjustment(adjustment=outside_sale(alice, product, bob), actor=grace)
    assert balance(alice) == "$30.00"


def test_partial_reversals_add_up_to_the_whole_to_the_cent(alice: Affiliate, product: Product, bob: User) -> None:
    sale = outside_sale(alice, product, bob, base=Money(1000, "USD"))  # earns $3.00
    for cents in (333, 333, 333):
        reverse_outside_sale(adjustment=sale, refunded=Money(cents, "USD"), reason="refunded", actor=bob)
    with pytest.raises(ActionRefused, match=r"At most \$0.01"):
        reverse_outside_sale(adjustment=sale, refunded=Money(2, "USD"), reason="refunded", actor=bob)
    reverse_outside_sale(adjustment=sale, refunded=Money(1, "USD"), reason="refunded", actor=bob)
    assert balance(alice) == "$0.00"


def test_reversal_waits_for_a_second_person_one_at_a_time(
    staff: Client, sold: Adjustment, grace: User, bob: User
) -> None:
    page = Page(staff, step_of(sold, "reverse")).submit(refunded="50.00", reason="came back")
    assert "-$15.00: waiting for a second person." in page.text
    with pytest.raises(ActionRefused, match="Another reversal"):
        reverse_outside_sale(adjustment=sold, refunded=Money(100, "USD"), reason="so", actor=grace)
    assert balance(sold.affiliate) == "$30.00"
    reversal = Adjustment.objects.get(kind="reversal")
    book_adjustment(adjustment=reversal, actor=grace)
    assert balance(sold.affiliate) == "$15.00"


@pytest.mark.parametrize("typed", [{"refunded": "5,00"}, {"refunded": "0"}, {"refunded": "100.01"}, {"reason": ""}])
def test_invalid_reversal_keeps_what_was_typed(staff: Client, sold: Adjustment, typed: dict[str, str]) -> None:
    page = Page(staff, step_of(sold, "reverse")).submit(**{"refunded": "5.00", "reason": "came back", **typed})
    assert page.status == 200
    assert page.soup.select(".errorlist")
    assert not Adjustment.objects.filter(kind="reversal").exists()


def test_only_a_booked_sale_can_be_reversed(alice: Affiliate, bob: User) -> None:
    bonus = adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="thanks", actor=bob, kind="bonus")
    with pytest.raises(ActionRefused, match="Only a booked sale"):
        reverse_outside_sale(adjustment=bonus, refunded=Money(1, "USD"), reason="so", actor=bob)


def test_sale_outside_the_shop_counts_toward_steps_until_it_is_fully_reversed(
    alice: Affiliate, product: Product, bob: User
) -> None:
    steps = [RateStep(from_sales=1, percent=Decimal(40))]
    set_rate(percent=Decimal(30), steps=steps, step_period="month", actor=None)
    sale = outside_sale(alice, product, bob)
    assert (sale.terms, approved_sale(alice, product).terms) == ("30%", "40%")
    reverse_outside_sale(adjustment=sale, refunded=Money(9999, "USD"), reason="so", actor=bob)
    assert Adjustment.objects.sales().get() == sale
    reverse_outside_sale(adjustment=sale, refunded=Money(1, "USD"), reason="so", actor=bob)
    assert Adjustment.objects.sales().count() == 0


# --- What the affiliate sees -----------------------------------------------------------------------------------------
def test_affiliate_sees_why_line_by_line(sold: Adjustment, bob: User) -> None:
    alice = sold.affiliate
    reverse_outside_sale(adjustment=sold, refunded=Money(2500, "USD"), reason="partly returned", actor=bob)
    reversal = Adjustment.objects.get(kind="reversal")
    page = signed_in(alice.user).get(f"{PORTAL}statement/").content.decode()
    for number in (sold.number, reversal.number):
        assert f"{PORTAL}adjustments/{number}/" in page
    sale = text_of(alice.user, f"adjustments/{sold.number}/")
    assert "sold at a fair" in sale
    assert "30%, fixed on the day of the sale: the program's default rate" in sale
    assert "30% of $100.00 is $30.00." in sale
    assert "by the one member of our staff who may" in sale
    assert "INV-7" not in sale
    back = text_of(alice.user, f"adjustments/{reversal.number.lower()}/")
    assert "$25.00 of $100.00 was refunded to the buyer, so $7.50 was reversed" in back
    assert (
        f"adjustments/{sold.number}/"
        in signed_in(alice.user).get(f"{PORTAL}adjustments/{reversal.number}/").content.decode()
    )


def test_every_line_of_the_statement_links_to_its_explanation(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="thanks", actor=bob, kind="bonus")
    page = Page(signed_in(alice.user), f"{PORTAL}statement/")
    lines = page.soup.select("article tbody td[data-label=Description]")[1:-1]
    addresses = [str(line.a["href"]) for line in lines if line.a]
    assert len(addresses) == len(lines) == 2
    assert f"{PORTAL}commissions/{commission.number}/" in addresses
    assert all(page.client.get(address).status_code == 200 for address in addresses)
    assert "Bonus: thanks" in page.text


def test_affiliate_cannot_open_another_ones_adjustment(sold: Adjustment, erin: Affiliate) -> None:
    assert signed_in(sold.affiliate.user).get(f"{PORTAL}adjustments/{sold.number}/").status_code == 200
    assert signed_in(erin.user).get(f"{PORTAL}adjustments/{sold.number}/").status_code == 404


def test_staff_see_the_explanation_and_the_number(staff: Client, sold: Adjustment) -> None:
    entry = LedgerEntry.objects.get()
    page = staff.get(f"/admin/affiliates/ledgerentry/{entry.pk}/explain/", follow=True).content.decode()
    assert "30% of $100.00 is $30.00." in page
    assert "INV-7" in page
    assert sold.number in staff.get("/admin/affiliates/adjustment/").content.decode()


def test_adjustments_need_their_permission(vera: User, alice: Affiliate, bob: User, grace: User) -> None:
    bonus = adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="thanks", actor=bob, kind="bonus")
    client = signed_in(vera)
    assert [client.get(SALE).status_code, client.post(step_of(bonus, "book")).status_code] == [403, 403]
    assert balance(alice) == "$0.00"


# --- What the database refuses ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("change", [{"amount_minor": 1}, {"base_minor": 5}, {"state": "declined"}, {"kind": "bonus"}])
def test_database_refuses_edited_adjustment(sold: Adjustment, change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Adjustment.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM affiliates_adjustment")


def test_database_refuses_a_second_person_who_is_the_first(alice: Affiliate, bob: User, grace: User) -> None:
    bonus = adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="thanks", actor=bob, kind="bonus")
    with pytest.raises(IntegrityError), transaction.atomic():
        Adjustment.objects.update(state="booked", decided_at=timezone.now(), decided_by=bob)
    line = {"affiliate": alice, "kind": "adjustment", "currency": "USD", "reason": "thanks", "adjustment": bonus}
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(amount_minor=500, **line)  # not booked
    book_adjustment(adjustment=bonus, actor=grace)
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(amount_minor=500, **line)  # booked before
