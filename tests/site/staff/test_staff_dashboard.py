"""The admin's first page: staff tasks by permission, and lists grouped by area."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
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
from privacy.models import OutgoingMail, UndeliverableAddress
from shop.models import Product
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
        (1, "commission waits for approval"),
        (1, "payout run to approve"),
        (1, "payment differs from PayPal"),
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
    assert 'class="late"' not in read(staff)
    clock.move_to(Objection.objects.get().due_at + timedelta(minutes=1))
    staff.force_login(bob)
    page = read(staff)
    assert page.index("objection to answer") < page.index("waits for approval")
    assert page.count('class="late"') == 1
    assert "Needs attention" in page


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
    assert queries() == few <= 2 * len(tasks()) + 6


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
    assert {"Affiliate", "Commission", "Flag", "reports"} <= areas["Affiliates"]
    assert {"Inquiry", "OutgoingMail"} <= areas["Contacts"]
    assert {"PrivacyRequest", "AuditEntry", "Disclosure", "PolicyVersion"} <= areas["Privacy"]
    assert "User" in areas["Site"]


def test_pages_in_the_areas_are_for_those_who_may_open_them(alice: Affiliate, vera: User) -> None:
    vera.user_permissions.add(Permission.objects.get(codename="view_flag"))
    client = signed_in(vera)
    page = read(client)
    assert "/admin/affiliates/flag/" in page
    assert "/admin/affiliates/reports/" not in page
