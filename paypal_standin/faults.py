"""Fault injection, to see how the shop handles errors.

A fault applies to the first request (or webhook event) whose path (or event type) contains `path_contains`, `times`
times. It applies to token and certificate requests only if it names them.
"""

import contextlib
import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse

from .api.errors import ApiError, unprocessable
from .models import Fault

# Instead of the work.
BEFORE = {
    "status_401": "answers 401, as if the token had expired",
    "status_429": "answers 429, too many requests",
    "status_500": "answers 500 and does nothing",
    "status_503": "answers 503 and does nothing",
    "issue": "answers 422 with the `issue` you name, for example TRANSACTION_REFUSED",
    "timeout_before_commit": "does nothing and answers 504 after `seconds`",
    "drop_before_commit": "does nothing and closes the connection",
    "silent": "does nothing and never answers, while the connection stays open",
}
# While a request with a PayPal-Request-Id is being worked on.
DURING = {"slow": "takes `seconds`, so that a second request with the same key gets 409"}
# After it has been done.
AFTER = {
    "timeout_after_commit": "does the work and answers only after `seconds`",
    "drop_after_commit": "does the work and closes the connection",
    "silent_after_commit": "does the work and never answers, while the connection stays open",
    "drips": "does the work and answers a byte each second (or every `seconds`), for ever",
    "status_500_after_commit": "does the work and answers 500",
    "garbage": "does the work and answers 200 with a body that isn't JSON",
    "wrong_amount": "adds 1 to every amount in the answer",
    "wrong_currency": "changes every currency in the answer",
    "wrong_custom_id": "changes every custom_id in the answer",
}
REFUNDS = {"refund_pending": "leaves the refund pending until you decide on the overview page"}
PAYOUTS = {
    "payout_batch_denied": "accepts the batch and denies it as a whole a second later",
    "duplicate_without_link": "leaves the link to the first batch out of the duplicate answer",
    "duplicate_reworded": "says `Batch with given sender_batch_id already exists`, as newer sandboxes do",
}
# `path_contains` means the event type here.
WEBHOOKS = {
    "webhook_before_return": "delivers CHECKOUT.ORDER.APPROVED before the payer's browser returns",
    "webhook_duplicate": "delivers the event twice, under two transmission ids",
    "webhook_delay": "delays the event by `seconds`",
    "webhook_reorder": "delays the event until the next one was sent (or by `seconds`)",
    "webhook_drop": "never sends the event",
    "webhook_bad_signature": "sends an invalid signature",
}
KINDS = BEFORE | DURING | AFTER | REFUNDS | PAYOUTS | WEBHOOKS


def take(kinds: dict[str, str] | str, text: str, *, named: bool = False) -> Fault | None:
    """Consume the first pending fault of these kinds that matches; `named`: only one with `path_contains`."""
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    for fault in Fault.objects.filter(kind__in=wanted, times__gt=0).order_by("id"):
        if fault.path_contains not in text or (named and not fault.path_contains):
            continue
        if Fault.objects.filter(pk=fault.pk, times__gt=0).update(times=F("times") - 1):
            return fault
    return None


def take_for(kinds: dict[str, str], path: str) -> Fault | None:
    """As `take`, for an API path; a fault that names no path leaves token and certificate alone."""
    return take(kinds, path, named=path.startswith(("/v1/oauth2/", "/v1/notifications/certs/")))


def before(fault: Fault, request: HttpRequest) -> HttpResponse:
    """The response instead of the work."""
    if fault.kind == "issue":
        raise unprocessable(fault.issue or "TRANSACTION_REFUSED")
    if fault.kind == "drop_before_commit":
        return hang_up(request)
    if fault.kind == "silent":
        return keep_open(request, b"", 0)
    if fault.kind == "timeout_before_commit":
        time.sleep(fault.seconds)
        return HttpResponse("Gateway Timeout", status=504, content_type="text/plain")
    raise ApiError(*STATUSES[fault.kind])


ENDLESS = 10**9  # bytes that an answer which drips says to have
STATUSES = {
    "status_401": (401, "AUTHENTICATION_FAILURE"),
    "status_429": (429, "RATE_LIMIT_REACHED"),
    "status_500": (500, "INTERNAL_SERVER_ERROR"),
    "status_503": (503, "SERVICE_UNAVAILABLE"),
    "status_500_after_commit": (500, "INTERNAL_SERVER_ERROR"),
}


def delay(path: str) -> None:
    """Delay the work if a fault says so."""
    if fault := take(DURING, path):
        time.sleep(fault.seconds)


def after(fault: Fault, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The response after the work is done."""
    if fault.kind in STATUSES:
        raise ApiError(*STATUSES[fault.kind])
    if fault.kind == "drop_after_commit":
        return hang_up(request)
    if fault.kind == "silent_after_commit":
        return keep_open(request, b"", 0)
    if fault.kind == "drips":
        head = f"HTTP/1.1 {answer.status_code} Slow\r\nContent-Type: application/json\r\n"
        end = f"Standin-Fault: drips\r\nContent-Length: {ENDLESS}\r\n\r\n"
        return keep_open(request, f"{head}{end}".encode() + answer.content, fault.seconds or 1)
    if fault.kind == "timeout_after_commit":
        time.sleep(fault.seconds)
        return answer
    if fault.kind == "garbage":
        return HttpResponse("<html><body>Something is on fire</body></html>")
    return falsify(fault, answer)


def hang_up(request: HttpRequest) -> HttpResponse:
    """Close the connection; the returned response reaches nobody."""
    connection: socket.socket | None = request.META.get("gunicorn.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return HttpResponse(status=503)


def keep_open(request: HttpRequest, answer: bytes, every: float) -> HttpResponse:
    """Keep the connection, without a thread of the server, until the client ends it; the returned response reaches
    nobody. The answer is sent a byte at a time, and then spaces."""
    served: socket.socket | None = request.META.get("gunicorn.socket")
    if served is not None:
        connection = served.dup()
        nowhere, other_end = socket.socketpair()
        os.dup2(
            nowhere.fileno(), served.fileno()
        )  # what the server writes goes nowhere, and what it closes is not ours
        nowhere.close()
        other_end.close()
        threading.Thread(target=_send_slowly, args=(connection, answer, every), daemon=True).start()
    return HttpResponse(status=503)


def _send_slowly(connection: socket.socket, answer: bytes, every: float) -> None:
    connection.setblocking(True)
    with contextlib.suppress(OSError), connection:
        while not every and connection.recv(1):
            pass  # silence
        for byte in itertools.chain(answer, itertools.repeat(ord(" "))) if every else ():
            connection.sendall(bytes([byte]))
            time.sleep(every)


def falsify(fault: Fault, answer: HttpResponse) -> HttpResponse:
    """The same response with falsify content."""

    data = _rewritten(json.loads(answer.content or b"{}"), LIES[fault.kind])
    return HttpResponse(json.dumps(data), status=answer.status_code, content_type="application/json")


def _rewritten(data: Any, lies: dict[str, Callable[[str], str]]) -> Any:
    if isinstance(data, list):
        return [_rewritten(entry, lies) for entry in data]
    if not isinstance(data, dict):
        return data
    return {
        name: lies[name](value) if name in lies and isinstance(value, str) else _rewritten(value, lies)
        for name, value in data.items()
    }


LIES: dict[str, dict[str, Callable[[str], str]]] = {
    "wrong_amount": {"value": lambda value: str(Decimal(value) + 1)},
    "wrong_currency": {
        name: lambda value: "USD" if value == "EUR" else "EUR" for name in ("currency_code", "currency")
    },
    "wrong_custom_id": {"custom_id": lambda value: "somebody-elses-order"},
}
