"""Loading rows without `__init__`, and sending many at once: the one module that uses private parts of Django (ADR 33).

It reads lists of sealed rows in half the time (`python -m benchmarks reading`). It was written for the versions in
`WRITTEN_FOR`; under any other one, rows are loaded by Django's public API alone, and a system check says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django
from django.core.checks import CheckMessage, Warning, register
from django.db import models
from django.db.models.base import ModelState

WRITTEN_FOR = ((5, 2), (6, 1))


def is_written_for_this_django() -> bool:
    return django.VERSION[:2] in WRITTEN_FOR


def load_quickly(
    cls: type[models.Model], /, db: str | None, field_names: Sequence[str], values: Sequence[Any], **options: Any
) -> models.Model:
    """`Model.from_db` without `__init__` and the signals `pre_init` and `post_init` (privacy.E002)."""
    row = cls.__new__(cls)
    state = ModelState()
    state.adding, state.db = False, db
    if options.get("fetch_mode") is not None:  # since Django 6.1
        state.fetch_mode = options["fetch_mode"]
    row.__dict__.update(zip(field_names, values, strict=True), _state=state)
    return row


class SentAsArrays:
    """Precedes `BinaryField`, and hides its placeholder, which is the plain one on both databases: so Django sends
    PostgreSQL the rows of a `bulk_create` as an array per column, in a quarter of the time."""

    get_placeholder = get_placeholder_sql = property()  # Django asks with `hasattr`; 6.1 renamed it


@register()
def rows_are_loaded_quickly(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if is_written_for_this_django():
        return []
    known = " and ".join(f"{major}.{minor}" for major, minor in WRITTEN_FOR)
    return [
        Warning(
            f"Rows with sealed fields are loaded slowly under Django {django.get_version()}.",
            hint=f"privacy/encryption/row_loading.py was written for {known}: compare it with Model.from_db, and run"
            " `make test-next` and `python -m benchmarks reading`.",
            id="privacy.W001",
        )
    ]
