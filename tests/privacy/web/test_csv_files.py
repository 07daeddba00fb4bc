"""The one writer of CSV files: Excel reads every letter, runs nothing, and every text can be had back."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.web.csv_export import Cell, csv_lines, csv_response
from tests.own_apps import OWN_APPS

SITE = Path(__file__).parents[3]
LEADS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "﹦", "\x0b", "−"]


def read(*cells: Cell, exact: bool = False) -> list[str]:
    [row] = csv.reader(StringIO("".join(csv_lines([cells], exact=exact)).removeprefix("\ufeff"), newline=""))
    return row


@pytest.mark.parametrize("lead", LEADS)
@pytest.mark.parametrize("before", ["", " ", "\u3000", "\u200b"], ids=["first", "space", "wide space", "invisible"])
def test_a_text_that_begins_like_a_formula_is_none(lead: str, before: str) -> None:
    text = f"{before}{lead}1+1"
    assert read(text) == [f"'{text}"]
    assert read(text, exact=True) == [text]


@pytest.mark.parametrize("text", ["Erin", "30 %", "C1=2", "a@example.com", "", "2026-03-02", "日本", "ü"])
def test_another_text_is_not_altered(text: str) -> None:
    assert read(text) == [text]


@pytest.mark.parametrize(
    ("number", "written"), [(-5, "-5"), (Decimal("-17.99"), "-17.99"), (Decimal("1E+3"), "1000"), (0, "0"), (None, "")]
)
def test_a_number_is_not_altered(number: Cell, written: str) -> None:
    assert read(number) == [written]


def _had_back(cell: str) -> str:
    return cell.removeprefix("'")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_every_text_can_be_had_back(texts: list[str]) -> None:
    assert list(map(_had_back, read(*texts))) == texts
    assert read(*texts, exact=True) == texts


def test_a_file_begins_with_the_mark_of_its_encoding_and_an_exact_one_does_not() -> None:
    assert csv_response("a.csv", [["ü"]]).getvalue() == b"\xef\xbb\xbf\xc3\xbc\r\n"
    assert csv_response("a.csv", [["ü"]], exact=True).getvalue() == b"\xc3\xbc\r\n"


def test_no_other_module_writes_csv() -> None:
    """`csv` may be read elsewhere; who writes goes through `privacy.web.csv_export`."""
    apps = OWN_APPS
    writers = {
        path.relative_to(SITE).as_posix()
        for app in apps
        for path in (SITE / app).rglob("*.py")
        if "csv.writer(" in path.read_text() or "csv.DictWriter(" in path.read_text()
    }
    assert writers == {"privacy/web/csv_export.py"}
