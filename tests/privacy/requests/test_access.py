"""Access: everything about a person, nothing about anybody else, readable by people and programs."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.conf import settings
from django.test import Client

from accounts.models import User
from affiliates.models import Affiliate
from contacts.inquiries.workflow import answer_inquiry
from privacy.erasure.erase import erase_person
from privacy.models import Suppression
from privacy.registry.declarations import personal_models
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose
from privacy.requests.archive import build_archive, collect
from shop.models import Product
from tests import factories
from tests.privacy.conftest import ERIN, FRANK
from tests.privacy.world import contents_about, rows_about

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def sections(erin_and_frank: None) -> dict[str, Any]:
    return {section["what"]: section for section in collect(email="erin@EXAMPLE.org ")}


def test_every_table_of_the_registry_is_in_it(sections: dict[str, Any]) -> None:
    """A copy is named with its original."""
    copies = {copy.partition(":")[0] for section in sections.values() for copy in section["copies"]}
    assert copies == {"Backup copies of do-not-contact entries"}
    assert {*sections, *copies} == {declaration.label for declaration in personal_models()}


def test_every_row_is_in_it(sections: dict[str, Any]) -> None:
    stored = rows_about(ERIN)
    assert stored.pop("Backup copies of do-not-contact entries") == stored["Do-not-contact entries"]
    assert {label: len(section["rows"]) for label, section in sections.items()} == stored


@acting_for(Purpose.PRIVACY_REQUEST)
def test_every_personal_value_is_in_it_or_named_as_withheld_and_nothing_that_is_empty(
    sections: dict[str, Any],
) -> None:
    seen = set()
    for declaration in personal_models():
        if declaration.copies:
            continue
        section, [row, *_] = sections[declaration.label], declaration.rows_of(ERIN)
        shown, withheld = section["rows"][0], {item["what"] for item in section["withheld"]}
        for name, label in declaration.columns.items():
            has_value = getattr(row, name) not in (None, "")
            seen.add(has_value)
            assert (label in withheld) == (name in declaration.withheld)
            assert (label in shown) == (has_value and label not in withheld), (declaration.label, label)
    assert seen == {True, False}


def test_values_are_the_stored_ones(sections: dict[str, Any]) -> None:
    [message] = sections["Your messages to us"]["rows"]
    assert message["message"] == "erin asks"
    assert message["email address"] == ERIN
    assert message["received at"] == "2026-03-02T12:00:00+00:00"
    [visit] = sections["Your visit through an affiliate's link"]["rows"]
    assert visit["network address"] == "erin was here"


def test_nothing_of_anybody_else_is_in_it(sections: dict[str, Any]) -> None:
    assert contents_about(FRANK)["Your messages to us"][0]["message"] == "frank asks"
    assert "frank" not in json.dumps(sections).lower()
    assert "alice" not in json.dumps(sections).lower()


def test_no_secret_is_in_it(sections: dict[str, Any]) -> None:
    text = json.dumps(sections)
    for declaration in personal_models():
        for row in declaration.rows_of(ERIN):
            for f in row._meta.concrete_fields:
                with acting_for(Purpose.PRIVACY_REQUEST):
                    value = getattr(row, f.attname)
                if f.name in declaration.withheld or f.name.endswith("_digest"):
                    assert str(value) not in text
                elif isinstance(value, bytes):
                    assert value.hex() not in text


def test_each_section_says_what_for_from_where_to_whom_and_how_long(sections: dict[str, Any]) -> None:
    for section in sections.values():
        assert all(section[name] for name in ("purpose", "source", "recipients", "kept"))
    for item in sections["Your account"]["withheld"]:
        assert item == {"what": "password", "why": "it would allow someone to act or sign in as you"}
    [item] = sections["Mail sent to you"]["withheld"]
    assert item["why"] == "it is the same text, formatted for mail programs"


def unpacked(archive: bytes) -> tuple[BeautifulSoup, dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        assert files.namelist()[:2] == ["index.html", "data.json"]
        return BeautifulSoup(files.read("index.html"), "html.parser"), json.loads(files.read("data.json"))


def test_the_page_and_the_file_in_the_archive_say_the_same(erin_and_frank: None) -> None:
    page, data = unpacked(build_archive(email=ERIN, now=NOW))
    assert data["about"] == ERIN
    assert data["by"] == settings.BUSINESS["name"]
    assert data["made_at"] == "2026-03-02T12:00:00+00:00"
    assert [heading.get_text() for heading in page.find_all("h2")] == [section["what"] for section in data["sections"]]
    for value in ("erin asks", "Dear erin", ERIN):
        assert value in page.get_text()
    assert "UNDEFINED" not in page.get_text()


def test_an_archive_about_nobody_says_so(db: None) -> None:
    page, data = unpacked(build_archive(email="nobody@example.org", now=NOW))
    assert data["sections"] == []
    assert "This site stores nothing about this address" in page.get_text()


def test_archive_escapes_text_that_people_typed(db: None) -> None:
    factories.inquiry("mallory@example.org", message="<script>alert(1)</script>")
    page, _ = unpacked(build_archive(email="mallory@example.org", now=NOW))
    assert page.find("script") is None
    assert "<script>" in page.get_text()


@pytest.mark.parametrize("nobody", ["", None])
def test_no_address_finds_nobody_instead_of_everybody_who_was_erased(nobody: Any) -> None:
    with pytest.raises(ValueError, match="an email address is required"):
        collect(email=nobody)


# --- What people read -------------------------------------------------------------------------------------------------


def text_of(email: str) -> str:
    page, _ = unpacked(build_archive(email=email, now=NOW))
    return " ".join(page.get_text(" ").split())


def test_nothing_is_listed_twice(erin_and_frank: None) -> None:
    data = json.loads(json.dumps(collect(email=ERIN)))
    rows = [json.dumps([section["what"], row], sort_keys=True) for section in data for row in section["rows"] if row]
    assert len(rows) == len(set(rows)) > 20
    for section in data:
        for row in section["rows"]:
            texts = [value for value in row.values() if isinstance(value, str) and "2026-03-02" not in value]
            assert len(texts) == len(set(texts)), (section["what"], row)


def test_complaint_by_the_contact_form_is_told_once(client: Client) -> None:
    message = "You wrote to me although I had asked you not to."
    client.post("/contact/", {"name": "Erin", "email": ERIN, "kind": "complaint", "message": message})
    said = text_of(ERIN)
    assert said.count(message) == 1
    assert "Your privacy requests" in said
    assert "[same text as in “Your messages to us”]" in said or "in “Your privacy requests”]" in said


def test_mail_that_holds_an_answer_names_it(client: Client, staff: Client, clock: time_machine.Traveller) -> None:
    answer = "BPS Pro works with WordPress 6 and later, on any host."
    inquiry = factories.inquiry(ERIN)
    answer_inquiry(inquiry=inquiry, body=answer, actor=User.objects.get())
    said = text_of(ERIN)
    assert said.count(answer) == 1
    assert "Mail sent to you" in said
    assert "[same text as in “Our answers to you”]" in said


def test_quote_is_kept_for_a_quote(client: Client) -> None:
    factories.inquiry(ERIN, kind="quote", message="A shop, please")
    [section] = collect(email=ERIN)
    assert section["purpose"] == "preparing a quote"
    factories.inquiry(ERIN, message="What is the price?")
    [section] = collect(email=ERIN)
    assert section["purpose"] == "answering a question, preparing a quote"  # the newest message comes first
    assert {row["message"]: row["kept for"] for row in section["rows"]} == {
        "A shop, please": "preparing a quote",
        "What is the price?": "answering a question",
    }


def test_staff_account_is_no_affiliates_account(bob: User, alice: Affiliate) -> None:
    purposes = {
        email: next(s["purpose"] for s in collect(email=email) if s["what"] == "Your account")
        for email in ("bob@example.com", "alice@example.com")
    }
    assert purposes == {"bob@example.com": "signing staff in", "alice@example.com": "running an affiliate's account"}


def test_order_lists_telephone_and_address_only_where_they_were_asked(product: Product) -> None:
    factories.order(product, email=ERIN)
    [section] = collect(email=ERIN)
    assert {"name", "email address", "amount", "state"} <= set(section["rows"][0])
    assert not {"phone number", "postal address"} & set(section["rows"][0])
    assert section["rows"][0]["amount"] == "$59.95"


def test_deletion_is_no_wish_that_the_person_expressed(product: Product) -> None:
    factories.order(product, email=ERIN)
    erase_person(email=ERIN)
    said = text_of(ERIN)
    assert "Do-not-contact entries" in said
    assert "Received by deletion" in said
    assert "Received by opt-out" not in said


def test_page_has_words_for_everything(erin_and_frank: None) -> None:
    said = text_of(ERIN)
    assert "March 2, 2026, 12:00 UTC" in said
    for raw in ("2026-03-02", "T12:00", "None", "True", "False", "[]", "_at", "_id", "present", "privacy.", "contacts.",
                "shop_", "in cents", "of all of the above", "UNDEFINED"):  # fmt: skip
        assert raw not in said, raw


def test_disclosure_names_the_kinds_of_rows_in_plain_words(erin_and_frank: None) -> None:
    [section] = [s for s in collect(email=ERIN) if s["what"].startswith("Disclosures")]
    assert section["rows"][0]["what the order names"] == ["Your orders"]


def test_copy_is_listed_by_itself_where_its_original_is_gone(erin_and_frank: None) -> None:
    Suppression.objects.all().delete()
    labels = {section["what"] for section in collect(email=ERIN)}
    assert "Backup copies of do-not-contact entries" in labels
    assert "Do-not-contact entries" not in labels
