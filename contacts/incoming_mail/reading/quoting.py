"""What a person wrote now, and the history below it, as mail programs quote it.

Every line is looked at a bounded number of times, whatever a sender makes of it. What looks like an answer between
quoted lines stays whole, because it can't be understood without them.
"""

from __future__ import annotations

import re

DIVIDER = "_" * 32  # Outlook's line between an answer and the history

_LONGEST_ATTRIBUTION = 3  # lines
_MOST_CHARACTERS = 400  # of an attribution
# "On …, … wrote:" in the languages of mail programs.
_WROTE = re.compile(
    r"wrote|writes|schrieb|schreef|skrev|skrifaði|kirjoitti|a écrit|escribió|va escriure|escreveu|ha scritto"
    r"|a scris|napsal|napísal|napisał|pisze|írta|je napisa|yazdı|έγραψε|написал|пише|писал|napisao"
    r"|写道|寫道|のメール|書きました|작성|כתב|كتب|đã viết|menulis|เขียน",
    re.IGNORECASE,
)
_ENDS_WITH_WROTE = re.compile(rf"({_WROTE.pattern})(\(a\))?\s?[:\uff1a]$", re.IGNORECASE)
_HAS_DATE = re.compile(r"\d(?![^<]*>)")  # a digit outside of an address in brackets
_COLONS = (":", "\uff1a")
_DASHED = re.compile(r"-{3,} ?[^\W\d_][^-]{2,38} ?-{3,}")  # -----Original Message-----
_LABEL = re.compile(r"[*_]{0,2}([^\W\d_][^:\uff1a\n]{0,18}?) ?[*_]{0,2} ?[:\uff1a]")
_FROM = {
    "from", "von", "de", "da", "van", "från", "fra", "od", "от", "lähettäjä", "expéditeur", "mittente", "remitente",
    "feladó", "gönderen", "kimden", "από", "发件人", "寄件者", "寄件人", "差出人", "보낸사람", "מאת", "من", "보낸 사람",
}  # fmt: skip
_SUBJECT = {
    "subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "ämne", "emne", "předmět",
    "predmet", "temat", "тема", "aihe", "tárgy", "konu", "θέμα", "主题", "主旨", "件名", "제목", "נושא", "الموضوع",
    "subiect", "assumpte",
}  # fmt: skip
_LINES_OF_A_HEADER = 8


def split_history(text: str) -> tuple[str, str]:
    """`(what is new, the history)`. The history is what is quoted at the end or, under it, at the beginning."""
    lines = text.split("\n")
    end = _history_at(lines)
    new, history = _without_last_quote(lines[:end])
    if not history and end == len(lines):
        first, new = _first_quote(new)
        return _joined(new), _joined(first)
    return _joined(new), _joined(history + lines[end:])


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")


def _history_at(lines: list[str]) -> int:
    """The index of the line from which on everything is history without quoting marks; `len(lines)` if nothing is."""
    for at, line in enumerate(lines):
        if _is_quoted(line):
            continue
        if _is_divider(lines, at) or _is_header(lines, at) or _is_last_attribution(lines, at):
            return at
    return len(lines)


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _is_divider(lines: list[str], at: int) -> bool:
    """A line of dashes or underscores above the header of an earlier message, in any language."""
    line = lines[at].strip()
    if not (line.strip("_") == "" and len(line) >= len(DIVIDER)) and not _DASHED.fullmatch(line[:100]):
        return False
    following = [each for each in lines[at + 1 : at + 4] if each.strip()]
    return bool(following) and _LABEL.match(following[0].strip()) is not None


def _is_header(lines: list[str], at: int) -> bool:
    """From, date, recipients and subject of an earlier message, one below the other."""
    if _label_of(lines[at]) is None:
        return False
    labels = {_label_of(line) for line in lines[at : at + _LINES_OF_A_HEADER]} - {None}
    return len(labels) >= 3 and bool(labels & _FROM) and bool(labels & _SUBJECT)


def _label_of(line: str) -> str | None:
    found = _LABEL.match(line.strip())
    return found[1].strip("*_ ").lower() if found else None


def _is_last_attribution(lines: list[str], at: int) -> bool:
    """Whether an attribution starts here above a history without quoting marks."""
    height = _attribution_height(lines, at)
    below = at + height
    if not height or any(_is_quoted(line) for line in lines[below : below + 3]):
        return False
    words = _joined_words(lines[at:below])
    return bool(_ENDS_WITH_WROTE.search(words)) or ("@" in words and bool(_WROTE.search(words)))


def _attribution_height(lines: list[str], at: int) -> int:
    """How many lines the attribution that starts here has; 0 if none starts here."""
    for height in range(1, _LONGEST_ATTRIBUTION + 1):
        if not _is_attribution(lines[at : at + height]):
            continue
        starts_below = any(_is_attribution(lines[at + below : at + height]) for below in range(1, height))
        return 0 if starts_below else height
    return 0


def _is_attribution(lines: list[str]) -> bool:
    """ "On …, … wrote:" with a date, in a language of `_WROTE`, or in any other with an address."""
    if not lines or not lines[-1].rstrip().endswith(_COLONS):
        return False
    words = _joined_words(lines)
    if not words or words.count("<") != words.count(">"):
        return False
    return bool(_HAS_DATE.search(words)) and ("@" in words or bool(_WROTE.search(words)))


def _joined_words(lines: list[str]) -> str:
    """The lines as one; empty if one of them is blank or quoted, or if they are too long for an attribution."""
    if any(_is_quoted(line) or not line.strip() for line in lines) or sum(map(len, lines)) > _MOST_CHARACTERS:
        return ""
    return " ".join(line.strip() for line in lines)


def _without_last_quote(lines: list[str]) -> tuple[list[str], list[str]]:
    """Takes the quoted lines at the end off, with the attribution above them."""
    start = len(lines)
    while start and (_is_quoted(lines[start - 1]) or not lines[start - 1].strip()):
        start -= 1
    if not any(_is_quoted(line) for line in lines[start:]):
        return lines, []
    for height in range(1, min(start, _LONGEST_ATTRIBUTION) + 1):
        if _is_attribution(lines[start - height : start]):
            return lines[: start - height], lines[start - height :]
    return lines[:start], lines[start:]


def _first_quote(lines: list[str]) -> tuple[list[str], list[str]]:
    """`(the quoted lines at the beginning, the answer below)`, if nothing else is quoted."""
    at = next((at for at, line in enumerate(lines) if line.strip()), 0)
    at += _attribution_height(lines, at)
    end = at
    while end < len(lines) and (_is_quoted(lines[end]) or not lines[end].strip()):
        end += 1
    if any(_is_quoted(line) for line in lines[end:]) or not any(_is_quoted(line) for line in lines[at:end]):
        return [], lines
    return lines[:end], lines[end:]
