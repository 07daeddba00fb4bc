"""The search in the header, by HTTP: what was pasted is found, by whoever may see it, and is written down nowhere."""

from __future__ import annotations

import logging
from io import StringIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session, User
from affiliates.models import Affiliate, Application, Attribution, Commission, PayoutItem, PayoutRun, PayPalBatch
from privacy.admin_base.search import finding, limits, pages
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.models import OutgoingMail, PrivacyRequest, SubmittedForm
from privacy.registry.query_purposes import UndeclaredRead, observed
from shop.delivery.license_keys import new_license_key
from shop.models import ExtraCapture, License, Order, Product, Refund
from tests import factories
from tests.accounts.test_roles import member
from tests.cast import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

CAROL = "carol@example.org"


@pytest.fixture
def order(product: Product) -> Order:
    return factories.order(
        product, CAROL, reference="BRB82X5GBN", name="Carol Müller-Łuc", company="Gärten GmbH", phone="+1 202 555 0143"
    )


def search(client: Client, text: str, **query: Any) -> Any:
    """The page that somebody sees who sends this text."""
    response = client.post(reverse("admin:search"), {"text": text})
    if response.status_code == 302 and query:
        return client.get(response["Location"], query | {"search": response["Location"].rpartition("=")[2]})
    return client.get(response["Location"]) if response.status_code == 302 else response


def text_of(response: Any) -> str:
    return " ".join(BeautifulSoup(response.content, "html.parser").select("#content")[0].get_text(" ").split())


def groups(response: Any) -> dict[str, int]:
    """The heading of each kind, and how many rows it lists."""
    page = BeautifulSoup(response.content, "html.parser")
    return {
        section.select("h2")[0].get_text(strip=True): len(section.select("tbody tr"))
        for section in page.select(".person-section")
    }


def path_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


# --- Addresses --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        CAROL,
        f"Carol <{CAROL}>",
        f"mailto:{CAROL}?subject=Key",
        f"'{CAROL.upper()}', ",
        "\u200bcarol@exam\u200dple.org\u00a0\n",
        "+1 (202) 555-0143",
        "202.555.0143",
        "tel:+12025550143",
        "muller",
        "MÜLLER  carol",
        "luc gart",
        "carol@exampl",
    ],
)
def test_buyer_is_found_by_whatever_was_pasted(staff: Client, order: Order, text: str) -> None:
    factories.order(order.product, "mallory@example.net", name="Mallory")
    response = search(staff, text)
    assert groups(response) == {"Orders": 1}
    assert order.reference in text_of(response)


def test_address_shows_the_persons_card_and_all_kinds(staff: Client, order: Order) -> None:
    factories.inquiry(CAROL, name="Carol", message="Where is it?")
    Application.objects.create(name="Carol", email=CAROL, website="https://c.example", terms_version="1")
    response = search(staff, f"Carol <{CAROL}>")
    assert groups(response) == {"Messages": 1, "Orders": 1, "Affiliate applications": 1}
    assert "1 message, 1 open" in text_of(response)
    assert "/admin/people/contacts.inquiry/" in response.content.decode()


def test_several_addresses_say_which_was_not_found(staff: Client, order: Order) -> None:
    factories.inquiry("dave@example.org")
    response = search(staff, f"{CAROL}, dave@example.org; nobody@example.org")
    assert groups(response) == {"Messages": 1, "Orders": 1}
    assert "Nothing was found for nobody@example.org" in text_of(response)
    assert "found for carol" not in text_of(response)


# --- Numbers ----------------------------------------------------------------------------------------------------------
def numbered(order: Order, alice: Affiliate) -> dict[str, tuple[Any, str]]:
    """A row of each kind that has a number, and the number."""
    payment = factories.payment(
        order, paypal_order_id="5O190127TN364715T", capture_id="3C679366HH908993F", state="paid"
    )
    refund = Refund.objects.create(
        payment=payment, amount_minor=1, currency="USD", paypal_refund_id="1JU08902781691411"
    )
    key = new_license_key()
    order.state = Order.State.PAID
    order.save()
    License.objects.create(order=order, key=key)
    attribution = Attribution.objects.create(
        order=order, affiliate=alice, route="code", rate_percent=30, terms_version="1"
    )
    commission = Commission.objects.create(
        attribution=attribution,
        base_minor=10,
        rate_percent=30,
        amount_minor=3,
        currency="USD",
        hold_until=timezone.now(),
    )
    run = PayoutRun.objects.create(currency="USD", state="approved", approved_at=timezone.now())
    PayPalBatch.objects.create(run=run, paypal_batch_id="WYLPKVL2FTVNS")
    item = PayoutItem.objects.create(
        run=run, affiliate=alice, amount_minor=3, currency="USD", paypal_item_id="8AELMXH8UB2P8", reference="SEPA-77"
    )
    dispute = factories.dispute(payment, paypal_id="PP-D-12345")
    inquiry = factories.inquiry()
    request = PrivacyRequest.objects.create(kind="access", email="z@example.org", keep_until=timezone.now())
    event = factories.paypal_event(payment, event_id="WH-58D329510W468432D")
    ExtraCapture.objects.create(payment=payment, capture_id="EXTRA0001", amount_minor=1, currency="USD")
    return {
        "order": (order, order.reference),
        "payment by PayPal's order": (order, "5O190127TN364715T"),
        "payment by capture": (order, "3C679366HH908993F"),
        "payment by our key": (order, f"ord-{payment.pk}-1"),
        "second capture": (payment, "EXTRA0001"),
        "refund": (refund, "1JU08902781691411"),
        "license": (order, key),
        "commission": (commission, commission.number),
        "payout": (item, "8AELMXH8UB2P8"),
        "manual payout": (item, "SEPA-77"),
        "payout batch": (run, "WYLPKVL2FTVNS"),
        "dispute": (dispute, "PP-D-12345"),
        "message": (inquiry, inquiry.reference),
        "request": (request, request.reference),
        "event": (event, "WH-58D329510W468432D"),
    }


def test_number_leads_straight_to_its_row_in_any_spelling(staff: Client, order: Order, alice: Affiliate) -> None:
    for name, (row, number) in numbered(order, alice).items():
        if not any(character.isdigit() for character in number):  # the test below has these
            shown = search(staff, number)
            assert path_of(row) in shown.content.decode() + shown.request["PATH_INFO"]
            continue
        for typed in (
            number,
            f"  #{number.lower()}\n",
            f"“{number}”.",
            f"no. {number}" if " " not in number else number,
        ):
            response = staff.post(reverse("admin:search"), {"text": typed})
            assert response["Location"] == path_of(row), (name, typed)


@pytest.mark.parametrize("change", [str.lower, lambda key: key.replace("-", " "), lambda key: key.replace("-", "–\n")])
def test_license_key_is_found_in_any_spelling(staff: Client, order: Order, change: Any) -> None:
    license = License.objects.create(order=order, key=new_license_key())
    assert staff.post(reverse("admin:search"), {"text": change(license.key)})["Location"] == path_of(order)


def test_license_leads_to_its_own_page_for_those_who_may_not_see_orders(vera: User, order: Order) -> None:
    vera.user_permissions.add(Permission.objects.get(codename="view_license"))
    license = License.objects.create(order=order, key=new_license_key())
    found = signed_in(vera).post(reverse("admin:search"), {"text": license.key})
    assert found["Location"] == path_of(license)


@pytest.mark.parametrize("text", ["demo", "#DEMO", "https://example.com/go/DEMO/?x=1", "/?ref=Demo"])
def test_code_of_an_affiliate_is_found_alone_and_in_a_link(staff: Client, alice: Affiliate, text: str) -> None:
    response = staff.post(reverse("admin:search"), {"text": text}, follow=True)
    assert path_of(alice) in [to for to, _ in response.redirect_chain] or path_of(alice) in response.content.decode()


def test_former_code_finds_the_same_affiliate(staff: Client, alice: Affiliate) -> None:
    alice.code = "NEWCODE"
    alice.save()
    assert path_of(alice) in search(staff, "demo").content.decode()


def test_name_that_is_somebodys_code_still_finds_the_names(staff: Client, alice: Affiliate, product: Product) -> None:
    factories.order(product, "x@example.org", name="Demo Buyer")
    response = search(staff, "demo")
    assert groups(response) == {"Orders": 1, "Affiliate accounts": 1}


# --- Words ------------------------------------------------------------------------------------------------------------
def test_every_word_has_to_occur(staff: Client, order: Order) -> None:
    assert groups(search(staff, "carol gmbh")) == {"Orders": 1}
    assert groups(search(staff, "carol nobody")) == {}


def test_message_is_found_by_a_word_of_its_text(staff: Client, product: Product) -> None:
    factories.inquiry(message="The Übersetzung of the plugin is wrong.")
    factories.inquiry(message="Thanks.")
    assert groups(search(staff, "ubersetzung")) == {"Messages": 1}


def test_words_are_searched_in_the_newest_rows_and_the_page_says_so(
    staff: Client, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "VALUES", 9)  # three rows of orders
    monkeypatch.setattr(finding, "OLDER", 1)
    factories.order(product, "first@example.org", name="Zoe First")
    for _ in range(4):
        factories.order(product, "x@example.org", name="Somebody")
    response = search(staff, "zoe")
    assert groups(response) == {}
    assert "Orders: back to Mar 2, 2026, not before" in text_of(response)
    assert "Search older ones" in text_of(response)
    older = search(staff, "zoe", part=2)
    assert groups(older) == {"Orders": 1}


def test_many_results_are_cut_and_say_so(staff: Client, product: Product) -> None:
    for _ in range(finding.SHOWN + 2):
        factories.order(product, CAROL, name="Carol")
    for text in ("carol", CAROL):
        response = search(staff, text)
        assert groups(response) == {"Orders": finding.SHOWN}
        assert "More of them match" in text_of(response)


def test_nothing_found_says_what_was_searched_and_what_to_try(staff: Client, order: Order) -> None:
    shown = text_of(search(staff, "nobody"))
    assert "Nothing was found" in shown
    assert "Searched: messages, received emails, agreements, quotes, orders, licenses" in shown
    assert "All of them were searched" in shown
    assert "A complete email address" in shown


@pytest.mark.parametrize(
    "text", ["", "   ", "\u200b", "x", "@", "#", "-", "%", "' OR 1=1 --", "<script>alert(1)</script>"]
)
def test_text_that_is_no_search_is_answered(staff: Client, order: Order, text: str) -> None:
    response = search(staff, text)
    assert response.status_code == 200
    assert "What can be found" in text_of(response)
    assert b"<script>alert" not in response.content


def test_ten_thousand_characters_are_refused_with_a_reason_and_kept(staff: Client, order: Order) -> None:
    text = ("carol " * 1700)[:10_000]
    response = staff.post(reverse("admin:search"), {"text": text})
    assert response.status_code == 200
    assert "this text has 10,000 characters" in text_of(response)
    assert text.encode() in response.content
    assert AuditEntry.objects.count() == 0


# --- Who may see what -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.OWNER, {"Messages", "Orders", "Privacy requests", "Affiliate applications"}),
        (Role.SHOP, {"Orders"}),
        (Role.FINANCE, {"Orders"}),
        (Role.MAIL, {"Messages", "Sent emails"}),
        (Role.AFFILIATES, {"Affiliate applications"}),
        (Role.PRIVACY_OFFICER, {"Privacy requests"}),
    ],
)
@pytest.mark.parametrize("text", [CAROL, "Carol"])
def test_each_role_finds_only_what_it_may_see(order: Order, role: Role, expected: set[str], text: str) -> None:
    factories.inquiry(CAROL, name="Carol")
    Application.objects.create(name="Carol", email=CAROL, website="https://c.example", terms_version="1")
    PrivacyRequest.objects.create(kind="access", email=CAROL, details="Carol", keep_until=timezone.now())
    OutgoingMail.objects.create(
        kind="k", about_model="shop.Order", about_id=order.pk, recipient=CAROL, subject="Hi", text="t", html="h"
    )
    found = {*groups(search(signed_in(member(role)), text))}
    assert found - {"Sent emails"} == expected - {"Sent emails"}


@pytest.mark.parametrize("typed", ["BTWHGEZNAR", "#btwhgeznar", " #BTWHGEZNAR\n"])
def test_number_without_a_digit_leads_straight_to_its_order(staff: Client, product: Product, typed: str) -> None:
    order = factories.order(product, reference="BTWHGEZNAR")
    assert staff.post(reverse("admin:search"), {"text": typed})["Location"] == path_of(order)


def test_number_of_a_row_that_the_role_may_not_see_leads_nowhere(order: Order) -> None:
    mail = signed_in(member(Role.MAIL))
    response = search(mail, order.reference)
    assert "Nothing was found" in text_of(response)
    assert order.reference not in text_of(response)


def test_staff_without_a_role_find_nothing_and_strangers_sign_in_first(vera: User, order: Order) -> None:
    assert "Nothing was found" in text_of(search(signed_in(vera), CAROL))
    assert Client().post(reverse("admin:search"), {"text": CAROL})["Location"].startswith("/admin/login/")


def test_kept_search_belongs_to_its_session(staff: Client, grace: User, order: Order) -> None:
    address = staff.post(reverse("admin:search"), {"text": CAROL})["Location"]
    assert CAROL not in text_of(signed_in(grace).get(address))
    assert "no longer kept" in text_of(signed_in(grace).get(address))
    assert "no longer kept" not in text_of(staff.get(address))


@pytest.mark.parametrize("part", ["0", "-1", "x", "99999999999", "²"])
def test_part_that_there_is_not_is_the_nearest(staff: Client, order: Order, part: str) -> None:
    assert search(staff, "carol", part=part).status_code == 200


# --- What remains of a search -----------------------------------------------------------------------------------------
def test_search_is_one_entry_without_the_text(staff: Client, bob: User, order: Order) -> None:
    for text in (CAROL, "carol", order.reference, "nobody"):
        before = AuditEntry.objects.count()
        staff_page = search(staff, text)
        entries = AuditEntry.objects.order_by("number")[before:]
        searches = [entry for entry in entries if entry.action == "privacy.staff.search_all"]
        assert [(entry.object_model, entry.object_id, entry.actor) for entry in searches] == [("", "", bob.pk)]
        assert staff_page.status_code == 200
    assert "carol" not in repr(list(AuditEntry.objects.values())).lower()


def test_text_is_in_no_address_log_line_or_stored_form(staff: Client, order: Order) -> None:
    handler = next(each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler)
    log = StringIO()
    before = handler.setStream(log)
    try:
        response = staff.post(reverse("admin:search"), {"text": CAROL})
        page = staff.get(response["Location"])
        staff.get(response["Location"].replace("=", "=x"))
        staff.delete(reverse("admin:search"))
    finally:
        handler.setStream(before)
    assert "carol" not in response["Location"].lower()
    assert "carol" not in log.getvalue().lower()
    assert "no-store" in page["Cache-Control"]
    assert "carol" not in repr(list(SubmittedForm.objects.values())).lower()
    stored = b"".join(bytes(row["data"]) for row in Session.objects.values("data"))
    assert b"carol" not in stored


def test_session_keeps_only_the_last_searches(staff: Client, order: Order) -> None:
    addresses = [
        staff.post(reverse("admin:search"), {"text": f"carol {number}"})["Location"] for number in range(pages.KEPT + 1)
    ]
    assert "no longer kept" in text_of(staff.get(addresses[0]))
    assert "no longer kept" not in text_of(staff.get(addresses[1]))


def test_searches_of_an_hour_are_limited(staff: Client, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PER_HOUR", 2)
    search(staff, "one")
    search(staff, "two")
    response = search(staff, "three")
    assert "You have searched 2 times within this hour" in text_of(response)
    assert b"three" in response.content


def test_older_parts_and_repetitions_of_a_search_count_as_well(
    staff: Client, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_HOUR", 3)
    address = staff.post(reverse("admin:search"), {"text": "carol"})["Location"]
    pages = [f"{address}&part={part}" for part in (1, 2, 3)] + [address]
    refused = ["You have searched 3 times" in text_of(staff.get(page)) for page in pages]
    assert refused == [False, False, False, True]


def test_boxes_of_lists_are_limited_where_they_open_rows(
    staff: Client, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LISTS_PER_HOUR", 1)
    address = reverse("admin:shop_order_changelist")
    assert order.reference in text_of(staff.get(address, {"q": "muller"}))
    again = text_of(staff.get(address, {"q": "muller"}))
    assert order.reference not in again
    assert order.reference in text_of(staff.get(address, {"q": CAROL}))


def test_long_text_is_refused_before_anything_reads_it(
    staff: Client, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "visible", lambda text: pytest.fail("was read"))
    response = staff.post(reverse("admin:search"), {"text": "x" * 2_400_000})
    assert "Nothing was searched: this text has 2,400,000 characters" in text_of(response)


# --- Cost and purposes ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", [CAROL, "carol"])
def test_queries_are_constant_however_many_rows(
    staff: Client, order: Order, text: str, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    factories.inquiry(CAROL, name="Carol")
    address = staff.post(reverse("admin:search"), {"text": text})["Location"]
    staff.get(address)
    with django_assert_max_num_queries(70) as few:
        staff.get(address)
    for _ in range(15):
        factories.order(order.product, CAROL, name="Carol")
        factories.inquiry(CAROL, name="Carol")
    with django_assert_num_queries(len(few)):
        assert groups(staff.get(address)) == {"Messages": 16, "Orders": 16}


def test_search_reads_each_kind_for_its_own_purpose(staff: Client, order: Order, alice: Affiliate) -> None:
    numbered(order, alice)
    undeclared: list[UndeclaredRead] = []
    with observed(undeclared.append):
        for text in (CAROL, "carol", "alice@example.com", "WYLPKVL2FTVNS", "+1 202 555 0143"):
            assert search(staff, text).status_code == 200
    assert undeclared == []
