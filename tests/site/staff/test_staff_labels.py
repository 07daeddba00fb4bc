"""Rows are named by their label on the admin's pages, and only there: never in its log."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate
from privacy.audit.models import AuditEntry
from shop.models import Product
from tests import factories
from tests.cast import signed_in


def soup(client: Client, address: str) -> BeautifulSoup:
    response = client.get(address)
    assert response.status_code == 200, address
    return BeautifulSoup(response.content, "html.parser")


def text(page: BeautifulSoup, selector: str) -> str:
    found = page.select_one(selector)
    assert found, selector
    return " ".join(found.get_text().split())


@pytest.fixture
def ann(db: None) -> User:
    return factories.user("ann@example.org", name="Ann Author", is_staff=True)


def test_page_of_a_row_is_titled_with_its_label(staff: Client, ann: User) -> None:
    page = soup(staff, f"/admin/accounts/user/{ann.pk}/change/")
    assert "Ann Author" in text(page, "title")
    assert text(page, "h1") == "Ann Author"
    assert text(page, ".breadcrumbs").endswith("› Ann Author")


def test_list_is_named_as_in_the_navigation(staff: Client) -> None:
    page = soup(staff, "/admin/contacts/inquiry/")
    assert text(page, "h1") == "Inbox" == text(page, ".navigation [aria-current]")
    inquiry = factories.inquiry()
    assert "Today › Inbox ›" in text(soup(staff, f"/admin/contacts/inquiry/{inquiry.pk}/change/"), ".breadcrumbs")
    assert text(soup(staff, "/admin/audit/auditentry/"), "h1") == "Audit"


def test_chosen_filters_are_shown_and_can_be_taken_off(staff: Client, db: None) -> None:
    address = "/admin/affiliates/commission/?state__exact=approved"
    page = soup(staff, address)
    assert text(page, ".chosen-filters li:first-child").startswith("State: approved")
    without = page.select_one(".chosen-filters a")
    assert without
    assert "state__exact" not in str(without["href"])
    assert not soup(staff, "/admin/affiliates/commission/").select(".chosen-filters")


def test_queue_of_the_inbox_is_a_row_of_tabs(staff: Client) -> None:
    page = soup(staff, "/admin/contacts/inquiry/?queue=closed")
    assert text(page, ".list-tabs [aria-current]") == "Closed"
    assert "Queue" not in text(page, ".list-filters")


def test_group_of_the_navigation_without_entries_is_left_out(vera: User) -> None:
    vera.user_permissions.add(Permission.objects.get(codename="view_privacyrequest"))
    page = soup(signed_in(vera), "/admin/")
    assert all(group.select("a") for group in page.select(".navigation .groups > div"))
    assert "Requests of people" in text(page, ".navigation .daily")


def test_history_and_delete_pages_name_the_row(staff: Client, ann: User) -> None:
    assert text(soup(staff, f"/admin/accounts/user/{ann.pk}/history/"), "h1") == "History of Ann Author"
    assert "› Ann Author ›" in text(soup(staff, f"/admin/accounts/user/{ann.pk}/history/"), ".breadcrumbs")


def test_name_is_not_stored_in_the_log_of_the_admin(staff: Client, bob: User, ann: User) -> None:
    values = {"email": "ann@example.org", "name": "Ann Author", "is_active": "on", "is_staff": "on"}
    staff.post(f"/admin/accounts/user/{ann.pk}/change/", values)
    entry = LogEntry.objects.get()
    assert entry.object_id == str(ann.pk)
    assert "Ann" not in f"{entry.object_repr} {entry.change_message}"


def test_link_to_another_row_is_named_for_those_who_may_open_it(alice: Affiliate, staff: Client, vera: User) -> None:
    address = f"/admin/affiliates/affiliate/{alice.pk}/change/"
    link = soup(staff, address).select_one(".field-user .readonly a")
    assert link
    assert (link.get_text(), link["href"]) == ("Alice", f"/admin/accounts/user/{alice.user_id}/change/")
    vera.user_permissions.add(Permission.objects.get(codename="view_affiliate"))
    page = soup(signed_in(vera), address)
    assert not page.select(".field-user a")
    assert text(page, ".field-user .readonly") == str(alice.user)


def test_list_names_rows_and_records_that_once(staff: Client, ann: User) -> None:
    page = soup(staff, "/admin/accounts/user/")
    assert text(page, ".field-__str__ a") in {"Ann Author", "bob@example.com"}
    assert AuditEntry.objects.filter(action="privacy.staff.listed", object_model="accounts.user").count() == 1


def test_list_that_refers_to_people_names_colleagues_in_constant_queries(staff: Client, bob: User) -> None:
    bob.name = "Bob Builder"
    bob.save()

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            page = soup(staff, "/admin/affiliates/rate/")
        assert {cell.get_text() for cell in page.select(".field-created_by")} <= {"Bob Builder", "-"}
        return len(seen)

    for number in range(3):
        set_rate(
            affiliate=factories.affiliate(f"a{number}@example.org", f"A{number}"),
            percent=Decimal(20 + number),
            actor=bob,
        )
    few = queries()
    for number in range(3, 9):
        set_rate(
            affiliate=factories.affiliate(f"a{number}@example.org", f"A{number}"),
            percent=Decimal(20 + number),
            actor=bob,
        )
    assert queries() == few


def test_columns_with_labels_are_sorted_as_before(staff: Client, bob: User, alice: Affiliate) -> None:
    set_rate(affiliate=alice, percent=Decimal(20), actor=bob)
    page = soup(staff, "/admin/affiliates/rate/?o=3")
    assert page.select_one("th.column-affiliate.sorted")


def test_choices_are_named_by_label(staff: Client, alice: Affiliate) -> None:
    query = "app_label=affiliates&model_name=affiliate&field_name=user&term=alice@example.com"
    (choice,) = staff.get(f"/admin/autocomplete/?{query}").json()["results"]
    assert choice == {"id": str(alice.user_id), "text": "Alice"}


def test_times_are_shown_in_the_time_zone_of_the_business(
    staff: Client, product: Product, clock: time_machine.Traveller
) -> None:
    order = factories.order(product, placed_at=datetime(2026, 11, 29, 21, 5, tzinfo=UTC))
    page = soup(staff, "/admin/shop/order/")
    assert text(page, f"tr:has(a[href*='{order.pk}']) .field-placed_at") == "Nov 29, 2026, 1:05 PM"
    assert timezone.get_current_timezone_name() == "UTC"
