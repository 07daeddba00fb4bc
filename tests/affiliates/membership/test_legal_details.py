"""Legal name and address for the report to the tax office: only if the vendor switches it on, and for nothing else."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.membership.account_state import KEPT_AT_LEAST, anonymize_closed_affiliates, close_affiliate
from affiliates.membership.legal_details import TABLE
from affiliates.models import Affiliate, LegalDetails, PayoutItem, PayoutRun
from affiliates.portal.exports import KINDS
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.erasure.retention import purge_expired
from privacy.policy.models import PolicyVersion
from privacy.registry import policy_gate
from privacy.registry.policy_gate import NotInEffect
from privacy.registry.policy_snapshot import running
from privacy.registry.purpose_binding import ALL_TABLES, PurposeNotAllowed, acting_for, readers
from privacy.registry.purposes import Audience, Purpose
from privacy.requests.archive import collect
from tests import factories
from tests.affiliates.portal.pages import PORTAL, text_of
from tests.cast import signed_in
from tests.privacy.policy.conftest import draft_fields, policy_in_effect, press
from tests.staff_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PAGE = f"{PORTAL}profile/legal/"
LIST, FILE = "/admin/affiliates/reports/year/?year=2026", "/admin/affiliates/reports/year.csv?year=2026"
VERSIONS = "/admin/policy/policyversion/"
NAME, ADDRESS = "Alice Quagga-Liddell", "27 Looking-Glass Road\nOxford OX1 1DP"
ENTERED = {"name": NAME, "address": ADDRESS}
Switch = Callable[[bool], None]


@pytest.fixture
def switch(settings: Any) -> Iterator[Switch]:
    """Switches the setting, as a restart with another environment would."""
    before = policy_gate._waiting

    def turn(on: bool) -> None:
        settings.AFFILIATE_LEGAL_DETAILS = on
        policy_gate.forget()

    yield turn
    policy_gate._waiting = before


@pytest.fixture
def never_on(switch: Switch) -> None:
    """A site as shipped: the setting is off, and no policy ever named legal details."""
    switch(False)
    policy_in_effect(running())


def paid(affiliate: Affiliate, minor: int, year: int = 2026, currency: str = "USD") -> None:
    run = PayoutRun.objects.create(currency=currency, method="csv")
    PayoutItem.objects.create(
        run=run,
        affiliate=affiliate,
        state="paid",
        amount_minor=minor,
        currency=currency,
        settled_at=datetime(year, 2, 1, 12, tzinfo=UTC),
    )


def enter(affiliate: Affiliate, **typed: str) -> Any:
    return signed_in(affiliate.user).post(PAGE, {**ENTERED, **typed})


def stored() -> list[tuple[str, str]]:
    with acting_for(Purpose.PRIVACY_REQUEST):
        return [(row.name, row.address) for row in LegalDetails.objects.order_by("pk")]


def rows_of(response: Any) -> list[list[str]]:
    assert response.status_code == 200
    return list(csv.reader(response.getvalue().decode("utf-8-sig").splitlines(keepends=True)))


def colleague(role: Role) -> Client:
    user = factories.user(f"{role.name.lower()}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return signed_in(user)


def whole_database() -> bytes:
    """Every byte that is stored, of this transaction too."""
    if connection.vendor == "sqlite":
        image: bytes = connection.connection.serialize()
        return image
    with connection.cursor() as cursor:
        found = b""
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            found += "\n".join(text for (text,) in cursor.fetchall()).encode()
    return found


# --- Switched off ----------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("never_on")
def test_site_as_shipped_neither_asks_for_legal_details_nor_names_them(
    client: Client, staff: Client, alice: Affiliate
) -> None:
    paid(alice, 90_000)
    browser = signed_in(alice.user)
    assert [browser.get(PAGE).status_code, browser.post(PAGE, ENTERED).status_code] == [404, 404]
    for page in (text_of(alice.user), text_of(alice.user, "profile/"), text_of(alice.user, "year/?year=2026")):
        assert "legal name" not in page.lower()
    policy = client.get("/privacy/").content.decode().lower()
    assert "your orders" in policy
    assert "legal name" not in policy and "reporting payments" not in policy
    listed = Page(staff, LIST)
    assert "Alice (DEMO)" in listed.text
    assert "legal name" not in listed.text.lower()
    assert rows_of(staff.get(FILE))[0][-1] == "total"
    assert stored() == []


@pytest.mark.usefixtures("never_on")
def test_legal_details_that_are_switched_off_are_stored_by_no_other_way(alice: Affiliate) -> None:
    with pytest.raises(NotInEffect, match="a setting switches it off"):
        LegalDetails.objects.create(affiliate=alice, **ENTERED)
    with pytest.raises(NotInEffect, match="a setting switches it off"):
        LegalDetails.objects.bulk_create([LegalDetails(affiliate=alice, **ENTERED)])
    with acting_for(Purpose.TAX_REPORTING, Audience.STAFF), pytest.raises(NotInEffect):
        list(LegalDetails.objects.all())


@pytest.mark.usefixtures("never_on")
def test_switched_off_setting_leaves_the_policy_complete(staff: Client) -> None:
    assert "covers everything" in staff.get(VERSIONS).content.decode()
    assert purge_expired(now=timezone.now()) == {}


# --- The notice gate -------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("never_on")
def test_legal_details_are_asked_for_once_everybody_was_told(
    staff: Client, alice: Affiliate, switch: Switch, work: Callable[[], int]
) -> None:
    paid(alice, 90_000)
    switch(True)
    browser = signed_in(alice.user)
    assert [browser.get(PAGE).status_code, browser.post(PAGE, ENTERED).status_code] == [404, 404]
    assert "legal name" not in text_of(alice.user).lower()
    assert "has to be in effect" in Page(staff, LIST).text
    with pytest.raises(NotInEffect, match="does not cover it yet"), transaction.atomic():
        LegalDetails.objects.create(affiliate=alice, **ENTERED)
    draft = staff.get(f"{VERSIONS}add/").content.decode()
    assert "A new purpose: reporting payments to affiliates to the tax office." in draft
    assert "New: legal name (in “Your details for the tax office”)" in draft
    staff.post(f"{VERSIONS}add/", draft_fields())
    version = PolicyVersion.objects.get(number=2)
    press(staff, version, "announce")
    assert "not been notified yet" in press(staff, version, "put-in-effect")
    assert browser.get(PAGE).status_code == 404
    work()
    assert [message.subject for message in mail.outbox if message.to == ["alice@example.com"]]
    assert "is in effect" in press(staff, version, "put-in-effect")
    assert browser.post(PAGE, ENTERED).status_code == 302
    assert stored() == [(NAME, ADDRESS)]


def test_policy_names_purpose_recipients_and_retention(client: Client) -> None:
    page = BeautifulSoup(client.get("/privacy/").content, "html.parser").get_text(" ", strip=True)
    for told in (
        "Your details for the tax office legal name, postal address",
        "reporting payments to affiliates to the tax office",
        "nobody, unless the law requires us to report to the tax office what we paid you",
        "as long as you are an affiliate, unless you delete them sooner",
    ):
        assert told in page


# --- The affiliate ---------------------------------------------------------------------------------------------------
def test_affiliate_enters_changes_and_deletes_legal_details(alice: Affiliate) -> None:
    browser = signed_in(alice.user)
    assert "Legal name and address" in browser.get(f"{PORTAL}profile/").content.decode()
    assert NAME not in browser.get(PAGE).content.decode()
    assert enter(alice).headers["Location"] == f"{PORTAL}profile/"
    form = browser.get(PAGE).content.decode()
    assert NAME in form and "27 Looking-Glass Road" in form
    enter(alice, name="Alice Hargreaves")
    assert stored() == [("Alice Hargreaves", ADDRESS)]
    enter(alice, name="", address="")
    enter(alice, name="", address="")
    assert stored() == []
    entries = AuditEntry.objects.filter(action__startswith="affiliates.legal_details.", object_id=alice.pk)
    assert list(entries.order_by("number").values_list("action", flat=True)) == [
        "affiliates.legal_details.entered",
        "affiliates.legal_details.entered",
        "affiliates.legal_details.deleted",
    ]


def test_legal_details_are_sealed_in_the_database(alice: Affiliate) -> None:
    Affiliate.objects.filter(pk=alice.pk).update(terms_version="Snark")
    enter(alice)
    content = whole_database()
    assert b"Snark" in content  # the search finds what is there
    for word in ("Quagga", "Looking-Glass", "OX1 1DP"):
        for form in (word.encode(), word.lower().encode(), word.encode().hex().encode()):
            assert form not in content, word


def test_own_yearly_report_shows_legal_details_to_their_affiliate_alone(alice: Affiliate, erin: Affiliate) -> None:
    for affiliate in (alice, erin):
        paid(affiliate, 90_000)
    enter(alice)
    own, others = (text_of(one.user, "year/?year=2026") for one in (alice, erin))
    assert f"To {NAME} 27 Looking-Glass Road Oxford OX1 1DP" in own
    assert NAME not in others
    assert NAME not in signed_in(erin.user).get(PAGE).content.decode()


def test_no_other_page_or_file_shows_legal_details(alice: Affiliate, staff: Client) -> None:
    paid(alice, 90_000)
    enter(alice)
    browser = signed_in(alice.user)
    pages = ["", "profile/", "profile/details/", "statement/", "payouts/", "events/", "help/"]
    pages += [f"files/{kind}.csv" for kind in KINDS]
    seen = [browser.get(PORTAL + page) for page in pages]
    row = f"/admin/affiliates/affiliate/{alice.pk}/"
    seen += [staff.get(page) for page in (f"{row}change/", f"{row}history/", "/admin/affiliates/affiliate/")]
    seen += [staff.get(f"/admin/search/?q={word}", follow=True) for word in ("Quagga", "alice@example.com", "DEMO")]
    assert {response.status_code for response in seen} == {200}
    assert [response.request["PATH_INFO"] for response in seen if b"Quagga" in response.getvalue()] == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"address": ""}, "Enter both, or clear both to delete what you entered before."),
        ({"name": ""}, "Enter both, or clear both to delete what you entered before."),
        ({"name": "   "}, "Enter both, or clear both to delete what you entered before."),
        ({"name": "Alice\x00"}, "Null characters are not allowed"),
        ({"name": "Alice\x1b[31m"}, "on one line, without control characters"),
        ({"name": "Alice\u202egnissalG"}, "Please remove characters that reverse the text direction"),
        ({"address": "27 Road\x07"}, "This text contains a control character"),
        ({"name": "x" * 201}, "at most 200 characters (it has 201)"),
        ({"address": "x" * 501}, "at most 500 characters (it has 501)"),
        ({"address": "4111 1111 1111 1111"}, "card number"),
    ],
)
def test_bad_legal_details_are_refused_in_words_and_lose_nothing(
    alice: Affiliate, typed: dict[str, str], told: str
) -> None:
    enter(alice)
    response = signed_in(alice.user).post(PAGE, {"name": "Alice Typed", "address": "Typed Road", **typed})
    page = BeautifulSoup(response.content, "html.parser").get_text(" ")
    assert response.status_code == 200
    assert told in page
    kept = "Alice Typed" if "name" not in typed else "Typed Road"
    assert kept in response.content.decode()
    assert stored() == [(NAME, ADDRESS)]


def test_ten_megabytes_are_refused_and_change_nothing(alice: Affiliate) -> None:
    enter(alice)
    response = enter(alice, address="x" * 10_000_000)
    assert response.status_code == 413
    assert "That was too much to send at once" in response.content.decode()
    assert stored() == [(NAME, ADDRESS)]


def test_closed_account_takes_no_legal_details(alice: Affiliate) -> None:
    Affiliate.objects.filter(pk=alice.pk).update(state="closed")
    assert "This account is closed." in enter(alice).content.decode()
    assert stored() == []


@pytest.mark.parametrize(
    ("minor", "year", "currency", "asks"),
    [
        (60_000, 2026, "USD", True),
        (60_000, 2025, "USD", True),
        (59_999, 2026, "USD", False),
        (60_000, 2024, "USD", False),
        (100, 2026, "EUR", True),  # on the vendor's list too, as no exchange rate is known
    ],
)
def test_portal_asks_whom_the_vendor_has_to_report(
    alice: Affiliate, minor: int, year: int, currency: str, asks: bool
) -> None:
    paid(alice, minor, year, currency)
    for page in ("", "year/?year=2026"):
        assert ("For that report we need your legal name and postal address." in text_of(alice.user, page)) is asks


def test_asking_costs_the_portal_one_query_unless_there_is_something_to_report(alice: Affiliate, settings: Any) -> None:
    paid(alice, 59_999)
    browser, cost = signed_in(alice.user), {}
    browser.get(PORTAL)
    for asks in (False, True):
        settings.AFFILIATE_LEGAL_DETAILS = asks
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(PORTAL).status_code == 200
        cost[asks] = len(queries)
    assert cost[True] == cost[False] + 1


def test_portal_stops_asking_once_legal_details_are_entered(alice: Affiliate) -> None:
    paid(alice, 90_000)
    assert "Enter them" in text_of(alice.user)
    enter(alice)
    assert "Enter them" not in text_of(alice.user)


# --- The vendor ------------------------------------------------------------------------------------------------------
def test_list_shows_legal_details_and_who_has_not_entered_them(
    staff: Client, alice: Affiliate, erin: Affiliate
) -> None:
    for affiliate in (alice, erin):
        paid(affiliate, 90_000)
    frank = factories.affiliate("frank@example.com", "FRANK")
    paid(frank, 100)
    for affiliate in (alice, frank):
        enter(affiliate)
    page = Page(staff, LIST)
    assert f"Alice (DEMO) 1 $0.00 $900.00 $900.00 {NAME} 27 Looking-Glass Road Oxford OX1 1DP" in page.text
    assert "Erin (ERIN) 1 $0.00 $900.00 $900.00 not entered" in page.text
    assert "1 affiliate on this list has not entered a legal name and postal address." in page.text
    assert page.text.count(NAME) == 1
    assert rows_of(staff.get(FILE)) == [
        [*("affiliate", "currency", "payments", "through PayPal", "outside PayPal", "total")]
        + ["legal name", "postal address"],
        ["DEMO", "USD", "1", "0.00", "900.00", "900.00", NAME, ADDRESS],
        ["ERIN", "USD", "1", "0.00", "900.00", "900.00", "", ""],
    ]


def test_list_knows_no_legal_details_of_a_closed_account(staff: Client, alice: Affiliate) -> None:
    paid(alice, 90_000)
    enter(alice)
    erase_person(email="alice@example.com")
    text = Page(staff, LIST).text
    assert "$900.00 not known: the account is closed" in text
    assert "not entered" not in text


def test_each_look_at_legal_details_is_recorded(staff: Client, bob: User, alice: Affiliate) -> None:
    paid(alice, 90_000)
    enter(alice)
    staff.get(LIST)
    staff.get(FILE)
    entries = AuditEntry.objects.filter(object_model="affiliates.legaldetails", actor=bob.pk).order_by("number")
    assert list(entries.values_list("action", flat=True)) == ["privacy.staff.listed", "affiliates.report.downloaded"]


def test_file_with_legal_details_asks_for_the_password_again(
    staff: Client, alice: Affiliate, settings: Any, clock: time_machine.Traveller
) -> None:
    paid(alice, 90_000)
    enter(alice)
    settings.REAUTHENTICATION_MINUTES = 15
    clock.shift(timedelta(minutes=16))
    response = staff.get(FILE)
    assert "again-password" in response.content.decode()
    assert NAME not in response.content.decode()


@pytest.mark.parametrize(("role", "sees"), [(Role.FINANCE, True), (Role.AFFILIATES, False)])
def test_list_shows_legal_details_only_to_roles_that_report_payments(alice: Affiliate, role: Role, sees: bool) -> None:
    paid(alice, 90_000)
    enter(alice)
    browser = colleague(role)
    assert "Alice (DEMO)" in Page(browser, LIST).text
    assert [NAME in Page(browser, LIST).text, NAME in str(rows_of(browser.get(FILE)))] == [sees, sees]
    assert AuditEntry.objects.filter(object_model="affiliates.legaldetails").exists() is sees


def test_staff_have_no_form_for_legal_details(staff: Client, alice: Affiliate) -> None:
    paid(alice, 90_000)
    assert not Page(staff, LIST).soup.select("#content form[method=post]")
    assert staff.get("/admin/affiliates/legaldetails/add/").status_code == 404


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", " ="])
def test_legal_details_are_no_formula_in_the_file(staff: Client, alice: Affiliate, start: str) -> None:
    paid(alice, 90_000)
    formula = f'{start}HYPERLINK("https://evil.example")'
    enter(alice, name=formula, address=f"{formula}\n{formula}")
    [_, row] = rows_of(staff.get(FILE))
    assert (row[-2][0], row[-1][0]) == ("'", "'")
    assert "evil.example" in row[-2]


def test_list_costs_one_query_more_however_long(
    staff: Client, alice: Affiliate, erin: Affiliate, django_assert_max_num_queries: Any
) -> None:
    affiliates = [alice, erin, *(factories.affiliate(f"frank{n}@example.com", f"FRANK{n}") for n in range(5))]
    for affiliate in affiliates:
        paid(affiliate, 90_000)
        enter(affiliate)
    staff.get(LIST)
    with django_assert_max_num_queries(20):
        assert Page(staff, LIST).text.count(NAME) == 7


# --- Bound to the purpose --------------------------------------------------------------------------------------------
def test_only_the_yearly_list_and_the_affiliate_read_legal_details() -> None:
    place = "affiliates.membership.legal_details"
    assert {(one.code, one.purpose, one.audience) for one in readers(TABLE) if one.table != ALL_TABLES} == {
        (f"{place}.legal_details_of", Purpose.TAX_REPORTING, Audience.PERSON),
        (f"{place}.save_legal_details", Purpose.TAX_REPORTING, Audience.PERSON),
        (f"{place}.legal_details_by_affiliate", Purpose.TAX_REPORTING, Audience.STAFF),
    }


@pytest.mark.parametrize("audience", [Audience.SITE, Audience.PERSON, Audience.STAFF, Audience.AFFILIATE])
def test_no_other_purpose_reads_legal_details(alice: Affiliate, audience: Audience) -> None:
    enter(alice)
    others = {*Purpose} - {Purpose.TAX_REPORTING, Purpose.PRIVACY_REQUEST, Purpose.POLICY_NOTICE}
    for purpose in others:
        with acting_for(purpose, audience), pytest.raises(PurposeNotAllowed):
            list(LegalDetails.objects.filter(affiliate=alice))
        with acting_for(purpose, audience), pytest.raises(PurposeNotAllowed):
            list(Affiliate.objects.select_related("legal_details"))


# --- Rights ----------------------------------------------------------------------------------------------------------
def test_archive_has_legal_details_of_their_person_alone(alice: Affiliate, erin: Affiliate) -> None:
    enter(alice)
    [section] = [one for one in collect(email="alice@example.com") if one["what"] == "Your details for the tax office"]
    assert section["purpose"] == "reporting payments to affiliates to the tax office"
    [row] = section["rows"]
    assert (row["legal name"], row["postal address"]) == (NAME, ADDRESS)
    assert NAME not in str(collect(email="erin@example.com"))


def test_erasure_deletes_legal_details(alice: Affiliate, erin: Affiliate) -> None:
    for affiliate in (alice, erin):
        enter(affiliate)
    report = [str(line) for line in erase_person(email="alice@example.com")]
    assert "Your details for the tax office: 1 deleted" in report
    assert len(stored()) == 1


def test_closing_an_account_deletes_legal_details_once_everything_is_paid(
    alice: Affiliate, clock: time_machine.Traveller
) -> None:
    enter(alice)
    close_affiliate(affiliate=alice, actor=alice.user)
    anonymize_closed_affiliates(now=timezone.now())
    assert stored() == [(NAME, ADDRESS)]
    clock.shift(KEPT_AT_LEAST)
    assert anonymize_closed_affiliates(now=timezone.now()) == 1
    assert stored() == []


# --- Switched off again ----------------------------------------------------------------------------------------------
def test_legal_details_are_kept_out_of_sight_while_the_policy_still_names_them_and_then_deleted(
    client: Client, staff: Client, alice: Affiliate, switch: Switch
) -> None:
    paid(alice, 90_000)
    enter(alice)
    switch(False)
    assert signed_in(alice.user).get(PAGE).status_code == 404
    assert NAME not in text_of(alice.user, "year/?year=2026") + Page(staff, LIST).text
    purge_expired(now=timezone.now())
    assert "legal name" in client.get("/privacy/").content.decode()
    assert stored() == [(NAME, ADDRESS)]  # whoever asks still gets them
    assert NAME in str(collect(email="alice@example.com"))
    staff.post(f"{VERSIONS}add/", draft_fields(tells=""))
    version = PolicyVersion.objects.get(number=2)
    assert "No longer a purpose: reporting payments to affiliates to the tax office." in "\n".join(
        difference.text for difference in version.changes()
    )
    press(staff, version, "announce")
    assert "is in effect" in press(staff, version, "put-in-effect")
    assert "legal name" not in client.get("/privacy/").content.decode()
    assert purge_expired(now=timezone.now()) == {"Your details for the tax office": 1}
    assert stored() == []
