"""What a pasted text contains, in each form that people paste."""

from __future__ import annotations

import pytest

from privacy.admin_base.search.pasted_text import PastedText, fold

ANN = "ann.o'neil@x.example"


@pytest.mark.parametrize(
    "text",
    [
        ANN,
        f"  {ANN}\n",
        ANN.upper(),
        f"Ann O'Neil <{ANN}>",
        f'"O\'Neil, Ann" <{ANN}>',
        f"mailto:{ANN}",
        f"MAILTO:{ANN}?subject=Your%20order&body=a@b.example",
        "mailto:ann.o'neil%40x.example",
        f"'{ANN}'",
        f"“{ANN}”",
        f"‘{ANN}’",
        f"<{ANN}>,",
        f"({ANN})",
        f"E-mail: {ANN}.",
        f"{ANN};",
        "ann.o'neil＠x.example",
        "\ufeffann.o'neil@\u200bx.exam\u00adple\u00a0",
        f"{ANN}, {ANN.upper()}",
    ],
)
def test_address_is_read_in_every_form(text: str) -> None:
    assert [email.lower() for email in PastedText(text).emails] == [ANN]


@pytest.mark.parametrize("between", [", ", ";", "\n", "\t", " ", "\r\n", ",\n"])
def test_several_addresses_are_read(between: str) -> None:
    pasted = PastedText(between.join(["a@x.example", "Bo <b@x.example>", "c@y.example"]))
    assert pasted.emails == ["a@x.example", "b@x.example", "c@y.example"]


@pytest.mark.parametrize(
    "text",
    ["+1 202 555 0143", "(202) 555-0143", "202.555.0143", "tel:+1-202-555-0143", "001 202 555 0143", "+1 202–555–0143"],
)
def test_telephone_number_is_read_in_any_spelling(text: str) -> None:
    assert PastedText(f"Phone {text}, please").phones == ["+12025550143"]


@pytest.mark.parametrize(
    "text", ["B23456789F", "PP-D-2025550143", "8MC585209K7466H", "Q-234567", "1-800-FLOWERS", "2026"]
)
def test_number_with_letters_is_no_telephone_number(text: str) -> None:
    assert PastedText(text).phones == []
    assert text in PastedText(f"“#{text}”.").codes


def test_codes_are_looked_up_as_typed_in_upper_case_and_unwrapped() -> None:
    assert PastedText("abcde-\nfghjk").codes == ["abcde-", "ABCDE-", "fghjk", "FGHJK", "abcde-fghjk", "ABCDE-FGHJK"]


def test_words_are_those_of_the_name_or_the_unfinished_address() -> None:
    assert PastedText("Ann Ó'Néil <a@b.example>").words == ["ann", "o'neil"]
    assert PastedText("Ann@exam").words == ["ann@exam"]


@pytest.mark.parametrize(
    ("text", "folded"), [("ŁUKAŞ", "lukas"), ("Straße", "strasse"), ("Ｍüller", "muller"), ("Ñ", "n")]
)
def test_words_are_compared_without_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded
