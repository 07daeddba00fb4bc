"""Notifications of mail servers that a mail could not be delivered: in the standard's format (RFC 3464), in those that
`flufl.bounce` knows, and, for mail that came back to its own envelope sender, in any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import Any

from flufl.bounce import all_failures

from .automatic import has_no_sender, is_automatic_reply, is_named_mail_system
from .lenient_reading import decoded_header, header
from .smtp_replies import SmtpReply, reported_verdict, verdict_in_words

MOST_TEXT = 200_000  # characters in which patterns of other formats are searched
LONGEST_LINE = 1_000  # characters; longer than the standard allows (RFC 5322), and patterns would search it slowly
# How returned mail begins its subject; not what people make of it when they answer or pass it on.
_RETURNED = re.compile(
    r"(?!\s*(?:re|aw|fwd?|wg|tr|rv|sv|antw)\s*:).*(?:undeliver|returned mail|failure notice|mail delivery"
    r"|delivery (?:status|failure|notification)|non-delivery|not be delivered|unzustellbar|mancato recapito)",
    re.IGNORECASE,
)
_TEMPORARY = SmtpReply("", is_final=False)


def failure_in(view: Message[Any, Any], *, returned: bool) -> SmtpReply | None:
    """What a notification says about the delivery; None if the message isn't a notification.

    `view` is a `lenient_view`. `returned`: it came to the envelope sender of a mail of ours.
    """
    reported = list(_reported(view))
    if reported:
        return next((said for said in reported if said.is_final), reported[0])
    returns = is_named_mail_system(view) or _says_so(view) or (has_no_sender(view) and not is_automatic_reply(view))
    if not (returned or returns):
        return None
    words = _words(view)
    temporary, permanent = _known_failures(view)
    if temporary or permanent:
        return verdict_in_words(words, failed=True) if permanent else _TEMPORARY
    return verdict_in_words(words, failed=False) if returned and returns else None


def quoted_texts(view: Message[Any, Any]) -> Iterator[str]:
    """Where a notification may quote the mail: its headers, those of its parts, and its texts."""
    for part in view.walk():
        yield from (header(part, name) for name in ("Message-ID", "In-Reply-To", "References"))
        if not part.is_multipart():
            yield _text(part)


def _reported(view: Message[Any, Any]) -> Iterator[SmtpReply]:
    """Of each recipient: failed for good, or not (RFC 3464, section 2.3.3)."""
    for part in _own_parts(view):
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            blocks: Any = part.get_payload() if part.is_multipart() else []
            for fields in blocks:
                action = header(fields, "Action").strip().lower()
                if action.startswith(("fail", "error")):
                    yield reported_verdict(header(fields, "Status"), header(fields, "Diagnostic-Code"))
                elif action:
                    yield _TEMPORARY


def _own_parts(view: Message[Any, Any]) -> Iterator[Message[Any, Any]]:
    """Its parts without those of mails in it: people pass on returned mail, too."""
    yield view
    if view.is_multipart() and view.get_content_maintype() == "multipart":
        parts: Any = view.get_payload()
        for part in parts:
            yield from _own_parts(part)


def _says_so(view: Message[Any, Any]) -> bool:
    """Whether its subject says that it returns a mail, and it answers none."""
    return not header(view, "In-Reply-To") and bool(_RETURNED.match(decoded_header(view, "Subject")))


def _known_failures(view: Message[Any, Any]) -> tuple[Any, Any]:
    """Addresses that failed for now, and for good, as `flufl.bounce` reads them."""
    if not _is_searchable(view):
        return (), ()
    try:
        return all_failures(view)
    except Exception:  # its detectors trust what they read; the logger of the package is off, because it quotes them
        return (), ()


def _is_searchable(view: Message[Any, Any]) -> bool:
    texts = [str(part.get_payload()) for part in view.walk() if not part.is_multipart()]
    return sum(map(len, texts)) <= MOST_TEXT and all(
        len(line) <= LONGEST_LINE for text in texts for line in text.splitlines()
    )


def _words(view: Message[Any, Any]) -> str:
    """The texts for people, without the returned mail."""
    texts = (part for part in _own_parts(view) if part.get_content_maintype() == "text")
    return "\n".join(_text(part) for part in texts if part.get_content_type() != "text/rfc822-headers")[:MOST_TEXT]


def _text(part: Message[Any, Any]) -> str:
    """Its ASCII, which is where numbers and identifiers are."""
    content = part.get_payload(decode=True)
    return content[:MOST_TEXT].decode("ascii", "replace") if isinstance(content, bytes) else ""
