"""What a pasted text contains: addresses, telephone numbers, codes and words.

The one search and the search boxes of the lists read it with this parser, so that both understand the same spellings.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote
from uuid import UUID

from privacy.encryption.normalization import normalize_email, normalize_phone

LONGEST = 2000  # characters
MOST = 20  # addresses, numbers or codes of one text; more are ignored, and the page says so
SHORTEST_WORD = 2  # characters

_CAPITALS = re.compile(r"[A-Z]{8,12}")
_SPLIT = re.compile(r"[\s,;|:]+")
# Around an address. An apostrophe may belong to it (o'neil@…), so it only ends at one.
_ADDRESS = re.compile(r"[^\s<>()\[\]{},;:|\"“”„«»?]+@[^\s<>()\[\]{},;:|\"“”„«»?/@]+")
_AT_THE_ENDS = "'‘’‚`*.…!"
_PHONE = re.compile(r"\+?\(?\d[\d\s().\-–‑/+]{5,}\d")
_AROUND_A_CODE = "#№\"'“”„‘’‚«»`*()<>[]{}.,:;!?…"
# Letters that Unicode doesn't decompose into a letter and an accent.
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"})


def fold(text: str) -> str:
    """The text without case and accents, for comparison."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each)).translate(_PLAIN)


def visible(text: str) -> str:
    """Without invisible characters (zero-width spaces, marks of direction, control characters), whatever is a space as
    one, and full-width @ and dashes as people type them."""
    kept = (each for each in text if each.isspace() or unicodedata.category(each) not in {"Cf", "Cc"})
    plain = "".join("-" if unicodedata.category(each) == "Pd" else each for each in kept).replace("＠", "@")
    return " ".join(plain.split())


@dataclass(frozen=True)
class PastedText:
    text: str

    @cached_property
    def plain(self) -> str:
        text = re.sub(r"(mailto:[^?\s]*)\?\S*", r"\1", self.text, flags=re.IGNORECASE)  # a link's subject
        return visible(unquote(text) if re.search("mailto:|%40", text, re.IGNORECASE) else text)

    @cached_property
    def emails(self) -> list[str]:
        """The addresses, each mailbox once: of `Name <a@b.example>`, `mailto:`, lists and quotations."""
        found = (each.strip(_AT_THE_ENDS) for each in _ADDRESS.findall(self.plain))
        return list({normalize_email(each): each for each in found if each.rpartition("@")[0]}.values())[:MOST]

    @cached_property
    def phones(self) -> list[str]:
        """The telephone numbers in E.164 format. A code with letters in it is none, although telephones have letters
        (1-800-FLOWERS)."""
        if self.emails:
            return []
        found: dict[str, None] = {}
        for candidate in _PHONE.finditer(self.plain):
            if not _touches_a_letter(self.plain, *candidate.span()):
                found |= dict.fromkeys(_normalized(candidate[0]))
        return list(found)[:MOST]

    @cached_property
    def tokens(self) -> list[str]:
        """Whatever may be a number or code, as typed, without what people write around it."""
        if self.emails:
            return []
        parts = (each.strip(_AROUND_A_CODE) for each in _SPLIT.split(self.plain))
        return list(dict.fromkeys(each for each in parts if each))

    @cached_property
    def codes(self) -> list[str]:
        """The tokens as typed and in upper case; also all of them in one, since a long code may be wrapped."""
        typed = [*self.tokens[:MOST], "".join(self.tokens[:MOST])]
        return list(dict.fromkeys(each for one in typed if one for each in (one, one.upper())))

    @cached_property
    def ids(self) -> list[UUID]:
        """Primary keys, alone or at the end of a number that this site sent to PayPal (`ord-…-1`, `aff-…`)."""
        found = re.findall(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", self.plain.lower())
        return [UUID(each) for each in dict.fromkeys(found)][:MOST]

    @cached_property
    def words(self) -> list[str]:
        """Folded words to look for. Of an address with a name they are the name, otherwise the address itself, which
        may be incomplete."""
        rest = _ADDRESS.sub(" ", self.plain) if self.emails else self.plain
        parts = (each.strip(_AROUND_A_CODE) for each in _SPLIT.split(rest))
        found = list(dict.fromkeys(fold(each) for each in parts if len(each) >= SHORTEST_WORD))
        return found[:MOST] or [fold(each) for each in self.emails[:1]]

    @property
    def is_one_number(self) -> bool:
        """Whether this may be the number of one row, rather than a name or telephone number. One number in thirteen has
        no digit in it: it has a # before it, or is in capitals."""
        if self.emails or self.phones:
            return False
        is_marked = self.plain.strip().startswith("#") or bool(_CAPITALS.fullmatch(self.plain.strip()))
        return is_marked or any(each.isdigit() for each in self.plain)


def _touches_a_letter(text: str, start: int, end: int) -> bool:
    before, after = text[:start][-1:], text[end:][:1]
    return before.isalnum() or after.isalnum() or (before == "-" and text[: start - 1][-1:].isalnum())


def _normalized(typed: str) -> list[str]:
    """None if it is too short or too long for a telephone number."""
    number = f"+{typed[2:]}" if typed.startswith("00") else typed
    try:
        return [normalize_phone(number)]
    except ValueError:
        return []
