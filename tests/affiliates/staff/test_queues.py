"""The queues of flags and objections: open ones first, overdue ones highlighted."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from affiliates.commissions.flags import clear_flag, raise_flag
from affiliates.commissions.objections import answer_objection, open_objection
from affiliates.models import Affiliate, Flag
from shop.models import Product
from tests.affiliates.sales import approved_sale, sale
from tests.cast import signed_in

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")
FLAGS, OBJECTIONS = "/admin/affiliates/flag/", "/admin/affiliates/objection/"


def read(staff: Client, address: str) -> str:
    response = staff.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def flagged(alice: Affiliate, product: Product, kind: str = Flag.Kind.SAME_PAYER) -> Flag:
    return raise_flag(attribution=sale(alice, product).attribution, kind=kind)


def test_flag_list_shows_oldest_open_flags_first(
    staff: Client, alice: Affiliate, product: Product, clock: time_machine.Traveller
) -> None:
    done = flagged(alice, product)
    clear_flag(flag=done, reason="looked fine", actor=None)
    clock.shift(timedelta(hours=1))
    old = flagged(alice, product)
    clock.shift(timedelta(hours=1))
    new = flagged(alice, product, Flag.Kind.REFUND_RATE)
    page = read(staff, FLAGS)
    assert page.index(str(old.pk)) < page.index(str(new.pk)) < page.index(str(done.pk))
    assert "the affiliate&#x27;s refund rate is unusually high" in page


def test_flag_page_shows_order_and_decides_flag(staff: Client, alice: Affiliate, product: Product) -> None:
    innocent, guilty = flagged(alice, product), flagged(alice, product)
    page = f"{FLAGS}{innocent.pk}/decide/"
    assert "30% of $59.95" in read(staff, page)
    staff.post(page, {"decision": "clear", "reason": "two people, one office"})
    staff.post(f"{FLAGS}{guilty.pk}/decide/", {"decision": "confirm", "reason": "bought by herself"})
    innocent.refresh_from_db()
    guilty.refresh_from_db()
    assert (innocent.state, innocent.reason) == ("cleared", "two people, one office")
    assert guilty.state == "confirmed"
    assert guilty.attribution.commission.state == "rejected"
    assert "already cleared: two people, one office" in staff.get(page, follow=True).content.decode()


def test_flag_decision_requires_reason(staff: Client, alice: Affiliate, product: Product) -> None:
    flag = flagged(alice, product)
    page = staff.post(f"{FLAGS}{flag.pk}/decide/", {"decision": "clear", "reason": "  "}).content.decode()
    assert "This field is required" in page
    flag.refresh_from_db()
    assert flag.state == "open"


def test_confirming_flag_on_approved_commission_is_refused(staff: Client, alice: Affiliate, product: Product) -> None:
    flag = raise_flag(attribution=approved_sale(alice, product).attribution, kind=Flag.Kind.BY_STAFF)
    page = staff.post(f"{FLAGS}{flag.pk}/decide/", {"decision": "confirm", "reason": "bought by herself"})
    assert "This commission was approved before" in page.content.decode()


def test_viewing_flags_does_not_allow_deciding(alice: Affiliate, product: Product, vera: User) -> None:
    flag = flagged(alice, product)
    vera.user_permissions.add(Permission.objects.get(codename="view_flag"))
    client = signed_in(vera)
    assert "DEMO" in read(client, FLAGS)
    assert client.get(f"{FLAGS}{flag.pk}/decide/").status_code == 403


def test_objection_list_shows_next_due_first(
    staff: Client, alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    done = open_objection(commission=sale(alice, product), text="Why?", actor=alice.user)
    answer_objection(objection=done, answer="Because.", upheld=False, adjustment=None, actor=bob)
    first = open_objection(commission=sale(alice, product), text="Why?", actor=alice.user)
    clock.shift(timedelta(days=2))
    second = open_objection(commission=sale(alice, product), text="Why?", actor=alice.user)
    page = read(staff, OBJECTIONS)
    assert page.index(str(first.pk)) < page.index(str(second.pk)) < page.index(str(done.pk))
    assert 'class="overdue"' not in page
    clock.move_to(first.due_at + timedelta(minutes=1))
    staff.force_login(bob)
    assert read(staff, OBJECTIONS).count('class="overdue"') == 1
    overdue = read(staff, f"{OBJECTIONS}?clock=overdue")
    assert str(first.pk) in overdue
    assert str(second.pk) not in overdue


def test_affiliate_list_counts_open_flags(staff: Client, alice: Affiliate, product: Product, erin: Affiliate) -> None:
    for _ in range(2):
        flagged(alice, product)
    clear_flag(flag=flagged(alice, product), reason="looked fine", actor=None)
    page = read(staff, "/admin/affiliates/affiliate/")
    assert '<td class="field-flags">2</td>' in page
    assert '<td class="field-flags">0</td>' in page


@pytest.mark.parametrize("address", [FLAGS, OBJECTIONS, "/admin/affiliates/affiliate/"])
def test_queues_have_constant_query_count(
    staff: Client, alice: Affiliate, product: Product, address: str, erin: Affiliate
) -> None:
    def one_more() -> None:
        flag = flagged(alice, product)
        open_objection(commission=flag.attribution.commission, text="Why?", actor=alice.user)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert "DEMO" in read(staff, address)
        return len(seen)

    one_more()
    queries()
    few = queries()
    for _ in range(4):
        one_more()
    assert queries() == few
