"""A random sample of sealed values, opened in memory for one sweep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from privacy.encryption.fields import SealedField, SealedTextField
from privacy.encryption.keys import UnknownKey
from privacy.encryption.sealing import SealBroken
from privacy.keystore.fields import PurposeBoundAttribute

from .detectors import emails_in
from .random_rows import RANDOM, key_between
from .word_search import SHORTEST, Word

ROWS = 5  # consecutive rows per place
PLACES = 4  # random places per table, in addition to the latest rows
WHOLE = 64  # characters; shorter texts are searched for as a whole
PART = 40  # characters taken from a longer text


def sealed_fields() -> list[SealedField]:
    models_of_all = apps.get_models(include_auto_created=True)
    return [f for model in models_of_all for f in model._meta.local_concrete_fields if isinstance(f, SealedField)]


def is_bound(field: SealedField) -> bool:
    """Whether the field is purpose-bound, so a sweep can't open it."""
    return issubclass(field.descriptor_class, PurposeBoundAttribute)


def values_of(fields: list[SealedField]) -> Iterator[tuple[SealedField, Any]]:
    """Fields and opened values of sampled rows. Unreadable values are skipped."""
    for model in dict.fromkeys(field.model for field in fields):
        own = [field for field in fields if field.model is model and not is_bound(field)]
        for row in _rows(model) if own else ():
            for field in own:
                try:
                    value = getattr(row, field.attname)
                except (SealBroken, UnknownKey):
                    continue
                if value:
                    yield field, value


def words_of(field: SealedField, value: Any) -> Iterator[Word]:
    """Words to search for: short texts, parts of longer ones, and each address in them."""
    place = str(field.place)
    if not isinstance(field, SealedTextField):
        yield from _part_of_bytes(bytes(value), place)
        return
    addresses = emails_in(value)
    texts = {*addresses, value.strip() if len(value) <= WHOLE else _part_of(value)}
    yield from (Word(text, place) for text in texts if not _is_the_business(text))


def _rows(model: type[models.Model]) -> Iterator[models.Model]:
    rows = model._base_manager.order_by("pk")
    first, last = rows.values_list("pk", flat=True).first(), rows.values_list("pk", flat=True).last()
    seen: set[Any] = set()
    starts = [] if first is None else [last, *(key_between(first, last) or first for _ in range(PLACES))]
    for start in starts:
        for row in rows.filter(pk__gte=start)[:ROWS] if start != last else rows.reverse()[:ROWS]:
            if row.pk not in seen:
                seen.add(row.pk)
                yield row


def _part_of(text: str) -> str:
    start = RANDOM.randrange(len(text) - PART)
    return text[start : start + PART].strip()


def _part_of_bytes(data: bytes, place: str) -> Iterator[Word]:
    """A part from the middle, because file headers and trailers are alike; skipped if it is too repetitive."""
    start = max(0, (len(data) - PART) // 2)
    part = data[start : start + PART]
    if len(part) >= SHORTEST and len({*part}) > len(part) // 2:
        yield Word(part, place)


def _is_the_business(text: str) -> bool:
    return any(text.casefold() in str(fact).casefold() for fact in settings.BUSINESS.values())
