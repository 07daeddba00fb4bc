"""Objections: an affiliate objects to a commission; staff answer in time, with a reason, and adjust the balance if
needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.commissions.adjustments import adjust_ledger
from affiliates.commissions.objections import answer_objection, open_objection, remind_of_overdue_objections
from affiliates.models import Affiliate, Commission, LedgerEntry, Objection
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.money import Money
from tests.affiliates.sales import approved_sale, balance, sale
from tests.cast import signed_in

pytestmark = pytest.mark.usefixtures("clock")
State = Objection.State


@pytest.fixture
def objection(alice: Affiliate, product: Product) -> Objection:
    return open_objection(commission=approved_sale(alice, product), text="It should be 40%.", actor=alice.user)


def test_objection_is_due_after_ten_business_days(objection: Objection) -> None:
    # Monday, March 2, 2026, at noon UTC; no holiday of the country lies in between.
    assert objection.due_day == date(2026, 3, 16)
    assert not objection.is_overdue


def test_objection_due_day_is_same_for_affiliate_and_staff(
    clock: time_machine.Traveller, staff: Client, product: Product, alice: Affiliate, work: Callable[[], int]
) -> None:
    clock.move_to(datetime(2026, 3, 3, 5, 0, tzinfo=UTC))  # 9 p.m. on Monday, the 2nd, where the business is
    commission, portal = approved_sale(alice, product), Client()
    portal.force_login(alice.user)
    portal.post(f"/affiliates/portal/commissions/{commission.number}/object/", {"text": "It should be 40%."})
    objection = Objection.objects.get()
    work()
    queue = "/admin/affiliates/objection/"
    pages = [f"{queue}", f"{queue}{objection.pk}/change/", f"{queue}{objection.pk}/answer/"]
    told = [staff.get(page).content.decode() for page in (*pages, f"/admin/affiliates/affiliate/{alice.pk}/change/")]
    told += [portal.get("/affiliates/portal/objections/").content.decode(), str(mail.outbox[-1].body)]
    written = ["Mar 16, 2026"] * 4 + ["March 16, 2026"] * 2  # staff read short dates
    assert [day for day, text in zip(written, told, strict=True) if day not in text] == []
    clock.move_to(datetime(2026, 3, 17, 6, 59, tzinfo=UTC))  # a minute before midnight
    assert remind_of_overdue_objections(now=timezone.now()) == 0
    assert 'class="overdue"' not in staff.get(queue).content.decode()
    clock.shift(timedelta(minutes=2))
    assert remind_of_overdue_objections(now=timezone.now()) == 1
    work()
    assert "was due on March 16, 2026" in str(mail.outbox[-1].body)
    assert "Mar 16, 2026, overdue" in staff.get(queue).content.decode()


def test_objection_text_is_sealed(objection: Objection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM affiliates_objection")
        assert "40%" not in repr(cursor.fetchone())
    assert Objection.objects.get().text == "It should be 40%."


def test_staff_email_does_not_contain_objection_text(
    objection: Objection, work: Callable[[], int], settings: Settings
) -> None:
    work()
    message = mail.outbox[-1]
    assert message.to == [settings.BUSINESS["email"]]
    assert str(objection.pk) in message.body
    assert "40%" not in message.body


def test_only_own_commission_can_be_objected_to(alice: Affiliate, product: Product, erin: Affiliate) -> None:
    with pytest.raises(ActionRefused, match="not yours"):
        open_objection(commission=sale(alice, product), text="mine", actor=erin.user)


def test_second_open_objection_is_refused(objection: Objection, alice: Affiliate) -> None:
    with pytest.raises(ActionRefused, match="already"):
        open_objection(commission=objection.commission, text="Hello?", actor=alice.user)


def test_empty_objection_is_refused(alice: Affiliate, product: Product) -> None:
    with pytest.raises(ActionRefused, match="describe what"):
        open_objection(commission=sale(alice, product), text="  ", actor=alice.user)


def test_upheld_objection_adjusts_balance(
    objection: Objection, alice: Affiliate, bob: User, work: Callable[[], int]
) -> None:
    answer_objection(objection=objection, answer="You are right.", upheld=True, adjustment=Money(599, "USD"), actor=bob)
    assert balance(alice) == "$23.98"
    line = LedgerEntry.objects.get(kind="adjustment")
    assert (line.commission, line.reason) == (objection.commission, "your objection to a commission was upheld")
    entries = AuditEntry.objects.filter(action__in=["affiliates.ledger.adjusted", "affiliates.objection.answered"])
    assert {entry.actor for entry in entries} == {bob.pk}
    work()
    assert "You were right." in mail.outbox[-1].body
    assert mail.outbox[-1].to == ["alice@example.com"]


def test_declined_objection_requires_reason(objection: Objection, alice: Affiliate, bob: User) -> None:
    with pytest.raises(ActionRefused, match="enter a reason"):
        answer_objection(objection=objection, answer="", upheld=False, actor=bob)
    with pytest.raises(ActionRefused, match="needs an upheld objection"):
        answer_objection(objection=objection, answer="No.", upheld=False, adjustment=Money(1, "USD"), actor=bob)
    answer_objection(objection=objection, answer="The rate was 30%.", upheld=False, actor=bob)
    objection.refresh_from_db()
    assert (objection.state, objection.answer, objection.answered_by) == (State.DECLINED, "The rate was 30%.", bob)
    assert balance(alice) == "$17.99"


def test_objection_is_answered_once(objection: Objection, alice: Affiliate, bob: User) -> None:
    for _ in range(2):
        try:
            answer_objection(objection=objection, answer="Yes.", upheld=True, adjustment=Money(100, "USD"), actor=bob)
        except ActionRefused as refusal:
            assert "already answered" in str(refusal)
    assert balance(alice) == "$18.99"


def test_staff_are_reminded_daily_of_overdue_objection(
    objection: Objection, bob: User, clock: time_machine.Traveller
) -> None:
    clock.move_to(objection.due_at)
    assert remind_of_overdue_objections(now=timezone.now()) == 0
    clock.shift(timedelta(seconds=1))
    assert [remind_of_overdue_objections(now=timezone.now()) for _ in range(2)] == [1, 0]
    clock.shift(timedelta(days=1))
    assert remind_of_overdue_objections(now=timezone.now()) == 1
    answer_objection(objection=objection, answer="Sorry.", upheld=False, actor=bob)
    clock.shift(timedelta(days=1))
    assert remind_of_overdue_objections(now=timezone.now()) == 0


def test_staff_answer_objection(staff: Client, objection: Objection, alice: Affiliate) -> None:
    page = f"/admin/affiliates/objection/{objection.pk}/"
    assert f"{page}answer/" in staff.get(f"{page}change/").content.decode()
    shown = staff.get(f"{page}answer/").content.decode()
    assert "It should be 40%." in shown
    assert "30% of $59.95 is $17.985" in shown
    slip = staff.post(f"{page}answer/", {"upheld": "no", "answer": "Hm, no.", "adjustment": "5,99"}).content.decode()
    assert "Enter an amount in USD" in slip
    assert "Hm, no." in slip
    staff.post(f"{page}answer/", {"upheld": "yes", "answer": "Yes.", "adjustment": "5.99"})
    assert balance(alice) == "$23.98"
    again = staff.post(f"{page}answer/", {"upheld": "yes", "answer": "Yes.", "adjustment": "5.99"}, follow=True)
    assert "already answered" in again.content.decode()
    assert balance(alice) == "$23.98"
    assert AuditEntry.objects.filter(action="privacy.staff.read", object_id=str(objection.pk)).exists()


def test_answering_objection_requires_permission(objection: Objection, vera: User) -> None:
    client = signed_in(vera)
    assert client.get(f"/admin/affiliates/objection/{objection.pk}/answer/").status_code == 403


# --- Adjustments by hand ---------------------------------------------------------------------------------------------
def test_staff_adjust_balance(staff: Client, alice: Affiliate, bob: User) -> None:
    typed = {"code": "demo", "amount": "-5.00", "currency": "USD", "reason": "paid by hand"}
    assert "/adjust/" in staff.get("/admin/affiliates/ledgerentry/").content.decode()
    staff.post("/admin/affiliates/ledgerentry/adjust/", typed)
    assert balance(alice) == "-$5.00"
    assert AuditEntry.objects.get(action="affiliates.ledger.adjusted").actor == bob.pk


@pytest.mark.parametrize(
    "slip", [{"code": "NOBODY"}, {"amount": "0"}, {"amount": "5,00"}, {"reason": ""}, {"currency": "usd"}]
)
def test_invalid_adjustment_is_refused(staff: Client, alice: Affiliate, slip: dict[str, str]) -> None:
    typed = {"code": "DEMO", "amount": "5.00", "currency": "USD", "reason": "paid by hand"}
    response = staff.post("/admin/affiliates/ledgerentry/adjust/", {**typed, **slip})
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not LedgerEntry.objects.exists()


def test_adjustment_must_match_its_commission(alice: Affiliate, product: Product, bob: User, erin: Affiliate) -> None:
    commission: Commission = approved_sale(alice, product)
    for affiliate, amount in ((erin, Money(1, "USD")), (alice, Money(1, "EUR"))):
        with pytest.raises(ActionRefused, match="another"):
            adjust_ledger(affiliate=affiliate, amount=amount, reason="so", actor=bob, commission=commission)
