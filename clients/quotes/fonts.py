"""The letters of a quote's PDF: FiraGO for Latin, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Georgian and Thai, and
Noto Sans CJK for the rest of what people write in names and addresses. Letters in neither are drawn as a box."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import noto_cjk_sans_jp_regular
import pymupdf_fonts
from fontTools.ttLib import TTFont
from fpdf import FPDF

FAMILY, OTHER_LETTERS = "FiraGO", "NotoSansCJK"
STYLES = {"": "figo", "B": "figbo"}


@cache
def known_letters() -> frozenset[int]:
    """The code points of FiraGO."""
    with _font_files() as files, TTFont(files / "figo.ttf") as font:
        return frozenset(font.getBestCmap())


@contextmanager
def fonts_for(pdf: FPDF, text: str) -> Iterator[None]:
    """Adds the fonts. The second one, which takes a second to read, only if `text` has letters that the first lacks.
    The PDF has to be written inside the context."""
    with _font_files() as files:
        for style, name in STYLES.items():
            pdf.add_font(FAMILY, style=style, fname=files / f"{name}.ttf")
        if any(ord(letter) not in known_letters() and letter.isalnum() for letter in text):
            pdf.add_font(OTHER_LETTERS, fname=Path(str(noto_cjk_sans_jp_regular.FONT_PATH)))
            pdf.set_fallback_fonts([OTHER_LETTERS], exact_match=False)
        pdf.set_text_shaping(True)
        yield


@contextmanager
def _font_files() -> Iterator[Path]:
    """fpdf2 reads fonts from files only, and their package has them as bytes."""
    with TemporaryDirectory() as folder:
        for name in STYLES.values():
            (Path(folder) / f"{name}.ttf").write_bytes(pymupdf_fonts.myfont(name))
        yield Path(folder)
