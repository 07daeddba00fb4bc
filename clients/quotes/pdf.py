"""A quote as a PDF: to read, to print, and to sign on paper. Nothing in it depends on when it is made."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.conf import settings
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from clients.models import Quote
from privacy.registry.deadlines import local_day

from .fonts import FAMILY, fonts_for

MARGIN, LINE = 20, 5.5  # millimeters
SMALL, NORMAL, LARGE = 8.5, 10, 17  # points
GRAY, RULE = (90, 90, 90), (190, 190, 190)


def quote_pdf(quote: Quote) -> bytes:
    """The same for the client and for staff. A draft says that it isn't an offer."""
    sheet = Sheet()
    written = day_of(quote)
    sheet.set_title(f"Quote {quote.number}")
    sheet.set_author(settings.BUSINESS["name"])
    sheet.set_creation_date(quote.sent_at or quote.created_at)
    sheet.set_lang("en")
    with fonts_for(sheet, _everything(quote)):
        sheet.add_page()
        sheet.seller()
        sheet.heading(f"Quote {quote.number}")
        if quote.is_draft:
            sheet.say("This is a draft and not an offer.", bold=True)
        sheet.say(f"{_long(written)}. {_standing(quote)}")
        sheet.paragraph("\n".join(filter(None, [quote.company, quote.name, quote.address])))
        sheet.say(quote.title or "", bold=True)
        sheet.paragraph(quote.text or "")
        sheet.lines_of(quote)
        sheet.installments_of(quote)
        sheet.terms_of(quote)
        if quote.state in Quote.SENT_STATES:
            sheet.signature()
        return bytes(sheet.output())


def day_of(quote: Quote) -> date:
    return local_day(quote.sent_at or quote.created_at)


def _long(day: date) -> str:
    return f"{day:%B %-d, %Y}"


def _standing(quote: Quote) -> str:
    """What the client decided, or until when they can."""
    if quote.decided_on is None or quote.state not in (Quote.State.ACCEPTED, Quote.State.DECLINED):
        return f"It can be accepted until {_long(quote.valid_until)}."
    by = f" by {quote.decided_name}" if quote.decided_name else ""
    letter = f", by letter of {_long(quote.signed_on)}" if quote.signed_on else ""
    return f"{quote.get_state_display().capitalize()} on {_long(quote.decided_on)}{by}{letter}."


def _everything(quote: Quote) -> str:
    """All text that people have typed."""
    lines = [line.description for line in quote.lines.all()]
    parts = [quote.name, quote.company, quote.address, quote.title, quote.text, quote.decided_name, *lines]
    return "\n".join(filter(None, [*parts, *(each.label for each in quote.installments.all())]))


class Sheet(FPDF):
    """An A4 page in the look of the site's receipts."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, margin=MARGIN)

    def footer(self) -> None:
        self.set_y(-MARGIN + 5)
        self._font(SMALL, gray=True)
        self.cell(0, LINE, f"{settings.BUSINESS['name']} · page {self.page_no()}", align="C")

    def seller(self) -> None:
        business = settings.BUSINESS
        self._font(NORMAL, bold=True)
        self._text(business["name"])
        self._font(SMALL, gray=True)
        facts = [business["address"], f"{business['phone']} · {business['email']}"]
        self._text("\n".join([*facts, *([f"Tax ID: {business['tax_id']}"] if business["tax_id"] else [])]))

    def heading(self, text: str) -> None:
        self.ln(LINE * 1.5)
        self._font(LARGE, bold=True)
        self.multi_cell(0, LINE * 1.6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def say(self, text: str, *, bold: bool = False) -> None:
        self._font(NORMAL, bold=bold)
        self._text(text)

    def paragraph(self, text: str) -> None:
        if text:
            self.ln(LINE / 2)
            self.say(text)
            self.ln(LINE / 2)

    def lines_of(self, quote: Quote) -> None:
        rows = [
            (each.description or "", f"{each.quantity.normalize():f}", str(each.unit_price), str(each.amount))
            for each in quote.lines.all()
        ]
        totals = [("Total", "", "", str(quote.total))]
        if quote.tax.minor:
            totals.append((f"Includes {quote.tax_name} ({quote.tax_percent.normalize():f}%)", "", "", str(quote.tax)))
        self._table(("Item", "Quantity", "Price", "Amount"), rows, totals, widths=(92, 20, 29, 29))

    def installments_of(self, quote: Quote) -> None:
        rows = [
            (each.label or "", _long(each.due_on) if each.due_on else each.get_due_display(), str(each.amount))
            for each in quote.installments.all()
        ]
        if rows:
            self.ln(LINE)
            self.say("Payment", bold=True)
            self._table(("For", "Due", "Amount"), rows, (), widths=(92, 49, 29))

    def terms_of(self, quote: Quote) -> None:
        offered = list(quote.offered_terms.select_related("version"))
        if offered:
            self.ln(LINE)
            self._font(SMALL, gray=True)
            named = [
                f"{each.version.get_document_display()}, version {each.version.number}:"
                f" {settings.SITE_URL}{each.version.get_absolute_url()}"
                for each in offered
            ]
            self._text("\n".join(["These terms are part of the quote.", *named]))

    def signature(self) -> None:
        self.ln(LINE * 2)
        self.say("To accept it by letter, send us this page signed:")
        self.ln(LINE * 2.5)
        self.set_draw_color(*RULE)
        self._font(SMALL, gray=True)
        self.cell(50, LINE, "Date", border="T")
        self.cell(10, LINE, "")
        self.cell(0, LINE, "Name and signature", border="T")

    def _table(
        self,
        head: tuple[str, ...],
        rows: Iterable[tuple[str, ...]],
        foot: Iterable[tuple[str, ...]],
        *,
        widths: tuple[int, ...],
    ) -> None:
        self.ln(LINE / 2)
        self._font(NORMAL)
        self.set_draw_color(*RULE)
        align = ("LEFT", *("RIGHT",) * (len(head) - 1))
        with self.table(
            col_widths=widths,
            text_align=align,
            borders_layout="HORIZONTAL_LINES",
            line_height=LINE,
            padding=1,
            headings_style=FontFace(emphasis="BOLD", color=GRAY),
        ) as table:
            table.row(head)
            for row in rows:
                table.row(row)
            for row in foot:
                table.row(row, style=FontFace(emphasis="BOLD"))

    def _font(self, size: float, *, bold: bool = False, gray: bool = False) -> None:
        self.set_font(FAMILY, style="B" if bold else "", size=size)
        self.set_text_color(*(GRAY if gray else (0, 0, 0)))

    def _text(self, text: str) -> None:
        self.multi_cell(0, LINE, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
