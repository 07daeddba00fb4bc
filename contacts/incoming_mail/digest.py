"""Recognizes a message that arrives again: by another way, from another folder, or after a crash."""

from __future__ import annotations

import hashlib
import re

# What mail servers and mail stores add on the way, so that two copies of one message differ in it (RFC 5321 4.4, RFC
# 8601, RFC 8617, and the usual names of the rest).
TRACE = re.compile(
    rb"(?:received|received-spf|return-path|delivered-to|x-original-to|x-envelope-to|x-envelope-from|envelope-to"
    rb"|delivery-date|authentication-results|arc-[a-z-]+|status|x-status|x-uid|x-uidl|x-keywords|content-length|lines"
    rb"|x-mozilla-[a-z0-9-]+|x-spam-[a-z0-9-]+|x-virus-[a-z0-9-]+|x-gm-[a-z0-9-]+|x-received)",
    re.IGNORECASE,
)
_FIELD = re.compile(rb"[^\n]*(?:\n[ \t][^\n]*)*")  # a header field with its continuation lines
_ESCAPED_FROM = re.compile(rb"^>+(?=From )", re.MULTILINE)  # how mbox files write a line that begins with "From "


def content_digest(raw: bytes, *, size: int) -> str:
    """SHA-256 in hexadecimal digits of all that its author's program wrote: without the header fields that are added on
    the way, and whatever the line ends. `size` in bytes is that of the whole message, of which `raw` may be the first
    part. A message with the Message-ID of another one and other content has another digest."""
    plain = _ESCAPED_FROM.sub(b"", raw.replace(b"\r\n", b"\n")).rstrip(b"\n")
    header, blank, body = plain.partition(b"\n\n")
    fields = [field for field in _FIELD.findall(header) if not TRACE.fullmatch(field.partition(b":")[0].strip())]
    whole = hashlib.sha256(b"\n".join(field for field in fields if field))
    whole.update(blank + body)
    if size > len(raw):
        whole.update(b"\n%d bytes" % size)
    return whole.hexdigest()
