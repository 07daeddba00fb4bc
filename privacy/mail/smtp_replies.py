"""What the reply of a mail server says about an address: whether it failed for good."""

from __future__ import annotations

import re
from dataclasses import dataclass

# RFC 3463. Not within a longer number, such as an IP address.
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_FAILED = re.compile(r"(?<![\d.])([45])\.([0-7])\.(\d{1,3})(?!\.?\d)")
_BASIC = re.compile(r"(?:^|[\s:;#<(\[*])([45][0-5]\d)(?=[\s\-:,)>.]|$)", re.MULTILINE)  # RFC 5321, section 4.2.1
_FULL, _POLICY = "2.2", "7."  # mailbox full; message or sender rejected by policy: not the address's fault
_FULL_IN_WORDS = re.compile(
    r"quota|(?:mailbox|mail box|inbox)\s(?:\S+\s){0,4}full|insufficient (?:disk|storage|system)", re.I
)
NO_NUMBER = "no number"


@dataclass(frozen=True)
class SmtpReply:
    """A mail server's reply. `code` contains its numbers only, because its text may name people."""

    code: str
    is_final: bool


def verdict(code: int, text: str) -> SmtpReply:
    """Classifies the reply to a recipient. A 5xx is permanent, except for a full mailbox and policy rejections."""
    enhanced = _ENHANCED.search(text)
    subject = f"{enhanced[2]}.{enhanced[3]}" if enhanced else ""
    passing = subject == _FULL or subject.startswith(_POLICY) or (code == 552 and not enhanced)
    return SmtpReply(f"{code} {enhanced[0]}" if enhanced else str(code), 500 <= code < 600 and not passing)


def reported_verdict(status: str, diagnostic: str = "") -> SmtpReply:
    """Classifies what a notification reports (RFC 3464): the status decides, then the server's words."""
    enhanced = _ENHANCED.search(status) or _ENHANCED.search(diagnostic)
    if enhanced is None or enhanced[1] != "5":
        return SmtpReply("", is_final=False)
    return verdict(550, enhanced[0])


def verdict_in_words(text: str, *, failed: bool) -> SmtpReply:
    """Classifies a notification that people are meant to read. `failed`: something else says that the failure is
    permanent; then only a number or words to the contrary make it temporary."""
    enhanced, basic = _FAILED.search(text), _BASIC.search(text)
    if enhanced and (failed or basic):  # alone it may be a date
        return verdict(int(enhanced[1]) * 100 + 50, enhanced[0])
    if _FULL_IN_WORDS.search(text):
        return SmtpReply(basic[1] if basic else NO_NUMBER, is_final=False)
    return verdict(int(basic[1]), "") if basic else SmtpReply(NO_NUMBER, is_final=failed)
