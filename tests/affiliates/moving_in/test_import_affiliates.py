"""`import_affiliates`: another program's affiliates move in once, with their links and what they are owed, and nobody's
data is used before they are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.membership.account_state import close_affiliate
from affiliates.membership.terms import accept_terms, current_terms
from affiliates.models import Affiliate, Click, LedgerEntry, MovedAffiliate, OldLink
from affiliates.moving_in.notices import notify_moved_affiliates
from affiliates.payouts.eligibility import Ineligibility, ineligibility
from affiliates.payouts.preview import preview_payout
from affiliates.tracking.code_cache import clear_code_cache
from aitpro.housekeeping import housekeep
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.mail.bounces import mark_undeliverable
from privacy.policy.models import PolicyVersion
from privacy.registry import policy_gate
from privacy.registry.policy_snapshot import running, without
from shop.models import Product
from tests import factories
from tests.privacy.audit.guards import guards_lifted
from tests.shop.moving_in.exports import AFFILIATEWP, affiliatewp_row, export, run


@pytest.fixture(autouse=True)
def _noon(clock: time_machine.Traveller, db: None) -> None:
    """Noon, when no link of another test is remembered: batches are stored without signals."""
    clear_code_cache()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Harry is owed $123.45; Ivy nothing; Jack never became active."""
    return export(
        tmp_path / "affiliates.csv",
        AFFILIATEWP,
        affiliatewp_row(12, name="Harry", unpaid="123.45"),
        affiliatewp_row(7, name="Ivy"),
        affiliatewp_row(13, name="Jack", Status="pending"),
    )


def move(file: Path, *arguments: str, source: str = "affiliatewp") -> str:
    return run("import_affiliates", file, *arguments, source=source)


def harry() -> Affiliate:
    return Affiliate.objects.get(user__email_index="harry@example.com")


@pytest.fixture
def told(program: Path, work: Callable[[], int]) -> Affiliate:
    """Harry, who has moved in and got the mail about it."""
    move(program, "--apply")
    notify_moved_affiliates(now=timezone.now())
    work()
    notify_moved_affiliates(now=timezone.now())
    return harry()


def test_rehearsal_says_what_would_move_in_and_stores_nothing(program: Path) -> None:
    printed = move(program)
    assert "2 affiliates would move in." in printed
    assert "Left out: 1 (not active in the former program)." in printed
    assert "Nothing was stored." in printed
    assert not User.objects.exists()


def test_affiliate_moves_in_with_new_code_old_links_and_balance(program: Path) -> None:
    assert "2 affiliates moved in." in move(program, "--apply")
    moved = harry()
    assert (moved.user.name, moved.payout_email) == ("Harry Liddell", "harry.pay@example.com")
    assert (moved.state, moved.terms_version, len(moved.code)) == ("moved", "", 8)
    assert moved.joined_at == datetime(2021, 5, 4, 10, 22, tzinfo=UTC)
    assert not moved.user.has_usable_password()
    assert {link.parameter for link in moved.old_links.all()} == {"ref"}
    assert moved.old_links.count() == 2
    line = LedgerEntry.objects.get(affiliate=moved)
    assert (line.kind, str(line.total)) == ("opening", "$123.45")
    assert line.reason == "unpaid in AffiliateWP, where you had the number 12"
    assert AuditEntry.objects.filter(action="affiliates.account.moved_in").count() == 2


def test_second_run_stores_nothing_again(program: Path) -> None:
    move(program, "--apply")
    printed = move(program, "--apply")
    assert "0 affiliates moved in." in printed
    assert "Here already: 2." in printed
    assert "ERROR" not in printed
    assert LedgerEntry.objects.count() == 1


def test_database_takes_over_an_affiliate_and_a_balance_once(program: Path) -> None:
    move(program, "--apply")
    moved, other = harry(), factories.affiliate("other@example.com", "OTHER")
    with pytest.raises(IntegrityError), transaction.atomic():
        MovedAffiliate.objects.create(affiliate=other, source="affiliatewp", source_id="12")
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(affiliate=moved, kind="opening", amount_minor=1, currency="USD", reason="again")
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        LedgerEntry.objects.create(affiliate=other, kind="opening", amount_minor=1, currency="USD")


@pytest.mark.parametrize("link", ["/?ref=12", "/products/bps-pro/?ref=HARRY", "/support/?ref=harry", "/about/?ref=12"])
def test_old_link_earns_once_the_affiliate_is_told(
    told: Affiliate, product: Product, client: Client, link: str
) -> None:
    response = client.get(link)
    assert response.status_code == 200
    assert response.cookies["aitpro_referral"]["max-age"] == 30 * 86400
    assert response.headers["Cache-Control"] == "no-store"
    assert Click.objects.get().affiliate == told


def test_old_link_earns_nothing_before_the_affiliate_is_told(program: Path, client: Client) -> None:
    move(program, "--apply")
    assert "aitpro_referral" not in client.get("/?ref=12").cookies
    assert not Click.objects.exists()


def test_unknown_old_link_is_a_page_like_any_other(told: Affiliate, client: Client) -> None:
    assert "aitpro_referral" not in client.get("/?via=12").cookies
    assert "Cache-Control" not in client.get("/?via=12").headers
    assert "aitpro_referral" not in client.get("/?ref=13").cookies


def test_old_link_of_a_closed_account_earns_nothing(told: Affiliate, client: Client) -> None:
    close_affiliate(affiliate=told, actor=told.user)
    assert "aitpro_referral" not in client.get("/?ref=12").cookies


@pytest.mark.parametrize(
    ("source", "headings", "row", "links"),
    [
        (
            "slicewp",
            "id,user_id,email,first_name,last_name,payment_email,website,status,unpaid_commissions,date_created",
            {"id": "31", "email": "kim@example.com", "status": "active", "unpaid_commissions": "5.00"},
            ["/?aff=31"],
        ),
        (
            "rewardful",
            "ID,Created at,First name,Last name,Email,PayPal email,State,Token,Visitors,Leads,Unpaid commissions",
            {
                "ID": "d0ed8392",
                "Email": "kim@example.com",
                "State": "active",
                "Token": "kim",
                "Unpaid commissions": "$5.00",
            },
            ["/?via=kim"],
        ),
        (
            "firstpromoter",
            "id,email,first_name,last_name,ref_id,promo_code,paypal_email,status,current_balance,created_at",
            {"id": "99", "email": "kim@example.com", "status": "approved", "ref_id": "kim", "current_balance": "5"},
            ["/?fpr=kim", "/?via=kim"],
        ),
        (
            "csv",
            "id,email,name,payout email,code,links,balance",
            {"id": "1", "email": "kim@example.com", "code": "kim", "links": "via=kim partner=k-1", "balance": "5.00"},
            ["/?via=kim", "/?partner=K-1", "/?ref=kim"],
        ),
    ],
)
def test_other_programs_move_in_with_their_links(
    tmp_path: Path, client: Client, source: str, headings: str, row: dict[str, str], links: list[str]
) -> None:
    file = export(tmp_path / "export.csv", headings, row)
    assert "1 affiliate moved in." in move(file, "--apply", source=source)
    Affiliate.objects.update(state="active")
    clear_code_cache()
    assert str(LedgerEntry.objects.get().total) == "$5.00"
    for link in links:
        assert "aitpro_referral" in Client().get(link).cookies, link


def test_other_name_of_the_links_is_an_option(program: Path) -> None:
    move(program, "--parameter", "partner", "--apply")
    assert {link.parameter for link in OldLink.objects.all()} == {"partner"}


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"Email": ""}, "email: missing"),
        ({"Email": "harry@example.com"}, "email: the same as in line 2"),
        ({"Email": "Harry@EXAMPLE.com"}, "email: the same as in line 2"),
        ({"Affiliate_ID": "12"}, "id: the same as in line 2"),
        ({"Affiliate_ID": ""}, "id: missing"),
        ({"Username": "harry"}, "link ?ref=: the same as in line 2"),
        ({"Unpaid_Earnings": "1,50"}, "unpaid balance: not an amount in USD with a decimal point"),
        ({"Unpaid_Earnings": "-1.50"}, "unpaid balance: negative"),
        ({"Payment_Email": "nowhere"}, "payment email: not a valid email address"),
        ({"Custom_Slug": "not a code"}, "code: not 2 to 32 letters"),
        ({"Custom_Slug": "TOP"}, "code: the same as in line 2"),
        ({"Custom_Slug": "spring10"}, "code: there is a discount code with this name"),
        ({"Unpaid_Earnings": "99999999999999999999"}, "unpaid balance: more than $21,474,836.47, the highest possible"),
        ({"Date_Registered": "2020-02-30"}, "date: not a date such as 2026-03-31"),
        ({"Date_Registered": "0000-00-00 00:00:00"}, "date: not a date such as 2026-03-31"),
        ({"Date_Registered": "2031-01-01"}, "date: in the future"),
        ({"Date_Registered": "0001-01-01T00:00+14:00"}, "date: before 1995"),
        ({"Website": "javascript:alert(1)"}, "website: not an address that begins with http:// or https://"),
        ({"Website": "ftp://shop.example/"}, "website: not an address that begins with http:// or https://"),
    ],
)
def test_unreadable_line_is_named_without_its_values_and_stored_not_at_all(
    tmp_path: Path, cells: dict[str, str], says: str
) -> None:
    factories.discount()
    file = export(
        tmp_path / "affiliates.csv",
        f"{AFFILIATEWP},Custom Slug,Website",
        affiliatewp_row(12, name="Harry", Custom_Slug="top"),
        affiliatewp_row(7, name="Ivy", **cells),
    )
    printed = move(file, "--apply")
    assert f"line 3: {says}" in printed
    assert "1 affiliate moved in." in printed
    assert "ERROR: 1 line could not be read." in printed
    assert User.objects.count() == 1
    assert "@" not in printed


@pytest.mark.parametrize("links", ["REF=12", "?REF=13", "evil=9", "ref=12 evil=9", "https://shop.example/kim"])
def test_links_that_would_not_work_are_named(tmp_path: Path, links: str) -> None:
    row = {"id": "1", "email": "kim@example.com", "links": links, "balance": "0"}
    printed = move(export(tmp_path / "a.csv", "id,email,links,balance", row), "--apply", source="csv")
    assert "line 2: links: one has none of ref=, aff=, via=, fpr=, affiliate=, referral=, partner=" in printed
    assert not User.objects.exists()


@pytest.mark.parametrize("date", ["31.12.2019", "2019-12-31", "12/31/2019"])
def test_day_of_joining_is_kept_however_it_is_written(tmp_path: Path, date: str) -> None:
    rows = [affiliatewp_row(12, name="Harry", Date_Registered=date), affiliatewp_row(7, name="Ivy", Date_Registered="")]
    assert "2 affiliates moved in." in move(export(tmp_path / "a.csv", AFFILIATEWP, *rows), "--apply")
    assert harry().joined_at == datetime(2019, 12, 31, tzinfo=UTC)
    assert Affiliate.objects.exclude(pk=harry().pk).get().joined_at == timezone.now()


def test_website_without_https_is_completed(tmp_path: Path) -> None:
    row = affiliatewp_row(12, name="Harry", Website="foo.example")
    move(export(tmp_path / "a.csv", f"{AFFILIATEWP},Website", row), "--apply")
    assert harry().website == "https://foo.example"


def test_corrected_line_moves_in_with_the_next_run(tmp_path: Path) -> None:
    rows = [affiliatewp_row(12, name="Harry"), affiliatewp_row(7, name="Ivy", Email="ivy")]
    move(export(tmp_path / "a.csv", AFFILIATEWP, *rows), "--apply")
    rows[1]["Email"] = "ivy@example.com"
    assert "1 affiliate moved in." in move(export(tmp_path / "a.csv", AFFILIATEWP, *rows), "--apply")


def test_semicolons_latin_1_and_decimal_commas_move_in(tmp_path: Path) -> None:
    file = export(tmp_path / "a.csv", AFFILIATEWP, affiliatewp_row(12, name="Zoë", unpaid="1.234,50"), delimiter=";")
    file.write_bytes(file.read_text().replace("zoë", "zoe").encode("latin-1"))
    printed = move(file, "--decimal-comma", "--apply")
    assert "it is read as Latin-1" in printed
    assert "1 affiliate moved in." in printed
    assert User.objects.get().name == "Zoë Liddell"
    assert str(LedgerEntry.objects.get().total) == "$1,234.50"


def test_existing_account_and_code_are_never_touched(program: Path, alice: Affiliate) -> None:
    factories.user("harry@example.com", name="Another Harry")
    ivy = factories.affiliate("other@example.com", "IVY")
    printed = move(program, "--apply")
    assert "line 2: email: an account here has this address" in printed
    assert "line 3: link ?ref=: it is the code of another affiliate here" in printed
    assert "0 affiliates moved in." in printed
    assert MovedAffiliate.objects.count() == 0
    assert ivy.code == "IVY"


def test_nobody_gets_the_value_of_anothers_old_link_as_a_code(told: Affiliate, alice: Affiliate, staff: Client) -> None:
    page = f"/admin/affiliates/affiliate/{alice.pk}/change/"
    shown = staff.post(page, {"code": "harry", "payout_email": "", "website": ""}, follow=True).content.decode()
    assert "Another affiliate has or once had this code." in shown


def test_visits_are_dropped_and_counted(tmp_path: Path) -> None:
    headings = "Visit ID,Landing Page,Referring URL,IP,Converted,Referral ID,Affiliate,Date"
    file = export(tmp_path / "visits.csv", headings, {"IP": "203.0.113.9"}, {"IP": "203.0.113.10"})
    printed = move(file, "--apply")
    assert "Dropped: 2 visits with the address of the visitor." in printed
    assert "203.0.113" not in printed


def test_export_without_balances_is_refused(tmp_path: Path) -> None:
    headings = AFFILIATEWP.replace("Unpaid Earnings,", "")
    file = export(tmp_path / "a.csv", headings, {"Affiliate ID": "1"})
    assert "a heading is missing: unpaid earnings" in move(file, "--apply")


def test_nothing_moves_in_before_the_policy_in_effect_covers_it(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_gate, "_waiting", policy_gate._waiting)
    version = PolicyVersion.objects.get(state="in_effect")
    version.take(without(running(), ["affiliates_oldlink.value"]))
    with guards_lifted():
        version.save()
    policy_gate.forget()
    assert "has to cover: affiliates_oldlink.value." in move(program)
    assert "ERROR: The privacy policy in effect does not cover affiliates_oldlink.value yet." in move(
        program, "--apply"
    )
    assert not User.objects.exists()


def test_account_is_used_for_nothing_until_its_owner_is_told(program: Path, work: Callable[[], int]) -> None:
    move(program, "--apply")
    assert ineligibility(harry(), due_minor=12345) is Ineligibility.MOVED
    assert not preview_payout(currency="USD").paid
    housekeep(now=timezone.now())
    work()
    assert {message.subject for message in mail.outbox} == {"Our affiliate program has moved"}
    assert {message.to[0] for message in mail.outbox} == {"harry@example.com", "ivy@example.com"}
    assert harry().state == "moved"
    notify_moved_affiliates(now=timezone.now())
    assert harry().state == "active"


def test_mail_about_the_move_names_the_code_and_no_typed_text(told: Affiliate) -> None:
    [message] = [each for each in mail.outbox if each.to == ["harry@example.com"]]
    assert f"/go/{told.code}/" in str(message.body)
    assert "moved from AffiliateWP" in str(message.body)
    assert "Liddell" not in str(message.body)


def test_affiliate_who_cannot_be_mailed_stays_unused_until_staff_tell_them(
    program: Path, staff: Client, work: Callable[[], int]
) -> None:
    mark_undeliverable("harry@example.com", code="550")
    move(program, "--apply")
    notify_moved_affiliates(now=timezone.now())
    work()
    notify_moved_affiliates(now=timezone.now())
    assert (harry().state, harry().moved_from.notice) == ("moved", "unreachable")
    assert "1</strong> affiliate to tell by phone or letter" in " ".join(staff.get("/admin/").content.decode().split())
    page = f"/admin/affiliates/affiliate/{harry().pk}/standing/told/"
    staff.post(page)
    assert harry().state == "active"
    assert AuditEntry.objects.filter(action="affiliates.account.told").count() == 1


def test_portal_of_an_account_that_is_moving_in_says_so(program: Path, client: Client) -> None:
    move(program, "--apply")
    client.force_login(harry().user)
    page = client.get("/affiliates/portal/").content.decode()
    assert "Your affiliate account is moving in" in page
    assert "we are sending you an email about it" in page
    assert "$123.45" in page


def test_balance_is_paid_only_after_the_terms_are_accepted(told: Affiliate, client: Client) -> None:
    assert ineligibility(told, due_minor=12345) is Ineligibility.TERMS
    client.force_login(told.user)
    asked = client.get("/affiliates/portal/", follow=True).content.decode()
    assert "Your account moved here from another program." in asked
    assert "The terms have changed" not in asked
    terms = current_terms()
    assert terms
    client.post("/affiliates/portal/terms/", {"accept": "on", "version": terms.number})
    told.refresh_from_db()
    assert ineligibility(told, due_minor=12345) is None


def test_statement_names_the_source_of_the_opening_balance(told: Affiliate, client: Client) -> None:
    terms = current_terms()
    assert terms
    accept_terms(affiliate=told, version=terms, now=timezone.now(), actor=told.user)
    client.force_login(told.user)
    page = client.get("/affiliates/portal/statement/").content.decode()
    assert "Opening balance: unpaid in AffiliateWP, where you had the number 12" in page


def test_deleted_affiliate_does_not_come_back_with_another_run(program: Path, told: Affiliate) -> None:
    erase_person(email="harry@example.com")
    assert "Here already: 2." in move(program, "--apply")
    assert not User.objects.filter(email_index="harry@example.com").exists()


def test_database_keeps_an_old_link_with_its_affiliate(told: Affiliate, alice: Affiliate) -> None:
    with pytest.raises(DatabaseError, match="an old link"), transaction.atomic():
        OldLink.objects.filter(affiliate=told).update(affiliate=alice)
    with pytest.raises(DatabaseError, match="an old link"), transaction.atomic():
        OldLink.objects.filter(affiliate=told).delete()


def test_batch_reads_the_database_with_as_many_queries_as_another_size(
    tmp_path: Path, django_assert_num_queries: Any
) -> None:
    from affiliates.moving_in.affiliates import AffiliateImporter
    from affiliates.moving_in.programs import PROGRAMS
    from shop.moving_in.export_file import ExportFile, FirstLines, Record

    for size in (2, 20):
        rows = [affiliatewp_row(100 * size + number, name=f"A{size}x{number}") for number in range(size)]
        importer = AffiliateImporter(PROGRAMS["affiliatewp"], parameter="", currency="USD", decimal_comma=False)
        with FirstLines() as seen:
            read = [
                importer.read(record.line, record.cells, seen)
                for record in ExportFile(export(tmp_path / "a.csv", AFFILIATEWP, *rows)).records()
                if isinstance(record, Record)
            ]
        with django_assert_num_queries(4):
            assert len(importer.check(read).new) == size
