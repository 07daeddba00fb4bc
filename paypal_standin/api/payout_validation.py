"""Validation of payout batches; one invalid item rejects the whole batch."""

import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from paypal_standin.money import CURRENCIES, fits, is_number

from .errors import ApiError, Json

HEADER_LENGTHS = {"sender_batch_id": 256, "email_subject": 255, "email_message": 1000, "note": 1000}
ITEM_LENGTHS = {"receiver": 127, "sender_item_id": 63, "note": 4000}
MOST_ITEMS = 15000
ACCOUNT = re.compile(r"[2-9A-HJ-NP-Z]{13}")
PHONE = re.compile(r"\+?[0-9]{4,15}", re.ASCII)


def check_batch(data: Json) -> None:
    """Raise VALIDATION_ERROR with one detail for each thing that is wrong."""
    header, items = data.get("sender_batch_header"), data.get("items")
    if not isinstance(header, dict):
        raise _refusal([_wrong("sender_batch_header", "Required field missing")])
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        raise _refusal([_wrong("items", f"Between 1 and {MOST_ITEMS} items are required")])
    found = _too_long(header, HEADER_LENGTHS, "sender_batch_header.")
    for number, item in enumerate(items):
        found += _check_item(item, header.get("recipient_type"), f"items[{number}]")
    if not found and len({item["amount"]["currency"] for item in items}) > 1:
        found.append(_wrong("items", "All items of a batch must have the same currency"))
    if found:
        raise _refusal(found)


def _refusal(details: list[Json]) -> ApiError:
    return ApiError(400, "VALIDATION_ERROR", details)


def _wrong(field: str, issue: str) -> Json:
    return {"field": field, "location": "body", "issue": issue}


def _check_item(item: Any, default_type: Any, at: str) -> list[Json]:
    if not isinstance(item, dict):
        return [_wrong(at, "Not an object")]
    found = _too_long(item, ITEM_LENGTHS, f"{at}.")
    kind = item.get("recipient_type") or default_type or "EMAIL"
    if not _is_receiver(item.get("receiver"), str(kind).upper()):
        found.append(_wrong(f"{at}.receiver", "Receiver is invalid or does not match with type"))
    return found + _check_amount(item.get("amount"), f"{at}.amount")


def _check_amount(amount: Any, at: str) -> list[Json]:
    if not isinstance(amount, dict) or amount.get("currency") is None or amount.get("value") is None:
        return [_wrong(at, "Required field missing: currency and value")]
    if amount["currency"] not in CURRENCIES:
        return [_wrong(f"{at}.currency", "Currency code is invalid or is not currently supported")]
    value = amount["value"]
    if not is_number(value) or not fits(value, amount["currency"]) or Decimal(value) <= 0:
        return [_wrong(f"{at}.value", "Amount is invalid, not positive, or has too many decimals")]
    return []


def _is_receiver(receiver: Any, kind: str) -> bool:
    if not isinstance(receiver, str):
        return False
    if kind == "PAYPAL_ID":
        return ACCOUNT.fullmatch(receiver) is not None
    if kind == "PHONE":
        return PHONE.fullmatch(receiver) is not None
    try:
        validate_email(receiver)
    except ValidationError:
        return False
    return kind == "EMAIL"


def _too_long(holder: Json, longest: dict[str, int], at: str) -> list[Json]:
    given = {name: holder[name] for name in longest if holder.get(name) is not None}
    return [
        _wrong(f"{at}{name}", f"Must be text of at most {longest[name]} characters")
        for name, value in given.items()
        if not isinstance(value, str) or len(value) > longest[name]
    ]
