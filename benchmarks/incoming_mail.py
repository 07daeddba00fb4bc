"""A thousand messages, as `receive_mail --mbox` takes them: how long, and how much memory they leave behind."""

from __future__ import annotations

import base64
import logging
import random
import resource
import time
from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from contacts.incoming_mail.intake import receive_message
from contacts.models import IncomingMail

from .timing import Ratio, seconds

MESSAGES = 1000
WARM_UP = 300
LARGE = 30_000_000  # bytes of one attachment
TEXT = "Our shop is closed on Monday and we would like to know what a new one costs and when you could begin"


def _message(number: int) -> bytes:
    """Of people who each write a few times: text, HTML with it, an answer with history, every tenth with a picture."""
    chosen = random.Random(number)  # noqa: S311
    text = " ".join(chosen.choices(TEXT.split(), k=120))
    history = "".join(f"> {' '.join(chosen.choices(TEXT.split(), k=12))}\r\n" for _ in range(10))
    header = (
        f"From: Person {number % 250} <person{number % 250}@example.org>\r\nTo: info@ait-pro.com\r\n"
        f"Subject: Question {number}\r\nMessage-ID: <{number}@example.org>\r\nMIME-Version: 1.0\r\n"
        "Date: Mon, 02 Mar 2026 11:59:00 +0000\r\n"
    )
    if number % 10 == 0:
        return (header + _with_file(text, chosen.randbytes(200_000))).encode()
    if number % 2:
        alternative = 'Content-Type: multipart/alternative; boundary="A"\r\n\r\n'
        parts = (("plain", text), ("html", f"<div>{text}<blockquote type='cite'>{history}</blockquote></div>"))
        body = "".join(f"--A\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{said}\r\n" for kind, said in parts)
        return f"{header}{alternative}{body}--A--\r\n".encode()
    quoted = f"{text}\r\n\r\nOn Mon, Mar 2, 2026 at 10:00 AM AITpro wrote:\r\n{history}"
    return f"{header}Content-Type: text/plain; charset=utf-8\r\n\r\n{quoted}".encode()


def _with_file(text: str, content: bytes) -> str:
    encoded = base64.encodebytes(b"\x89PNG\r\n\x1a\n" + content).decode()
    return (
        'Content-Type: multipart/mixed; boundary="M"\r\n\r\n'
        f"--M\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        "--M\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="shop.png"\r\n\r\n{encoded}\r\n--M--\r\n'
    )


def _receive(first: int, last: int) -> None:
    """One an hour, so that nobody writes too often."""
    for number in range(first, last):
        receive_message(_message(number), received_at=timezone.now() - timedelta(hours=last - number))


def _peak() -> float:
    """Of this process, in megabytes. SQLite maps its file into memory, so that this grows with what is stored."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure() -> Iterator[Ratio]:
    logging.disable(logging.WARNING)  # the limit of confirmations is reached
    worked = time.process_time()
    took = seconds(lambda: _receive(0, WARM_UP))
    before = _peak()
    took += seconds(lambda: _receive(WARM_UP, MESSAGES))
    worked = time.process_time() - worked
    after = _peak()
    filed = IncomingMail.objects.filter(state=IncomingMail.State.FILED).count()
    assert filed == MESSAGES, filed  # noqa: S101
    detail = f"{1000 * took / MESSAGES:.0f} ms each; {worked:.0f} s of one core"
    yield Ratio(f"{MESSAGES} messages received and filed", took, 60, at_least=False, detail=detail, unit="s")
    detail = f"{before:.0f} MB after {WARM_UP}, {after:.0f} MB after {MESSAGES}"
    yield Ratio(
        "peak of memory, after all of them against after the first", after / before, 1.15, at_least=False, detail=detail
    )
    header = "From: person@example.org\r\nTo: info@ait-pro.com\r\nMessage-ID: <large@example.org>\r\n"
    raw = (header + _with_file("See attached.", bytes(range(256)) * (LARGE // 256))).encode()
    took = seconds(lambda: receive_message(raw, received_at=timezone.now()))
    detail = f"{_peak() - after:.0f} MB more"
    yield Ratio("a message with 30 MB", took, 10, at_least=False, detail=detail, unit="s")
    logging.disable(logging.NOTSET)
