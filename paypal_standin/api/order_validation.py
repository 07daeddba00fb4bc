"""Validation of create-order requests."""

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from paypal_standin.money import CURRENCIES, LARGEST, fits, is_number

from .errors import Json, malformed, unprocessable

UNIT_LENGTHS = {"reference_id": 256, "description": 127, "custom_id": 127, "invoice_id": 127, "soft_descriptor": 22}
ITEM_LENGTHS = {"name": 127, "description": 127, "sku": 127}
ADDED = ("item_total", "tax_total", "shipping", "handling", "insurance")
TAKEN_OFF = ("shipping_discount", "discount")
QUANTITY = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


def check_order(data: Json) -> None:
    """Raise PayPal's 400 or 422 for the first thing that is wrong with the order."""
    if data.get("intent") is None:
        raise malformed("MISSING_REQUIRED_PARAMETER", "/intent")
    if data["intent"] != "CAPTURE":
        raise malformed("INVALID_PARAMETER_VALUE", "/intent", data["intent"])
    units = _list(data.get("purchase_units"), "/purchase_units", 1, 10)
    for number, unit in enumerate(units):
        _check_unit(unit, f"/purchase_units/{number}")
    _check_together(units)
    _check_context(data)


def _check_together(units: list[Json]) -> None:
    if len({unit["amount"]["currency_code"] for unit in units}) > 1:
        raise unprocessable("MULTI_CURRENCY_ORDER", "/purchase_units")
    names = [unit.get("reference_id") for unit in units]
    if len(units) > 1 and None in names:
        raise unprocessable("REFERENCE_ID_REQUIRED", "/purchase_units")
    if len(set(names)) < len(names):
        raise unprocessable("DUPLICATE_REFERENCE_ID", "/purchase_units")


def _check_unit(unit: Json, at: str) -> None:
    _lengths(unit, UNIT_LENGTHS, at)
    amount = check_money(unit.get("amount"), f"{at}/amount")
    if amount <= 0:
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", f"{at}/amount/value", unit["amount"]["value"])
    breakdown = unit["amount"].get("breakdown")
    sums = _check_breakdown(breakdown, amount, unit["amount"]["currency_code"], f"{at}/amount")
    if unit.get("items") is not None:
        _check_items(unit["items"], sums, unit["amount"]["currency_code"], f"{at}/items")


def _check_breakdown(breakdown: Any, amount: Decimal, currency: str, at: str) -> dict[str, Decimal]:
    if breakdown is None:
        return {}
    _object(breakdown, f"{at}/breakdown")
    given = [name for name in (*ADDED, *TAKEN_OFF) if breakdown.get(name) is not None]
    sums = {name: _part(breakdown[name], currency, f"{at}/breakdown/{name}") for name in given}
    total = sum(sums.get(name, Decimal(0)) for name in ADDED) - sum(sums.get(name, Decimal(0)) for name in TAKEN_OFF)
    if total != amount:
        raise unprocessable("AMOUNT_MISMATCH", f"{at}/value", amount)
    return sums


def _check_items(items: Any, sums: dict[str, Decimal], currency: str, at: str) -> None:
    total, tax = Decimal(0), Decimal(0)
    for number, item in enumerate(_list(items, at, 0, 1000)):
        where = f"{at}/{number}"
        quantity = _check_item(item, where)
        total += quantity * _part(item.get("unit_amount"), currency, f"{where}/unit_amount")
        if item.get("tax") is not None:
            tax += quantity * _part(item["tax"], currency, f"{where}/tax")
    _compare("ITEM_TOTAL", sums.get("item_total"), total, at)
    _compare("TAX_TOTAL", sums.get("tax_total"), tax, at)


def _check_item(item: Json, at: str) -> int:
    if not item.get("name"):
        raise malformed("MISSING_REQUIRED_PARAMETER", f"{at}/name")
    _lengths(item, ITEM_LENGTHS, at)
    quantity = item.get("quantity")
    if quantity is None:
        raise malformed("MISSING_REQUIRED_PARAMETER", f"{at}/quantity")
    if not isinstance(quantity, str) or not QUANTITY.fullmatch(quantity):
        raise malformed("INVALID_PARAMETER_SYNTAX", f"{at}/quantity", quantity)
    return int(quantity)


def _compare(issue: str, given: Decimal | None, counted: Decimal, at: str) -> None:
    if given is None and counted:
        raise unprocessable(f"{issue}_REQUIRED", at)
    if given is not None and given != counted:
        raise unprocessable(f"{issue}_MISMATCH", at, given)


def _part(money: Any, currency: str, at: str) -> Decimal:
    amount = check_money(money, at)
    if amount < 0:
        raise unprocessable("CANNOT_BE_NEGATIVE", f"{at}/value", money["value"])
    if money["currency_code"] != currency:
        raise unprocessable("MULTI_CURRENCY_ORDER", f"{at}/currency_code", money["currency_code"])
    return amount


def check_money(money: Any, at: str) -> Decimal:
    """The amount of `{currency_code, value}`; raises PayPal's error if it is invalid."""
    if money is None:
        raise malformed("MISSING_REQUIRED_PARAMETER", at)
    _object(money, at)
    for name in ("currency_code", "value"):
        if money.get(name) is None:
            raise malformed("MISSING_REQUIRED_PARAMETER", f"{at}/{name}")
    currency, value = money["currency_code"], money["value"]
    if not is_number(value):
        raise malformed("INVALID_PARAMETER_SYNTAX", f"{at}/value", value)
    if currency not in CURRENCIES:
        raise unprocessable("INVALID_CURRENCY_CODE", f"{at}/currency_code", currency)
    if not fits(value, currency):
        raise unprocessable("DECIMAL_PRECISION", f"{at}/value", value)
    if Decimal(value) > LARGEST:
        raise unprocessable("MAX_VALUE_EXCEEDED", f"{at}/value", value)
    return Decimal(value)


def experience_context(data: Json) -> Json:
    """Where to send the payer and under which name; also from the older `application_context`."""
    source = data.get("payment_source") or {}
    context = (source.get("paypal") or {}).get("experience_context") or data.get("application_context") or {}
    return context if isinstance(context, dict) else {}


def _check_context(data: Json) -> None:
    for name in ("payment_source", "application_context"):
        _object(data.get(name) or {}, f"/{name}")
    _object((data.get("payment_source") or {}).get("paypal") or {}, "/payment_source/paypal")
    context = experience_context(data)
    _lengths(context, {"brand_name": 127}, "/payment_source/paypal/experience_context")
    for name in ("return_url", "cancel_url"):
        address = context.get(name)
        if address is not None and not _is_web_address(address):
            raise malformed("INVALID_PARAMETER_SYNTAX", f"/payment_source/paypal/experience_context/{name}", address)


def _is_web_address(address: Any) -> bool:
    try:
        parts = urlsplit(address) if isinstance(address, str) else None
    except ValueError:
        return False
    return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)


def _lengths(holder: Json, longest: dict[str, int], at: str) -> None:
    for name, limit in longest.items():
        value = holder.get(name)
        if value is not None and not isinstance(value, str):
            raise malformed("INVALID_PARAMETER_SYNTAX", f"{at}/{name}", value)
        if value is not None and not 1 <= len(value) <= limit:
            raise malformed("INVALID_STRING_LENGTH", f"{at}/{name}", value)


def _object(value: Any, at: str) -> None:
    if not isinstance(value, dict):
        raise malformed("INVALID_PARAMETER_SYNTAX", at)


def _list(value: Any, at: str, least: int, most: int) -> list[Json]:
    if value is None:
        raise malformed("MISSING_REQUIRED_PARAMETER", at)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise malformed("INVALID_PARAMETER_SYNTAX", at)
    if len(value) < least:
        raise malformed("INVALID_ARRAY_MIN_ITEMS", at)
    if len(value) > most:
        raise malformed("INVALID_ARRAY_MAX_ITEMS", at)
    return value
