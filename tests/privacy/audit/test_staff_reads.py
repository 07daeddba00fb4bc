"""What staff read and change in the admin becomes an entry, by HTTP, with ids alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from affiliates.models import Affiliate, Application, PayoutItem, PayoutRun
from contacts.models import Inquiry
from privacy.admin_base import audited
from privacy.admin_base.checks import check_admins_are_audited
from privacy.admin_base.readonly import ReadOnlyAdmin, ReadOnlyInline
from privacy.audit.models import AuditEntry
from privacy.audit.verification import verify_chain
from privacy.models import Suppression
from shop.models import Order, Product
from tests import factories
from tests.cast import signed_in

CAROL = "carol@example.org"


@pytest.fixture
def order(product: Product) -> Order:
    return factories.order(product, CAROL)


def entries() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("number").values_list("action", "object_model", "object_id"))


def page(row: Any, view: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{view}", args=[row.pk])


def list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.mark.parametrize("view", ["change", "history"])
def test_opening_an_order_is_one_entry_with_its_id(staff: Client, bob: User, order: Order, view: str) -> None:
    response = staff.get(page(order, view))
    assert response.status_code == 200
    assert entries() == [("privacy.staff.read", "shop.order", str(order.pk))]
    entry = AuditEntry.objects.get()
    assert entry.actor == bob.pk
    stored = repr(AuditEntry.objects.values().get()).lower()
    assert not [word for word in ("carol", "example", "bob") if word in stored]


def test_an_order_that_is_not_there_is_no_entry(staff: Client, order: Order) -> None:
    missing = page(order).replace(str(order.pk), "0190b3f4-0000-7000-8000-000000000000")
    assert staff.get(missing).status_code == 302
    assert staff.get(missing.replace("change", "history")).status_code == 302
    assert entries() == []


def test_staff_without_permission_reads_nothing(order: Order) -> None:
    charlie = signed_in(factories.user("charlie@example.com", is_staff=True))
    for address in (page(order), page(order, "history"), list_of(Order) + f"?q={CAROL}", list_of(User)):
        assert charlie.get(address).status_code == 403
    assert entries() == []


def test_searching_by_address_stores_that_somebody_searched_and_no_address(staff: Client, order: Order) -> None:
    response = staff.get(list_of(Order), {"q": CAROL.upper()})
    assert order.reference in response.content.decode()
    assert sorted(entries()) == [("privacy.staff.listed", "shop.order", ""), ("privacy.staff.search", "shop.order", "")]
    assert "carol" not in repr(list(AuditEntry.objects.values())).lower()


def test_searching_by_reference_or_paging_through_a_list_that_names_people_is_a_reading_and_no_search(
    staff: Client, order: Order
) -> None:
    order.reference = "BRB82X5GBN"  # which reads as a telephone number where letters stand for digits
    order.save()
    assert order.reference in staff.get(list_of(Order), {"q": order.reference}).content.decode()
    assert staff.get(list_of(Order)).status_code == 200
    assert entries() == [("privacy.staff.listed", "shop.order", "")] * 2


def test_a_pick_list_that_searches_by_address_is_an_entry(staff: Client, alice: Affiliate) -> None:
    form = {"app_label": "affiliates", "model_name": "affiliate", "field_name": "user", "term": "alice@example.com"}
    assert str(alice.user_id) in staff.get(reverse("admin:autocomplete"), form).content.decode()
    assert entries() == [("privacy.staff.search", "accounts.user", "")]


@pytest.mark.parametrize("lookup", ["email_index", "email_index__exact", "email_index__in"])
def test_no_address_is_searched_for_past_the_search_box(staff: Client, order: Order, lookup: str) -> None:
    assert staff.get(list_of(Order), {lookup: CAROL}).status_code == 400
    assert entries() == []


def test_a_list_with_a_personal_column_is_an_entry(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No list has one now; the day one does, looking at it is a reading."""
    monkeypatch.setattr(admin.site._registry[User], "list_display", ["__str__", "email"])
    assert staff.get(list_of(User)).status_code == 200
    assert entries() == [("privacy.staff.listed", "accounts.user", "")]


@pytest.mark.parametrize(
    ("model", "path", "personal"),
    [
        (Order, "email", True),
        (Order, "reference", False),
        (Order, "no_such_column", False),
        (Affiliate, "user__name", True),
        (Affiliate, "user__is_active", False),
        (Suppression, "fingerprint", True),
    ],
)
def test_personal_columns_are_found_through_relations_too(model: Any, path: str, personal: bool) -> None:
    assert audited.is_personal_column(audited.column_at(model, path)) is personal


def test_rows_that_are_not_personal_are_no_entries(staff: Client, order: Order) -> None:
    assert staff.get(page(order.product)).status_code == 200
    assert staff.get(list_of(Product)).status_code == 200
    assert entries() == []


def test_pages_that_name_people_of_other_rows_are_entries(staff: Client, order: Order) -> None:
    """A payment's page names the buyer; the audit log names who did what."""
    payment = factories.payment(order)
    assert staff.get(page(payment)).status_code == 200
    assert staff.get(list_of(AuditEntry)).status_code == 200
    assert entries() == [
        ("privacy.staff.read", "shop.payment", str(payment.pk)),
        ("privacy.staff.listed", "audit.auditentry", ""),
    ]


class PayoutInline(ReadOnlyInline):
    model = PayoutItem


def test_an_admin_whose_inner_rows_are_personal_is_audited() -> None:
    """A payout run that showed its payouts inside would show to which addresses it pays."""

    class RunAdmin(ReadOnlyAdmin):
        inlines = [PayoutInline]

    assert audited.shows_personal_data(RunAdmin(PayoutRun, admin.site))
    assert not audited.shows_personal_data(ReadOnlyAdmin(PayoutRun, admin.site))


def form_of(response: Any) -> dict[str, Any]:
    """What a browser would send back, untouched."""
    data = {}
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for field in form:
            data[field.html_name] = "" if field.value() is None else field.value()
    return data


def test_a_change_is_an_entry(staff: Client, alice: Affiliate) -> None:
    data = form_of(staff.get(page(alice)))
    assert staff.post(page(alice), {**data, "website": "https://new.example"}).status_code == 302
    alice.refresh_from_db()
    assert alice.website == "https://new.example"
    row = ("affiliates.affiliate", str(alice.pk))
    first, *_, last = entries()
    assert (first, last) == (("privacy.staff.read", *row), ("privacy.staff.changed", *row))


def test_a_form_with_a_mistake_shows_the_row_again_and_changes_nothing(staff: Client, alice: Affiliate) -> None:
    assert staff.post(page(alice), {**form_of(staff.get(page(alice))), "payout_email": "none"}).status_code == 200
    assert [action for action, _, _ in entries()] == ["privacy.staff.read", "privacy.staff.read"]


def test_an_addition_is_an_entry(staff: Client, alice: Affiliate) -> None:
    owner = factories.user("erin@example.com")
    data = {
        "user": owner.pk,
        "code": "ERIN",
        "state": "active",
        "payout_email": "erin@example.com",
        "website": "",
        "terms_version": "1",
    }
    response = staff.post(reverse("admin:affiliates_affiliate_add"), data)
    added = Affiliate.objects.filter(code="ERIN").first()
    assert added, response.context["errors"]
    assert entries() == [("privacy.staff.added", "affiliates.affiliate", str(added.pk))]


def test_a_change_whose_entry_fails_is_not_made(
    staff: Client, alice: Affiliate, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    data = form_of(staff.get(page(alice)))

    def fail(**entry: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(audited, "record", fail)
    with pytest.raises(IntegrityError):
        staff.post(page(alice), {**data, "website": "https://new.example"})
    alice.refresh_from_db()
    assert alice.website != "https://new.example"


def test_deleting_is_an_entry_for_each_row(staff: Client, db: None) -> None:
    """Of a single row by its page, of several by the list's action."""
    first, second, third = (factories.inquiry(f"{name}@example.org") for name in ("dave", "erin", "frank"))
    assert staff.get(page(first, "delete")).status_code == 200
    assert staff.post(page(first, "delete"), {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [second.pk, third.pk], "post": "yes"}
    assert staff.post(list_of(Inquiry), chosen).status_code == 302
    assert not Inquiry.objects.exists()
    assert entries()[:2] == [
        ("privacy.staff.read", "contacts.inquiry", str(first.pk)),
        ("privacy.staff.deleted", "contacts.inquiry", str(first.pk)),
    ]
    assert {row for action, _, row in entries()[2:] if action == "privacy.staff.deleted"} == {
        str(second.pk),
        str(third.pk),
    }
    assert verify_chain().number == 4


def test_the_audit_is_shown_and_can_not_be_edited(staff: Client, order: Order) -> None:
    staff.get(page(order))
    entry = AuditEntry.objects.get()
    assert str(order.pk) in staff.get(list_of(AuditEntry), {"q": str(order.pk)}).content.decode()
    shown = staff.get(page(entry))
    assert entry.hash in shown.content.decode()
    assert b'type="submit" value="Save"' not in shown.content
    assert staff.post(page(entry), {"action": "x"}).status_code == 403
    assert staff.post(page(entry, "delete"), {"post": "yes"}).status_code == 403
    assert staff.get(reverse("admin:audit_auditentry_add")).status_code == 403
    assert verify_chain().number == 2  # the list opens names, and is an entry itself


def test_every_admin_of_personal_data_is_audited() -> None:
    assert check_admins_are_audited(None) == []


@pytest.mark.parametrize("how", ["its own rows", "inner rows"])
def test_an_admin_past_the_audit_stops_the_start(how: str) -> None:
    class Inner(admin.TabularInline[Any, Any]):
        model = Inquiry

    class Careless(admin.ModelAdmin[Any]):
        inlines = () if how == "its own rows" else (Inner,)

    site, model = admin.AdminSite(name="careless"), (Application if how == "its own rows" else Product)
    site.register(model, Careless)
    try:
        (message,) = check_admins_are_audited(None)
    finally:
        site.unregister(model)  # Django remembers every site for as long as it lives
    assert message.id == "privacy.E030"
    assert message.hint
    assert "Careless" in message.msg
