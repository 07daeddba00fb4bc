"""The page about one person, by HTTP: whoever has the same mailbox, and only what the role may see."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from accounts.models import User
from affiliates.models import Affiliate
from contacts.models import Inquiry
from privacy.admin_base.people.person import address_of, person_url
from privacy.admin_base.search.row_kinds import RowKind, Shown
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import suppress
from privacy.erasure.erase import erase_person
from privacy.models import OutgoingMail, PrivacyRequest
from privacy.registry.purpose_binding import PurposeNotAllowed
from privacy.registry.purposes import Channel, Purpose
from privacy.registry.query_purposes import UndeclaredRead, observed
from shop.delivery.license_keys import new_license_key
from shop.models import License, Order, Product
from tests import factories
from tests.accounts.test_roles import member
from tests.cast import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

CAROL = "carol@example.org"


@pytest.fixture
def order(product: Product) -> Order:
    return factories.order(product, CAROL)


def titles(response: Any) -> list[str]:
    page = BeautifulSoup(response.content, "html.parser")
    return [heading.get_text(strip=True) for heading in page.select(".person-section h2")]


def text(response: Any) -> str:
    return " ".join(BeautifulSoup(response.content, "html.parser").select("#content")[0].get_text(" ").split())


def some_rows_of_carol(order: Order) -> None:
    License.objects.create(order=order, key=new_license_key())
    factories.inquiry("Carol@Example.ORG", name="Carol Customer", message="Where is my key?")
    PrivacyRequest.objects.create(kind="access", email=CAROL, state="confirmed", keep_until=order.placed_at)
    OutgoingMail.objects.create(
        kind="k",
        about_model="shop.Order",
        about_id=order.pk,
        recipient=CAROL,
        subject="Your receipt",
        text="t",
        html="h",
    )
    suppress(CAROL, Channel.PHONE)


def test_page_shows_everything_of_the_mailbox_in_any_spelling(staff: Client, order: Order) -> None:
    some_rows_of_carol(order)
    response = staff.get(person_url(order))
    assert response.status_code == 200
    assert titles(response) == [
        *("Messages", "Orders", "Licenses", "Privacy requests", "Sent emails", "Opt-outs", "Contact permissions now")
    ]
    shown = text(response)
    said = ("Carol Customer", CAROL, "1 message, 1 open", "1 order, nothing paid", "Where is my key?", "Your receipt")
    for words in said:
        assert words in shown
    assert "Phone, for fulfilling an order: no" in shown
    assert "Email, for answering a question: yes" in shown


def test_page_does_not_show_rows_of_others(staff: Client, order: Order) -> None:
    factories.order(order.product, "mallory@example.org", name="Mallory")
    factories.inquiry("carol@example.net", name="Another Carol")
    shown = text(staff.get(person_url(order)))
    assert "Mallory" not in shown
    assert "Another Carol" not in shown


def test_address_of_the_page_holds_no_address(staff: Client, order: Order) -> None:
    assert person_url(order) == f"/admin/people/shop.order/{order.pk}/"


def test_each_row_of_the_person_leads_to_the_same_page(staff: Client, order: Order) -> None:
    some_rows_of_carol(order)
    rows = [
        order,
        License.objects.get(),
        Inquiry.objects.get(),
        PrivacyRequest.objects.get(),
        OutgoingMail.objects.get(),
    ]
    pages = [text(staff.get(person_url(row))) for row in rows]
    assert all("1 message, 1 open" in page and "Carol Customer" in page for page in pages)


def test_opening_the_page_is_one_entry_about_the_row_in_the_address(staff: Client, bob: User, order: Order) -> None:
    some_rows_of_carol(order)
    before = AuditEntry.objects.count()
    staff.get(person_url(order))
    entries = AuditEntry.objects.order_by("number")[before:]
    assert [(e.action, e.object_model, e.object_id, e.actor) for e in entries] == [
        ("privacy.staff.person", "shop.order", str(order.pk), bob.pk)
    ]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.SHOP, ["Orders", "Licenses", "Contact permissions now"]),
        (Role.FINANCE, ["Orders", "Contact permissions now"]),
        (Role.MAIL, 403),
        (Role.PRIVACY_OFFICER, 403),
        (Role.AFFILIATES, 403),
    ],
)
def test_each_role_sees_only_its_sections(order: Order, role: Role, expected: Any) -> None:
    some_rows_of_carol(order)
    response = signed_in(member(role)).get(person_url(order))
    assert (titles(response) if response.status_code == 200 else response.status_code) == expected


def test_mail_role_sees_the_person_of_a_message_without_the_orders(order: Order) -> None:
    some_rows_of_carol(order)
    mail = signed_in(member(Role.MAIL))
    response = mail.get(person_url(Inquiry.objects.get()))
    assert titles(response) == ["Messages", "Sent emails", "Opt-outs", "Contact permissions now"]
    assert order.reference not in text(response)
    assert mail.get(f"{person_url(Inquiry.objects.get())}shop.order/").status_code == 403


@pytest.mark.parametrize(
    "path", ["shop.order/0190b3f4-0000-7000-8000-000000000000", "shop.payment/{}", "x/{}", "shop.order/{}"]
)
def test_unknown_rows_and_kinds_have_no_person(staff: Client, bob: User, path: str) -> None:
    assert staff.get(f"/admin/people/{path.format(bob.pk)}/").status_code == 404


def test_person_whose_data_was_erased_is_found_by_nothing(staff: Client, order: Order) -> None:
    some_rows_of_carol(order)
    erase_person(email=CAROL)
    order.refresh_from_db()
    assert address_of(order) is None
    shown = text(staff.get(person_url(order)))
    assert "This person’s data was erased" in shown
    assert "Carol" not in shown


def test_person_known_only_from_a_mail_has_a_page(staff: Client, order: Order) -> None:
    mail = OutgoingMail.objects.create(
        kind="k", about_model="shop.Order", about_id=order.pk, recipient="x@example.net", subject="Hi", text="", html=""
    )
    response = staff.get(person_url(mail))
    assert titles(response) == ["Sent emails"]
    assert "x@example.net" in text(response)


def test_affiliate_is_found_by_the_account_and_not_by_the_payout_address(staff: Client, alice: Affiliate) -> None:
    alice.payout_email = CAROL
    alice.save()
    carol = factories.inquiry(CAROL)
    assert "affiliate DEMO" not in text(staff.get(person_url(carol)))
    assert "affiliate DEMO, active" in text(staff.get(person_url(factories.inquiry("alice@example.com"))))
    alice.user.email = CAROL
    alice.user.save()
    assert "affiliate DEMO, active" in text(staff.get(person_url(carol)))


def test_queries_are_constant_however_many_rows(
    staff: Client, order: Order, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    some_rows_of_carol(order)
    staff.get(person_url(order))
    with django_assert_max_num_queries(60) as few:
        staff.get(person_url(order))
    for _ in range(15):
        License.objects.create(order=factories.order(order.product, CAROL), key=new_license_key())
        factories.inquiry(CAROL)
    with django_assert_num_queries(len(few)):
        response = staff.get(person_url(order))
    shown = text(response)
    assert "16 orders" in shown
    assert "All orders" in shown
    everything = staff.get(f"{person_url(order)}shop.order/")
    assert text(everything).count("BPS Pro, $59.95") == 16


def test_page_reads_each_kind_for_its_own_purpose(staff: Client, order: Order, alice: Affiliate) -> None:
    some_rows_of_carol(order)
    undeclared: list[UndeclaredRead] = []
    with observed(undeclared.append):
        assert staff.get(person_url(order)).status_code == 200
        assert staff.get(person_url(alice)).status_code == 200
    assert undeclared == []


def test_kind_of_rows_that_staff_may_not_see_for_its_purpose_is_refused_at_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="not declared"):
        RowKind(
            model=Order,
            purpose=Purpose.STAFF_ACCOUNT,
            one="o",
            many="os",
            at="placed_at",
            show=lambda order: Shown(number="", at=None),
        )


def test_section_that_the_policy_does_not_cover_says_so(
    staff: Client, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(email: str) -> Any:
        raise PurposeNotAllowed

    monkeypatch.setattr(RowKind, "rows_of", lambda kind, email: closed(email))
    shown = text(staff.get(person_url(order)))
    assert "doesn't cover showing these rows" in shown
    assert order.reference not in shown


def test_same_telephone_of_another_address_is_shown_apart(staff: Client, order: Order) -> None:
    order.phone = "+1 202 555 0143"
    order.save()
    factories.inquiry("mallory@example.org", name="Mallory", phone="(202) 555-0143")
    factories.inquiry(CAROL, phone="202 555 0143")
    response = staff.get(person_url(order))
    assert titles(response)[-1] == "Same phone number, another address"
    assert text(response).count("Mallory") == 1
    assert "1 message, 1 open" in text(response)
    shop = signed_in(member(Role.SHOP)).get(person_url(order))
    assert "Mallory" not in text(shop)
