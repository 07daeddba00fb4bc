"""Removes from a log line what may be personal or open something, also where a programmer forgot about it.

A safety net, not the rule: a line names ids and kinds. Dates, ids of rows and of PayPal's events stay.
"""

from __future__ import annotations

import ipaddress
import re
from itertools import pairwise

REMOVED = "[removed]"

_KEPT = r"""
    (?P<kept>
        (?<![\w.+@-])\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|\+\d\d:\d\d)?)?(?![\w@-])  # a moment
      | (?<![\w+-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w+@-])  # a row
      | (?<![\w+-])WH-[0-9A-Z]{17}-[0-9A-Z]{17}(?![\w+@-])  # an event at PayPal
    )"""
_WORDS = re.compile(
    _KEPT
    + r"""
  | (?P<bytes> (?<!\w) b (?P<quote>['"]) (?: (?!(?P=quote)) (?: \\. | [^\\] ) )* \\+x [0-9a-f]{2}
        (?: (?!(?P=quote)) (?: \\. | [^\\] ) )* (?P=quote) )
  | (?P<escaped> (?: \\+x[0-9a-f]{2} [^\s\\]{0,3} ){3,} )
  | (?P<address> (?: "[^"\n]{1,64}" | [^\s"'<>(),;:=\[\]{}|]{1,128} ) (?: @ | %40 ) [^\s"'<>(),;=\[\]{}|]{1,254} )
  | (?P<network>
        (?: (?<![\w.:]) (?: (?: [0-9A-Fa-f]{0,4} : ){2,6} \d+\.\d+\.\d+\.\d+
                          | [0-9A-Fa-f]{0,4} (?: : [0-9A-Fa-f]{0,4} ){2,7} ) (?: /\d{1,3} )? (?![\w:])
          | (?<![\d.]) \d{1,3} (?: \. \d{1,3} ){3} (?: /\d{1,3} )? (?!\d) ) )
  | (?P<token> [A-Za-z0-9_+~-]{16,} )
    """,
    re.VERBOSE,
)
_NUMBERS = re.compile(
    _KEPT
    + r"""
  | (?P<number> (?<![A-Za-z0-9.]) (?: \+\d{1,3}\s?\( | \+ | \( )? \d
        (?: [\s).\-/\u2010-\u2015\u00a0]{0,2} \d ){6,} (?!\w) )
    """,
    re.VERBOSE,
)
LONGEST_TEXT = 20_000  # characters of a message or a traceback that are logged
LONGEST_NAME = 20  # characters of a word that mixes letters and digits as no name does


def without_personal_data(text: str) -> str:
    shown = _NUMBERS.sub(_number, _WORDS.sub(_word, text[:LONGEST_TEXT]))
    return shown if len(text) <= LONGEST_TEXT else f"{shown} [cut]"


def _word(found: re.Match[str]) -> str:
    text = found.group()
    if found["kept"] or (found["network"] and _names_nobody(text)) or (found["token"] and not _is_token(text)):
        return text
    return REMOVED


def _number(found: re.Match[str]) -> str:
    return REMOVED if found["number"] and _is_number_of_somebody(found.group()) else found.group()


def _names_nobody(text: str) -> bool:
    """This machine, a whole network, or no address at all, such as a time."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return not re.fullmatch(r"\d+(?:\.\d+){3}(?:/\d+)?", text)
    address = network.network_address
    return address.is_loopback or address.is_unspecified or network.prefixlen <= address.max_prefixlen // 4


def _is_number_of_somebody(text: str) -> bool:
    """A phone, a card or an account: nine digits, or seven as phones are written. Or a host's name by its address."""
    digits = sum(map(str.isdigit, text))
    written = re.fullmatch(r"\d{3}[-. ]\d{4}|\d{1,3}(?:-\d{1,3}){3}", text)
    return digits >= 9 or text.startswith(("+", "(")) or written is not None


def _is_token(text: str) -> bool:
    """Letters and digits in a random order. A name is made of words: its characters seldom change their kind, and not
    both ways if it is a test's or a constant's."""
    if any(len(piece) >= 16 and _has_letter_and_digit(piece) for piece in re.split(r"[_+~-]", text)):
        return True
    if len(text) < LONGEST_NAME or not (any(map(str.isdigit, text)) or (text != text.lower() and text != text.upper())):
        return False
    kinds = [_kind(character) for character in text]
    rate = 0.35 if "digit" in kinds else 0.4 if len(text) < 32 else 0.36
    return sum(a != b for a, b in pairwise(kinds)) >= rate * len(text)


def _has_letter_and_digit(text: str) -> bool:
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isalpha():
        return "upper" if character.isupper() else "lower"
    return "other"
