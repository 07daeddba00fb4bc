"""Every CSV file that this site hands out is written here.

Files are for people, who open them in a spreadsheet program: UTF-8 with a byte order mark, without which Excel takes
every ü for two letters, and no cell is a formula. A text that a program might run gets an apostrophe before it
(https://owasp.org/www-community/attacks/CSV_Injection), and so does one that begins with an apostrophe: whoever wants
the text back takes the first apostrophe away, and nothing else ever begins with one. Numbers are never altered, so pass
them as numbers. A file that a program reads, such as PayPal's list of receivers, is `exact`: no mark, no apostrophe.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from django.http import StreamingHttpResponse

Cell = str | int | Decimal | date | None
BYTE_ORDER_MARK = "\ufeff"
IGNORED = {"Zs", "Zl", "Zp", "Cf"}  # spaces and invisible characters, which programs skip before they look


def csv_response(name: str, rows: Iterable[Iterable[Cell]], *, exact: bool = False) -> StreamingHttpResponse:
    """A download that is never stored on the way, and written line by line."""
    return StreamingHttpResponse(
        csv_lines(rows, exact=exact),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def csv_lines(rows: Iterable[Iterable[Cell]], *, exact: bool = False) -> Iterator[str]:
    """The lines of the file, each with its end (CR LF, RFC 4180)."""
    writer = csv.writer(_Echo())
    if not exact:
        yield BYTE_ORDER_MARK
    for row in rows:
        yield writer.writerow([_text(cell, exact) for cell in row])


class _Echo:
    """Gives back what it is asked to write."""

    def write(self, text: str) -> str:
        return text


def _text(cell: Cell, exact: bool) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and not exact and _is_dangerous(text) else text


def _is_dangerous(text: str) -> bool:
    """Whether it begins like a formula, in any width, or with a control character, which some programs drop first."""
    lead = next((letter for letter in text if unicodedata.category(letter) not in IGNORED), "")
    control = unicodedata.category(lead) == "Cc" if lead else False
    return control or text.startswith("'") or unicodedata.normalize("NFKC", lead)[:1] in set("=+-@\u2212")
