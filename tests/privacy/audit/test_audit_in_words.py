"""The audit's list and pages are sentences, which tell nobody more than their role may see."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from affiliates.models import Affiliate
from contacts.models import Inquiry
from privacy.audit.models import AuditEntry
from privacy.audit.trail import record
from privacy.audit.verification import verify_chain
from shop.models import Order, Product
from tests import factories
from tests.cast import signed_in

LIST = "/admin/audit/auditentry/"


@pytest.fixture
def dana(db: None) -> User:
    return factories.user("dana@example.com", name="Dana Staff", is_staff=True)


@pytest.fixture
def order(product: Product) -> Order:
    return factories.order(product, "carol@example.org", name="Carol Buyer")


def may(user: User, *permissions: str) -> Client:
    for each in permissions:
        app, _, codename = each.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return signed_in(user)


def told(client: Client, query: str = "") -> list[str]:
    page = BeautifulSoup(client.get(LIST + query).content, "html.parser")
    return [cell.text for cell in page.select(".field-what_happened")]


def page_of(client: Client, entry: AuditEntry) -> str:
    page = BeautifulSoup(client.get(f"{LIST}{entry.number}/change/").content, "html.parser")
    return " ".join(page.select_one(".field-what_happened .readonly").text.split())  # type: ignore[union-attr]


def test_entry_says_who_read_which_message(staff: Client, dana: User) -> None:
    inquiry = factories.inquiry()
    may(dana, "contacts.view_inquiry").get(f"/admin/contacts/inquiry/{inquiry.pk}/change/")
    [said] = [line for line in told(staff) if "read" in line]
    assert said.startswith("Dana Staff read the ")
    assert inquiry.reference in said
    assert str(inquiry.pk) not in said
    assert page_of(staff, AuditEntry.objects.first()) != ""  # type: ignore[arg-type]


def test_list_and_the_program_have_their_words(staff: Client, order: Order, dana: User) -> None:
    record(action="privacy.staff.search", about=Order, actor=dana)
    record(action="shop.order.paid", about=order, actor=None)
    record(action="shop.order.placed", about=order, actor=None)
    said = told(staff)
    assert said[2] == "Dana Staff searched the list of orders by address, number or name"
    assert said[1].startswith("The site booked the payment of the order")
    assert said[0].startswith("A buyer placed the order")
    assert order.reference in said[0]


def test_row_that_its_reader_may_not_see_has_no_name(order: Order, dana: User, alice: Affiliate) -> None:
    record(action="privacy.staff.read", about=order, actor=dana)
    record(action="affiliates.terms.accepted", about=alice, actor=alice.user)
    auditor = factories.user("vic@example.com", name="Vic", is_staff=True)
    client = may(auditor, "audit.view_auditentry")
    assert told(client) == ["The owner of an account accepted the terms for an affiliate", "Dana Staff read an order"]
    page = client.get(LIST).content.decode()
    entry = AuditEntry.objects.get(action="privacy.staff.read", object_model="shop.order")
    page += client.get(f"{LIST}{entry.number}/change/").content.decode()
    assert not [secret for secret in (order.reference, "Carol", "DEMO", "alice@") if secret in page]
    assert any(order.reference in line for line in told(may(auditor, "shop.view_order")))


def test_names_need_the_permission_to_see_the_audit(order: Order, dana: User) -> None:
    record(action="privacy.staff.read", about=order, actor=dana)
    client = may(dana, "shop.view_order")
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}1/change/").status_code == 403


def test_deleted_and_erased_rows_and_actors_are_said_so(staff: Client, order: Order, dana: User) -> None:
    gone = factories.inquiry()
    record(action="privacy.staff.read", about=gone, actor=dana)
    record(action="privacy.staff.read", about=order, actor=dana)
    Inquiry.objects.filter(pk=gone.pk).delete()
    call_command("erase_person", "carol@example.org")
    User.objects.filter(pk=dana.pk).delete()
    said = [line for line in told(staff) if " read a" in line or " read the order" in line]
    assert said[1] == "Somebody whose account was deleted read an inquiry that has been deleted"
    assert said[0].startswith("Somebody whose account was deleted read the order")
    assert said[0].endswith("(erased)")


def test_page_of_entries_costs_the_same_with_more_of_them(staff: Client, product: Product, dana: User) -> None:
    costs = []
    for number in (2, 12):
        for _ in range(number):
            record(action="privacy.staff.read", about=factories.order(product), actor=dana)
            record(action="privacy.staff.read", about=factories.inquiry(), actor=dana)
        staff.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            staff.get(LIST)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_reading_the_audit_is_one_entry_and_the_chain_still_verifies(staff: Client, bob: User, order: Order) -> None:
    record(action="privacy.staff.read", about=order, actor=bob)
    stored = AuditEntry.objects.values_list("number", "hash").get()
    staff.get(LIST)
    newest = AuditEntry.objects.latest("number")
    assert (newest.number, newest.action, newest.object_model) == (2, "privacy.staff.listed", "audit.auditentry")
    assert AuditEntry.objects.values_list("number", "hash").get(number=1) == stored
    assert verify_chain().number == 2
    assert "carol" not in repr(list(AuditEntry.objects.values())).lower()


def test_filter_by_subject_leaves_the_others_out(staff: Client, order: Order, bob: User) -> None:
    record(action="shop.order.placed", about=order, actor=None)
    record(action="privacy.staff.read", about=order, actor=bob)
    assert len(told(staff, "?subject=shop.")) == 1
    assert len(told(staff, "?subject=nonsense")) > 1
