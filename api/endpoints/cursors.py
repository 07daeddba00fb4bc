"""Cursors: where the next page of a list begins, sealed.

A position holds a time or an id from which the time of a purchase could be read, so a cursor shows nothing, and opens
only in the list and account that it was made for.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from api.errors import invalid_parameter
from privacy.encryption.sealing import Place, SealedBytes, seal, unseal

_PLACE = Place("api", "cursor")


def write_cursor(row: Any, order: tuple[str, ...], *, of: str) -> str:
    """The position of this row; `of` names the list, its account and its filters."""
    values = [_value(row, name) for name in order]
    text = json.dumps([value.isoformat() if isinstance(value, datetime) else value.hex for value in values])
    return base64.urlsafe_b64encode(seal(text.encode(), place=_PLACE, row=of.encode())).decode().rstrip("=")


def open_cursor(cursor: str, *, of: str) -> tuple[str, list[str]]:
    """The id of the key that sealed it, and its position. Raises `ValueError`, or `LookupError` if the key is gone."""
    sealed = SealedBytes(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return sealed.key_id.hex(), json.loads(unseal(sealed, place=_PLACE, row=of.encode()))


def after_cursor(rows: QuerySet[Any], order: tuple[str, ...], cursor: str, *, of: str) -> QuerySet[Any]:
    """The rows behind the cursor, newest first. `order` is an id, or a time and an id. Raises `ApiError`."""
    try:
        _, (*moment, key) = open_cursor(cursor, of=of)
        last = UUID(key)
    except (ValueError, LookupError):  # not base64, not ours, of another list, or sealed with a key that is gone
        raise invalid_parameter("cursor", "This cursor doesn't belong to this list. Begin without one.") from None
    if not moment:
        return rows.filter(**{f"{order[0]}__lt": last})
    time, at = order[0], datetime.fromisoformat(moment[0])
    behind = Q(**{f"{time}__lt": at}) | Q(**{time: at, f"{order[1]}__lt": last})
    return rows.filter(behind, **{f"{time}__lte": at})  # which by itself is a range of the index


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row
