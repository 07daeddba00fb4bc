"""Formats values of an access archive for people; `data.json` contains them in machine-readable form."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.formats import date_format

register = template.Library()

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@register.filter
def display_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(display_value, value))
    text = str(value)
    if _MOMENT.fullmatch(text):
        return date_format(datetime.fromisoformat(text).astimezone(UTC), "F j, Y, H:i") + " UTC"
    if _DAY.fullmatch(text):
        return date_format(datetime.fromisoformat(text), "F j, Y")
    if _FINGERPRINT.fullmatch(text):
        return "a one-way fingerprint of 64 characters (see data.json)"
    return text
