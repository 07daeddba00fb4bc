"""What other people wrote into a conversation stays when the conversation is deleted: it is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.db.models.deletion import CASCADE


def detach_or_delete(
    collector: Any, field: Any, rows: Any, using: str, *, staying: Sequence[models.Model], changes: Mapping[str, Any]
) -> None:
    """For `on_delete`, whichever way the conversation ends: the rows in `staying` lose it, with these `changes`; the
    others are deleted."""
    for name, value in {field.name: None, **changes}.items():
        collector.add_field_update(rows.model._meta.get_field(name), value, staying)
    CASCADE(collector, field, rows.exclude(pk__in=[row.pk for row in staying]), using)


class ConversationKey(models.ForeignKey[Any, Any]):
    """A foreign key whose `on_delete` is this app's own. Django carries that out, not the database, so in migrations it
    is a plain foreign key."""

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, {**options, "on_delete": CASCADE}
