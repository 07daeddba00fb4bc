"""Access: everything about a person, nothing about anybody else, readable by people and programs."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.conf import settings

from privacy.access import build_archive, collect
from privacy.purposes import Purpose
from privacy.reading import acting_for
from privacy.registry import personal_models

from .conftest import ERIN, FRANK
from .world import contents_about, rows_about

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def sections(erin_and_frank: None) -> dict[str, Any]:
    return {section["what"]: section for section in collect(email="erin@EXAMPLE.org ")}


def test_every_table_of_the_registry_is_in_it(sections: dict[str, Any]) -> None:
    assert set(sections) == {declaration.label for declaration in personal_models()}


def test_every_row_is_in_it(sections: dict[str, Any]) -> None:
    assert {label: len(section["rows"]) for label, section in sections.items()} == rows_about(ERIN)


def test_every_personal_value_is_in_it_or_named_as_withheld(sections: dict[str, Any]) -> None:
    for declaration in personal_models():
        section = sections[declaration.label]
        shown, withheld = section["rows"][0], {item["what"] for item in section["withheld"]}
        for name, label in declaration.columns.items():
            assert (label in withheld) == (name in declaration.withheld)
            assert (label in shown) != (label in withheld)


def test_values_are_the_stored_ones(sections: dict[str, Any]) -> None:
    [message] = sections["Your messages to us"]["rows"]
    assert message["message"] == "erin asks"
    assert message["e-mail address"] == ERIN
    assert message["received at"] == "2026-03-02T12:00:00+00:00"
    [visit] = sections["Your visit through an affiliate's link"]["rows"]
    assert visit["network address"] == "erin was here"


def test_who_brought_an_order_is_told_in_words_with_what_the_affiliate_learns(sections: dict[str, Any]) -> None:
    section = sections["Which affiliate brought your order"]
    [row] = section["rows"]
    assert row["the affiliate, by code"] == "affiliate DEMO"
    assert row["by which way"] == "link"
    assert section["recipients"] == "the affiliate learns of a sale of so much on that day, never whose it was"


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
        assert item == {"what": "password", "why": "it would let its reader act or sign in as you"}


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
    assert "No table of this site holds anything about this address" in page.get_text()


def test_what_people_typed_is_no_html_in_the_archive(db: None) -> None:
    from tests import factories

    factories.inquiry("mallory@example.org", message="<script>alert(1)</script>")
    page, _ = unpacked(build_archive(email="mallory@example.org", now=NOW))
    assert page.find("script") is None
    assert "<script>" in page.get_text()


@pytest.mark.parametrize("nobody", ["", None])
def test_no_address_finds_nobody_instead_of_everybody_who_was_erased(nobody: Any) -> None:
    with pytest.raises(ValueError, match="no address"):
        collect(email=nobody)
