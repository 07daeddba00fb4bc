"""The admin's first page: staff tasks by permission, and lists grouped by area."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.flags import raise_flag
from affiliates.commissions.objections import open_objection
from affiliates.models import Affiliate, Application, LedgerCheck, Objection
from affiliates.payouts.runs import prepare_payout
from privacy.admin_base.staff_dashboard import Area, tasks
from privacy.audit.models import AuditEntry
from privacy.models import OutgoingMail, UndeliverableAddress
from shop.models import Order, Product
from tests import factories
from tests.affiliates.sales import approved_sale, sale
from tests.cast import signed_in
from tests.shop.paypal_fixtures import paypal_down  # noqa: F401  (a fixture)
from tests.shop.terms.published import publish_first_terms

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")


@pytest.fixture(autouse=True)
def _terms_are_published(db: None) -> None:
    publish_first_terms()


def read(client: Client) -> str:
    response = client.get("/admin/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def context(client: Client) -> dict[str, Any]:
    return client.get("/admin/").context_data or {}


def something_of_everything(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    held = sale(alice, product)
    raise_flag(attribution=held.attribution, kind="by_staff")
    open_objection(commission=held, text="Why?", actor=alice.user)
    Application.objects.create(name="Dave", email="dave@example.org", website="https://x.example", terms_version="1")
    factories.dispute(factories.payment(factories.order(product), state="paid", problem="It differs"))
    factories.inquiry()
    LedgerCheck.objects.create(paypal=True, difference="17.99 USD are nowhere")


def test_dashboard_without_tasks_says_so(staff: Client) -> None:
    assert "No open tasks." in read(staff)


def test_each_thing_that_waits_has_a_line_with_its_number_and_a_link_that_shows_it(
    staff: Client, alice: Affiliate, product: Product, bob: User
) -> None:
    something_of_everything(alice, product, bob)
    page = read(staff)
    for number, text in [
        (1, "application to decide"),
        (1, "objection to answer"),
        (1, "flag to decide"),
        (1, "commission to decide"),
        (1, "payout run to approve"),
        (1, "payment with a problem, not compared with PayPal yet"),
        (1, "open dispute at PayPal"),
        (1, "message to answer"),
        (1, "alert: the last reconciliation found a difference"),
    ]:
        assert f"<strong>{number}</strong> {text}</a>" in page
    for line in context(staff)["waiting"]:
        assert staff.get(line.address).status_code == 200, line.address


def test_overdue_tasks_come_first_in_red(
    staff: Client, alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    open_objection(commission=sale(alice, product), text="Why?", actor=alice.user)
    factories.dispute(factories.payment(factories.order(product), state="paid"))
    assert 'class="late"' not in read(staff)
    clock.move_to(Objection.objects.get().due_at + timedelta(minutes=1))
    staff.force_login(bob)
    page = read(staff)
    assert page.index("objection to answer") < page.index("open dispute")
    assert page.count('class="late"') == 1
    assert "Needs attention, waiting" in page


def test_each_line_is_only_for_those_who_may_see_what_it_counts(
    alice: Affiliate, product: Product, bob: User, vera: User
) -> None:
    something_of_everything(alice, product, bob)
    vera.user_permissions.add(Permission.objects.get(codename="view_flag"))
    client = signed_in(vera)
    page = read(client)
    assert "flag to decide" in page
    for text in ("application to decide", "payment differs", "message to answer", "objection"):
        assert text not in page


def test_more_to_do_costs_no_more_queries(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            read(staff)
        return len(seen)

    something_of_everything(alice, product, bob)
    queries()
    few = queries()
    for _ in range(4):
        raise_flag(attribution=sale(alice, product).attribution, kind="by_staff")
        factories.inquiry()
    assert queries() == few <= 2 * len(tasks()) + 14


def test_mail_that_does_not_arrive_is_told_for_a_week(staff: Client, bob: User, clock: time_machine.Traveller) -> None:
    values = {"kind": "x", "about_model": "x.y", "about_id": bob.pk, "recipient": "dave@example.org"}
    OutgoingMail.objects.create(**values, subject="s", text="t", html="h", state="refused")
    UndeliverableAddress.objects.create(fingerprint="dave@example.org", code="5.1.1", noticed_at=timezone.now())
    page = read(staff)
    assert "mail refused or failed" in page
    assert "address found undeliverable" in page
    clock.shift(timedelta(days=8))
    staff.force_login(bob)
    assert "No open tasks." in read(staff)


def test_every_list_stands_in_an_area_with_a_plain_name(staff: Client) -> None:
    areas = {app["name"]: {m["object_name"] for m in app["models"]} for app in context(staff)["app_list"]}
    assert list(areas) == [str(area) for area in Area]
    assert {"Order", "Payment", "reconciliation-with-paypal"} <= areas["Shop"]
    assert {"Affiliate", "Commission", "Flag", "why-this-or-why-nothing-for-an-order"} <= areas["Affiliates"]
    assert {"Inquiry", "OutgoingMail"} <= areas["Contacts"]
    assert {"PrivacyRequest", "AuditEntry", "Disclosure", "PolicyVersion"} <= areas["Privacy"]
    assert "User" in areas["Site"]


def test_pages_in_the_areas_are_for_those_who_may_open_them(alice: Affiliate, vera: User) -> None:
    vera.user_permissions.add(Permission.objects.get(codename="view_flag"))
    client = signed_in(vera)
    page = read(client)
    assert "/admin/affiliates/flag/" in page
    assert "/admin/affiliates/reports/" not in page


def test_commissions_within_the_refund_days_are_no_work(
    staff: Client, alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    earned = sale(alice, product)
    assert "to decide" not in read(staff)
    clock.move_to(earned.hold_until + timedelta(minutes=1))
    staff.force_login(bob)
    page = read(staff)
    assert "<strong>1</strong> commission to decide" in page
    assert str(earned.total) in page
    shown = staff.get("/admin/affiliates/commission/?question=to_decide").context_data or {}
    assert shown["cl"].result_count == 1


def test_work_says_what_is_overdue_how_old_it_is_and_whose_it_is(
    staff: Client, bob: User, clock: time_machine.Traveller
) -> None:
    for days, whose in ((9, None), (3, bob), (1, bob)):
        received = timezone.now() - timedelta(days=days)
        factories.inquiry(received_at=received, due_at=received + timedelta(days=5), assigned_to=whose)
    (line,) = context(staff)["waiting"]
    assert line.urgency == "1 overdue, oldest 1 week, 2 assigned to you"


def test_money_due_is_named_with_the_number_of_affiliates(staff: Client, alice: Affiliate, product: Product) -> None:
    earned = approved_sale(alice, product)
    (line,) = (each for each in context(staff)["waiting"] if "payout run to prepare" in each.text)
    assert line.urgency == f"{earned.total} due to 1 affiliate"


def test_payout_run_is_no_task_once_nobody_can_be_paid(staff: Client, alice: Affiliate, product: Product) -> None:
    erin = factories.affiliate("erin@example.com", "ERIN", payout_email=None)
    earned = [approved_sale(affiliate, product) for affiliate in (alice, erin)]
    (line,) = (each for each in context(staff)["waiting"] if "payout run to prepare" in each.text)
    assert line.urgency == f"{earned[0].total} due to 1 affiliate"
    Affiliate.objects.filter(pk=alice.pk).update(state=Affiliate.State.SUSPENDED)
    assert "payout run to prepare" not in read(staff)


def test_the_only_payout_run_is_one_click_away(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    (line,) = (each for each in context(staff)["waiting"] if each.text == "payout run to approve")
    assert line.address == f"/admin/affiliates/payoutrun/{run.pk}/change/"
    assert staff.get(line.address).status_code == 200
    erin = factories.affiliate("erin@example.com", "ERIN")
    approved_sale(erin, product)
    prepare_payout(currency="USD", actor=bob)
    (line,) = (each for each in context(staff)["waiting"] if each.text == "payout runs to approve")
    assert line.address == "/admin/affiliates/payoutrun/?state__exact=prepared"


def paid_order(product: Product, *, ago: timedelta, **values: Any) -> Order:
    moment = timezone.now() - ago
    return factories.order(product, state="paid", placed_at=moment, paid_at=moment, **values)


def test_figures_are_compared_with_the_period_before(staff: Client, product: Product, bob: User) -> None:
    for days in (0, 0, 3, 9, 9, 9):
        paid_order(product, ago=timedelta(days=days))
    today, week, month = context(staff)["start"].strip
    orders = {row.name: next(f for f in row.figures if f.name == "Orders") for row in (today, week, month)}
    assert (orders["Today"].now, orders["Today"].change) == (2, "before: 0")
    assert (orders["Last 7 days"].now, orders["Last 7 days"].before) == (3, 3)
    assert orders["Last 7 days"].change == "as before"
    sales = next(f for f in week.figures if f.name == "Net sales")
    assert sales.text == "$179.85"


def test_figures_are_those_of_the_day_where_the_business_is(
    staff: Client, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 30, 7, 0, tzinfo=UTC))  # 11 PM of the day before in California
    staff.force_login(bob)
    paid_order(product, ago=timedelta(hours=8))  # 3 PM there
    assert context(staff)["start"].strip[0].figures[0].now == 1


def test_last_orders_are_named_and_that_is_recorded_once(staff: Client, product: Product) -> None:
    for number in range(7):
        paid_order(product, ago=timedelta(hours=number), name=f"Buyer {number}")
    page = read(staff)
    assert all(f"Buyer {number}" in page for number in range(5))
    assert "Buyer 5" not in page
    assert AuditEntry.objects.filter(action="privacy.staff.listed").count() == 1


def test_figures_and_orders_are_for_those_who_may_see_them(product: Product, vera: User) -> None:
    paid_order(product, ago=timedelta(0))
    vera.user_permissions.add(Permission.objects.get(codename="view_commission"))
    client = signed_in(vera)
    page = read(client)
    assert "Carol Customer" not in page
    assert [figure.name for figure in context(client)["start"].strip[0].figures] == ["Commissions"]
    assert context(client)["start"].chart is None


def test_more_orders_cost_no_more_queries(staff: Client, product: Product) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            read(staff)
        return len(seen)

    paid_order(product, ago=timedelta(0))
    queries()
    few = queries()
    for days in range(12):
        paid_order(product, ago=timedelta(days=days))
    assert queries() == few


def test_own_changes_are_named_while_they_may_be_seen(staff: Client, bob: User) -> None:
    ann = factories.user("ann@example.org", name="Ann Author")
    values = {"email": "ann@example.org", "name": "Ann A.", "is_active": "on"}
    staff.post(f"/admin/accounts/user/{ann.pk}/change/", values)
    assert "Changed user" in read(staff)
    assert ">Ann A.</a>" in read(staff)
    User.objects.filter(pk=bob.pk).update(is_superuser=False)
    assert "Ann A." not in read(staff)


def test_navigation_has_the_daily_entries_that_the_user_may_open(vera: User, staff: Client) -> None:
    assert [entry.name for entry in context(staff)["navigation"].daily] == [
        *("Today", "Inbox", "Orders", "Commissions", "Payouts", "Requests of people", "Reports")
    ]
    vera.user_permissions.add(Permission.objects.get(codename="view_inquiry"))
    client = signed_in(vera)
    assert [entry.name for entry in context(client)["navigation"].daily] == ["Today", "Inbox"]
    for entry in context(staff)["navigation"].daily:
        assert staff.get(entry.url).status_code == 200, entry


def test_page_is_marked_in_the_navigation_once(staff: Client) -> None:
    page = BeautifulSoup(staff.get("/admin/shop/product/").content, "html.parser")
    assert [link.get_text() for link in page.select("nav.navigation [aria-current]")] == ["Products"]
    page = BeautifulSoup(staff.get("/admin/shop/order/").content, "html.parser")
    assert [link.get_text() for link in page.select("nav.navigation [aria-current]")] == ["Orders"]
