"""The subject and the plain text of a mail, derived from its HTML, so that both parts always say the same.

Mail templates use paragraphs, lists, tables without headings, and links that end their block.
"""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

BLOCKS = ["p", "li", "tr", "hr"]
LINE = "\v"  # a line break, until white space is collapsed; text validation refuses it in what people type


def subject_and_text(html: str) -> tuple[str, str]:
    """The content of `title` on one line, and the body as plain text."""
    soup = BeautifulSoup(html, "html.parser")
    if soup.title is None or soup.body is None:
        raise ValueError("a mail needs a title, its subject, and a body")
    for link in soup.body("a"):
        link.replace_with(_written_out(link))
    for line_break in soup.body("br"):
        line_break.replace_with(LINE)
    return _one_line(soup.title), _text_of(soup.body)


def _written_out(link: Tag) -> str:
    label, address = _one_line(link), str(link["href"])
    if label == address:
        return address
    return f"{label}:{LINE if 'button' in link.get_attribute_list('class') else ' '}{address}"


def _one_line(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def _text_of(body: Tag) -> str:
    """Paragraphs with an empty line between them; rows and list items on lines of their own."""
    text, before = "", ""
    for block in body(BLOCKS):
        text += "" if not text else "\n" if block.name == before != "p" else "\n\n"
        text, before = text + _block_text(block), block.name
    return text + "\n"


def _block_text(block: Tag) -> str:
    if block.name == "hr":
        return "--"
    if block.name == "tr":
        return ": ".join(map(_one_line, block(["th", "td"])))
    lines = (" ".join(line.split()) for line in block.get_text().split(LINE))
    return ("- " if block.name == "li" else "") + "\n".join(lines).strip()
