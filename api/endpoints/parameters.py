"""The parameters of the query: each is parsed strictly, so that a slip is an error and not another answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import QueryDict

from api.errors import ApiError, invalid_parameter
from shop.money import CURRENCIES

DEFAULT_LIMIT, MOST = 50, 100
LONGEST_CURSOR = 400  # characters
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Parameter:
    """`parse` raises `ValueError` with a sentence. `schema` is its JSON Schema."""

    name: str
    about: str
    schema: Mapping[str, Any]
    parse: Callable[[str], Any]


def read_parameters(query: QueryDict, known: Sequence[Parameter]) -> dict[str, Any]:
    """The parsed values of those that were sent. Raises `ApiError`."""
    parsers = {parameter.name: parameter.parse for parameter in known}
    values = {}
    for name, sent in query.lists():
        if name not in parsers:
            takes = f"This address takes: {', '.join(parsers) or 'no parameters'}."
            raise ApiError(400, "unknown_parameter", takes, parameter=name)
        if len(sent) > 1:
            raise invalid_parameter(name, "Send it once.")
        try:
            values[name] = parsers[name](sent[0])
        except ValueError as error:
            raise invalid_parameter(name, str(error)) from None
    return values


def _limit(text: str) -> int:
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII) or not 1 <= int(text) <= MOST:
        raise ValueError(f"A whole number from 1 to {MOST}.")
    return int(text)


def _cursor(text: str) -> str:
    if not text or len(text) > LONGEST_CURSOR:
        raise ValueError("Send the next_cursor of the page before, unchanged.")
    return text


def _day(text: str) -> date:
    try:
        return datetime.strptime(_DAY.fullmatch(text)[0], "%Y-%m-%d").date()  # type: ignore[index]  # noqa: DTZ007
    except (TypeError, ValueError):
        raise ValueError("A day such as 2026-03-31.") from None


def _currency(text: str) -> str:
    if text not in CURRENCIES:
        raise ValueError("A currency such as USD.")
    return text


LIMIT = Parameter(
    "limit",
    f"Rows on a page: {DEFAULT_LIMIT} unless you say otherwise.",
    {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT},
    _limit,
)
CURSOR = Parameter("cursor", "The `next_cursor` of the page before.", {"type": "string"}, _cursor)
SINCE = Parameter(
    "since",
    "The first day, in UTC: 29 days before today unless you say otherwise.",
    {"type": "string", "format": "date"},
    _day,
)
UNTIL = Parameter(
    "until", "The last day, in UTC: today unless you say otherwise.", {"type": "string", "format": "date"}, _day
)
CURRENCY = Parameter(
    "currency",
    "The currency of the amounts: that of the program unless you say otherwise.",
    {"type": "string", "enum": list(CURRENCIES)},
    _currency,
)
