"""The writer of every CSV file on this site.

Files are meant for spreadsheet programs: UTF-8 with a byte order mark (Excel needs it for non-ASCII letters), and no
cell is a formula. Text that a program might execute gets a leading apostrophe
(https://owasp.org/www-community/attacks/CSV_Injection), and so does text that starts with one, so that removing the
first apostrophe always restores the text. Numbers are never altered, so pass them as numbers. Files for programs, such
as PayPal's list of payees, are `exact`: no byte order mark, no apostrophes.
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
IGNORED = {"Zs", "Zl", "Zp", "Cf"}  # spaces and invisible characters, which programs skip


def csv_response(name: str, rows: Iterable[Iterable[Cell]], *, exact: bool = False) -> StreamingHttpResponse:
    """A streamed download that must not be cached."""
    return StreamingHttpResponse(
        csv_lines(rows, exact=exact),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def csv_lines(rows: Iterable[Iterable[Cell]], *, exact: bool = False) -> Iterator[str]:
    """The lines of the file, each with its line ending (CR LF, RFC 4180)."""
    writer = csv.writer(_Echo())
    if not exact:
        yield BYTE_ORDER_MARK
    for row in rows:
        yield writer.writerow([_text(cell, exact) for cell in row])


class _Echo:
    """A file-like object whose `write` returns its argument."""

    def write(self, text: str) -> str:
        return text


def _text(cell: Cell, exact: bool) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and not exact and _is_dangerous(text) else text


def _is_dangerous(text: str) -> bool:
    """Whether it starts like a formula, in any character width, or with a control character, which programs may
    drop."""
    lead = next((letter for letter in text if unicodedata.category(letter) not in IGNORED), "")
    control = unicodedata.category(lead) == "Cc" if lead else False
    return control or text.startswith("'") or unicodedata.normalize("NFKC", lead)[:1] in set("=+-@\u2212")
