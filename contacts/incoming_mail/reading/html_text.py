"""HTML of a mail as plain text. Nothing of the HTML is ever shown: it is read, never rendered."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

from .quoting import DIVIDER

# Bounds of what is read. nh3 takes quadratic time for nested tags and for ampersands: 0.3 s for this many.
LONGEST = 500_000  # characters
MOST_TAGS = 12_000
MOST_AMPERSANDS = 100_000

_BLOCKS = {"address", "article", "center", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "form", "header"}
_BLOCKS |= {"hr", "main", "nav", "ol", "section", "table", "tbody", "tfoot", "thead", "tr", "ul"}
_PARAGRAPHS = {"h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"}
_BLOCKS |= _PARAGRAPHS | {"blockquote", "li"}
_TAGS = _BLOCKS | {"a", "br", "img", "td", "th"}
_UNREAD = {"script", "style", "title"}
_ATTRIBUTES = {"*": {"class", "id", "name", "style"}, "a": {"href"}, "img": {"alt"}}
# Outlook's line between an answer and the history: in its web and mobile editions by id, on the desktop by color.
_LINE_OF_OUTLOOK = re.compile(r"border-top:\s?solid #(e1e1e1|b5c4df)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f\u00a0]+")
_DEEPEST = 9  # quoting marks in front of a line; deeper quotations look like this one


def text_of_html(html: str) -> str:
    """Paragraphs with an empty line between them, quoted ones with `>` in front, addresses of links in brackets."""
    html = html[:LONGEST]  # the newest part of a message is at its beginning
    for character, most in (("<", MOST_TAGS), ("&", MOST_AMPERSANDS)):
        html = character.join(html.split(character, most)[:most])
    writer = _Writer()
    writer.feed(nh3.clean(html, tags=_TAGS, clean_content_tags=_UNREAD, attributes=_ATTRIBUTES, link_rel=None))
    writer.close()
    return writer.text()


class _Writer(HTMLParser):
    """Writes the text of HTML that nh3 has cleaned, so every element but `br`, `hr` and `img` is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes: list[bool] = []  # for each open div or blockquote, whether it quotes
        self._depth = 0
        self._preformatted = 0
        self._link, self._link_text = "", [""]

    def text(self) -> str:
        self._end_line()
        return "\n".join(self._lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._end_line()
        if tag == "br":
            self._end_line() if self._line else self._end_paragraph()
        elif tag in _PARAGRAPHS and values.get("class") != "MsoNormal":  # Outlook's lines are paragraphs
            self._end_paragraph()
        elif tag in {"blockquote", "div"}:
            self._open_container(tag, values)
        elif tag == "li":
            self._line.append("- ")
        elif tag == "a":
            self._link, self._link_text = values.get("href", ""), []
        elif tag == "img" and values.get("alt"):
            self._write(f"[{values['alt']}]")
        self._preformatted += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._write_address()
        elif tag in {"td", "th"}:
            self._write(" ")
        elif tag in _BLOCKS:
            self._end_line()
        if tag in _PARAGRAPHS - {"p"}:
            self._end_paragraph()
        if tag in {"blockquote", "div"} and self._quotes and self._quotes.pop():
            self._depth -= 1
            self._end_paragraph()
        self._preformatted -= tag == "pre"

    def handle_data(self, data: str) -> None:
        if not self._preformatted:
            if self._line or data.strip(" \t\n\r\f"):
                self._write(_SPACE.sub(" ", data))
            return
        first, *others = data.split("\n")
        self._write(first)
        for line in others:
            self._end_line()
            self._write(line)

    def _open_container(self, tag: str, attributes: dict[str, str]) -> None:
        if attributes.get("id") == "divRplyFwdMsg" or _LINE_OF_OUTLOOK.search(attributes.get("style", "")):
            self._lines += ["", self._marks() + DIVIDER]
        # Yahoo, GMX and WEB.DE quote in a div.
        quotes = tag == "blockquote" or attributes.get("class") == "yahoo_quoted" or attributes.get("name") == "quote"
        if quotes:
            self._end_paragraph()
        self._quotes.append(quotes)
        self._depth += quotes

    def _write(self, text: str) -> None:
        self._line.append(text)
        self._link_text.append(text)

    def _write_address(self) -> None:
        shown, address = "".join(self._link_text).strip(), self._link.removeprefix("mailto:")
        if self._link.startswith(("http", "mailto:")) and address.rstrip("/") not in {shown, f"https://{shown}"}:
            self._line.append(f" <{address}>")
        self._link = ""

    def _end_line(self) -> None:
        text = "".join(self._line).rstrip()
        if not self._preformatted:
            text = " ".join(text.split())
        if text:
            self._lines.append(self._marks() + text)
        elif self._line:  # a space that doesn't break: an empty line
            self._end_paragraph()
        self._line = []

    def _end_paragraph(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(self._marks().rstrip())

    def _marks(self) -> str:
        depth = min(self._depth, _DEEPEST)
        return f"{'>' * depth} " if depth else ""
