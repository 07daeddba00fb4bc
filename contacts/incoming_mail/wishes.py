"""Recognizes that a mail asks for what privacy law grants, by the words in `MAIL_WISHES`.

Only marks: a colleague opens the privacy request (`wish_requests.py`), because only a person can
tell "Stop." from "How do I stop this attack?". So rather one mark too many than one too few, and a negation is not
looked at: "You did not delete my data" is a wish as well.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings

from privacy.admin_base.search.pasted_text import fold

if TYPE_CHECKING:
    from .message import ReadMessage

LONGEST = 300  # characters of a first line; more is no line, but a text

# Words that don't change what is asked: "Please delete all of my personal data" is "delete my data".
FILLERS = frozenset(
    fold(
        "a all also alle also and any bitte danke dear gracias grazie hello hi immediately kindly merci now obrigado of"
        " personal personenbezogenen please pls por favor prego private sie s il vous plait svp thank thanks the"
        " todos todas tous toutes tutti would you i like want to"
    ).split()
)
_GREETINGS = frozenset(
    fold(
        "beste bonjour buenas buenos buongiorno caro cara dear estimada estimado geachte gentile good guten hallo hello"
        " hey hi hola liebe lieber madame monsieur olá prezada prezado sehr to"
    ).split()
)
_REPLY = re.compile(r"\s*(re|aw|antw|antwort|sv|rv|res|fwd?|wg|tr|rif|enc)\s*(\[\d+\])?\s*:", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def wish_in(message: ReadMessage) -> str:
    """The kind of privacy request that the subject or the first line asks for (a `PrivacyRequest.Kind`), or "".

    A subject that starts with "Re:" repeats somebody else's words, so it doesn't count. Where a line has several kinds,
    the first in `MAIL_WISHES` wins.
    """
    subject = "" if _REPLY.match(message.subject) else message.subject
    for line in (subject, *first_lines(message.text)):
        words = _words(line[:LONGEST])
        for kind, phrases in settings.MAIL_WISHES.items():
            if any(_says(words, phrase) for phrase in phrases):
                return str(kind)
    return ""


def first_lines(text: str) -> Iterator[str]:
    """The first paragraph as one line, because mail programs break lines where their writers don't; below a greeting,
    the second one as well. Lines that start with ">" are quoted, and left out."""
    own = "\n".join("" if line.lstrip().startswith(">") else line.strip() for line in text[: 10 * LONGEST].splitlines())
    paragraphs = iter([" ".join(part.split()) for part in re.split(r"\n{2,}", own) if part.strip()])
    for line in itertools.islice(paragraphs, 1):
        yield line
        if _is_greeting(line):
            yield next(paragraphs, "")


def _is_greeting(line: str) -> bool:
    words = _WORD.findall(fold(line))
    return 0 < len(words) <= 6 and words[0] in _GREETINGS


def _words(line: str) -> list[str]:
    return [word for word in _WORD.findall(fold(line)) if word not in FILLERS]


def _says(words: list[str], phrase: str) -> bool:
    """A phrase that starts with "=" has to be all that the line says."""
    wanted = _words(phrase)
    if phrase.startswith("="):
        return bool(wanted) and words == wanted
    return bool(wanted) and any(words[start : start + len(wanted)] == wanted for start in range(len(words)))
