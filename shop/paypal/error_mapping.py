"""Maps PayPal's status and error envelope to this package's errors, without the envelope's texts.

The envelope is `{name, message, debug_id, details: [{field, issue, description}], links}`. Only codes and field names
are read: messages, values and some v1 "issues" are sentences that may quote an email address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shop.paypal.errors import (
    AlreadyCaptured,
    Conflict,
    Declined,
    DuplicateBatch,
    Expired,
    Invalid,
    NotConfigured,
    PayerActionRequired,
    PayPalError,
    Transient,
)

CAPTURED = {"ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_COMPLETED"}
EXPIRED = {"ORDER_EXPIRED"}
CONFLICT = {"DUPLICATE_INVOICE_ID", "ORDER_COMPLETION_IN_PROGRESS", "PREVIOUS_REQUEST_IN_PROGRESS"}
PAYER_ACTS = {
    "ORDER_NOT_APPROVED",
    "PAYER_ACTION_REQUIRED",
    "INSTRUMENT_DECLINED",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
}
DECLINED = {
    "TRANSACTION_REFUSED",
    "PAYER_CANNOT_PAY",
    "COMPLIANCE_VIOLATION",
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",
    "PAYMENT_DENIED",
}

_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,79}")
_FIELD = re.compile(r"[A-Za-z0-9_/.\[\]]{1,120}")
_DEBUG_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_PAYOUT = re.compile(r"/v1/payments/payouts/([A-Za-z0-9-]{1,64})$")
_USED_BATCH = re.compile(r"duplicate|already exists", re.IGNORECASE)


class Unauthorized(NotConfigured):
    """401. The client retries once with a fresh token before raising it."""

    what = "PayPal refuses PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET"


class Busy(Transient):
    """No connection or 5xx: may be retried at once if the request is safe to repeat."""


def refusal(status: int, body: Any, debug_id: str | None) -> PayPalError:
    """The error for a response other than 2xx."""
    envelope = body if isinstance(body, dict) else {}
    debug_id = clean_debug_id(debug_id) or clean_debug_id(envelope.get("debug_id"))
    issues = _issues(envelope)
    if status in (400, 403, 422):
        return _by_issue(envelope, issues, debug_id)
    return _by_status(status)(issues=issues, debug_id=debug_id)


def clean_debug_id(value: object) -> str | None:
    """A debug id that is safe to log, or None: a header could contain injected line breaks."""
    return value if isinstance(value, str) and _DEBUG_ID.fullmatch(value) else None


def _by_status(status: int) -> type[PayPalError]:
    if status == 408 or status >= 500:
        return Busy
    # A redirect is never followed, so nobody knows what became of the request; 429 asks for fewer calls, not for more.
    if status < 400 or status == 429:
        return Transient
    return {401: Unauthorized, 404: Expired, 409: Conflict, 410: Expired}.get(status, Invalid)


def _by_issue(envelope: dict[str, Any], issues: tuple[str, ...], debug_id: str | None) -> PayPalError:
    if _batch_was_used(envelope):
        return DuplicateBatch(batch_id=_batch_id(envelope), debug_id=debug_id)
    for codes, error in ((CAPTURED, AlreadyCaptured), (EXPIRED, Expired), (CONFLICT, Conflict), (DECLINED, Declined)):
        if codes.intersection(issues):
            return error(issues=issues, debug_id=debug_id)
    if PAYER_ACTS.intersection(issues):
        return PayerActionRequired(issues=issues, approve_url=_approve_url(envelope), debug_id=debug_id)
    return Invalid(issues=issues, fields=_fields(envelope), debug_id=debug_id)


def _issues(envelope: dict[str, Any]) -> tuple[str, ...]:
    """PayPal's issue codes, or the envelope's name if the details contain only sentences."""
    found = [detail.get("issue") for detail in _details(envelope)]
    codes = [issue for issue in found if isinstance(issue, str) and _CODE.fullmatch(issue)]
    name = envelope.get("name")
    if not codes and isinstance(name, str) and _CODE.fullmatch(name):
        codes = [name]
    return tuple(dict.fromkeys(codes))


def _fields(envelope: dict[str, Any]) -> tuple[str, ...]:
    found = [detail.get("field") for detail in _details(envelope)]
    return tuple(field for field in found if isinstance(field, str) and _FIELD.fullmatch(field))


def _details(envelope: dict[str, Any]) -> list[dict[str, Any]]:
    details = envelope.get("details")
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []


def _batch_was_used(envelope: dict[str, Any]) -> bool:
    return any(
        str(detail.get("field")).upper().endswith("SENDER_BATCH_ID") and _USED_BATCH.search(str(detail.get("issue")))
        for detail in _details(envelope)
    )


def _batch_id(envelope: dict[str, Any]) -> str | None:
    """The first link to a payout, in the envelope or in a detail (PayPal writes `link` as well as `links` there)."""
    found = (_PAYOUT.search(link["href"]) for link in _links(envelope))
    return next((match[1] for match in found if match), None)


def _approve_url(envelope: dict[str, Any]) -> str | None:
    wanted = ("payer-action", "redirect", "approve")
    return next((link["href"] for link in _links(envelope) if link.get("rel") in wanted), None)


def _links(envelope: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for holder in (envelope, *_details(envelope)):
        for links in (holder.get("links"), holder.get("link")):
            for link in links if isinstance(links, list) else ():
                if isinstance(link, dict) and isinstance(link.get("href"), str):
                    yield link
