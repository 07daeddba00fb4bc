"""The plain text of a mail is derived from its HTML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from privacy.mail.plain_text import subject_and_text

BODIES = sorted(Path(settings.BASE_DIR, "templates").glob("*/mail/[!_]*.html"))


def text_of(body: str) -> str:
    return subject_and_text(f"<title>S</title><body>{body}</body>")[1]


def test_paragraphs_are_separated_and_lines_are_kept() -> None:
    assert text_of("<p>One\n  two<br>three</p>\n<p>Four &amp; five</p>") == "One two\nthree\n\nFour & five\n"


def test_button_has_its_address_on_a_line_of_its_own() -> None:
    assert text_of('<p><a class="button" href="http://x/?a=1&amp;b=2">Go</a></p>') == "Go:\nhttp://x/?a=1&b=2\n"


def test_link_is_followed_by_its_address_unless_it_is_the_address() -> None:
    assert text_of('<p>See <a href="http://x/">the page</a></p>') == "See the page: http://x/\n"
    assert text_of('<p><a href="http://x/">http://x/</a></p>') == "http://x/\n"


def test_rows_and_items_are_lines() -> None:
    rows = "<table><tr><td>Order</td><td>B1</td></tr><tr><td>Amount</td><td>$5.00</td></tr></table>"
    assert text_of(f"<p>A</p>{rows}<p>B</p>") == "A\n\nOrder: B1\nAmount: $5.00\n\nB\n"
    assert text_of("<ul><li>One</li><li>Two</li></ul><hr><p>End</p>") == "- One\n- Two\n\n--\n\nEnd\n"


def test_typed_text_stays_as_it_was_typed() -> None:
    assert text_of("<p>&lt;b&gt;5 &lt; 6&lt;/b&gt;</p>") == "<b>5 < 6</b>\n"


def test_subject_is_the_title_on_one_line() -> None:
    assert subject_and_text("<title>\n A &amp; B\n (7) </title><body></body>")[0] == "A & B (7)"


def test_mail_without_a_title_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a title"):
        subject_and_text("<p>Hello</p>")


@pytest.mark.parametrize("template", BODIES, ids=lambda path: path.stem)
def test_mail_greets_once_and_goes_on_with_a_capital_letter(template: Path) -> None:
    greetings = re.findall(r"<p>Hello[^<]*</p>\s*(?:\{%[^%]*%\}\s*)*(?:<p>)?\s*(\S)", template.read_text())
    assert len(greetings) <= 1
    assert all(letter.isupper() or letter in "<{" for letter in greetings)


@pytest.mark.parametrize("template", BODIES, ids=lambda path: path.stem)
def test_links_of_a_mail_end_their_paragraphs(template: Path) -> None:
    """Or a mail program would take the rest of the sentence for a part of the address in the plain text."""
    after = re.findall(r"</a>\s*(\S{1,12})", template.read_text())
    assert [words for words in after if not words.startswith(("</p>", "{%", "</li>", "</td>"))] == []


def test_layout_has_dark_colors_and_absolute_links() -> None:
    business = {"business": settings.BUSINESS, "site_url": settings.SITE_URL, "preferences_url": "http://x/"}
    html = render_to_string("privacy/mail/_base.html", business)
    assert "prefers-color-scheme: dark" in html
    assert all(address.startswith("http") for address in re.findall(r'href="([^"]*)"', html))
