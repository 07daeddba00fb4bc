"""The history of a row in words: "Dana Staff changed the price from $59.95 to $69.95".

Django's log stores the words of a change. Only amounts, numbers, dates and choices are among them, never typed text:
even the title of a public page could hold somebody's name or number, which no erasure would find here ("changed the
title"). What was done without a form comes from the audit log. `SiteAdmin.register` adds this to every admin.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, DateField, DecimalField, IntegerField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.text import get_text_list

from privacy.audit.models import AuditEntry

from .acting_user import acting_user
from .audit_sentences import person, with_sentences
from .audited import is_personal_column
from .optimistic_locking.changed_by import LOOKED
from .optimistic_locking.snapshot import Overlaid, in_words, text_of

NEWEST = 200  # entries shown of each log
FROM_FORMS = ("added", "changed")  # verbs of `privacy.staff.…` that Django's log has too, with more words


@dataclass(frozen=True)
class HistoryLine:
    at: datetime
    text: str


class HistoryAdmin(admin.ModelAdmin[Any]):
    object_history_template = "privacy/admin/history.html"

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Django's structure; each changed field says from what to what."""
        message: list[dict[str, Any]] = [{"added": {}}] if add else []
        if fields := [] if add else _changes(form, form.changed_data):
            message.append({"changed": {"fields": fields}})
        for formset in formsets or ():
            forms = {each.instance.pk: each for each in formset.initial_forms}
            message += [{"added": _named(row)} for row in formset.new_objects]
            for row, names in formset.changed_objects:
                if fields := _changes(forms[row.pk], names):
                    message.append({"changed": {**_named(row), "fields": fields}})
            message += [{"deleted": _named(row)} for row in formset.deleted_objects]
        return message

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        return _log(request, [obj], ADDITION, message)[0]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        return _log(request, [obj], CHANGE, message)[0]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:
        return _log(request, queryset, DELETION, [])

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        response = super().history_view(request, object_id, extra_context)
        shown = getattr(response, "context_data", None) or {}
        if "object" in shown:
            lines = [*_lines(shown["object"], request.user), *self._lines_beside(shown["object"], request.user)]
            shown["lines"] = sorted(lines, key=lambda line: line.at, reverse=True)
        return response

    def also_in_history(self, row: Any) -> Iterable[QuerySet[Any]]:
        """Other rows whose audit entries are part of this row's history."""
        return ()

    def _lines_beside(self, row: Model, viewer: Any) -> Iterator[HistoryLine]:
        for rows in self.also_in_history(row):
            keys = [str(key) for key in rows.values_list("pk", flat=True)]
            about = AuditEntry.objects.filter(object_model=rows.model._meta.label_lower, object_id__in=keys)
            done = about.exclude(action__startswith="privacy.staff.").order_by("-number")[:NEWEST]
            for audited in with_sentences(done, viewer):
                yield HistoryLine(audited.at, audited.sentence)  # type: ignore[attr-defined]


def _log(request: HttpRequest, rows: Iterable[Model], flag: int, message: Any) -> list[LogEntry]:
    """Django would add `str(row)`, which may be typed text. Pages open the row's label instead."""
    return LogEntry.objects.bulk_create(
        LogEntry(
            user=acting_user(request),
            content_type=ContentType.objects.get_for_model(row, for_concrete_model=False),
            object_id=str(row.pk),
            object_repr=f"{row._meta.verbose_name} {str(row.pk)[-8:]}",
            action_flag=flag,
            change_message=message if isinstance(message, str) else json.dumps(message),
        )
        for row in rows
    )


def _changes(form: Any, names: Iterable[str]) -> list[str]:
    """Without the fields in which only line ends or outer spaces differ, as in every text that a browser sends back."""
    before, now = form.initial, form.cleaned_data
    return [
        _change(form, name) for name in names if text_of(before.get(name)).strip() != text_of(now.get(name)).strip()
    ]


def _change(form: Any, name: str) -> str:
    """ "the price from $59.95 to $69.95"; without values where a column can hold typed text."""
    try:
        column = form.instance._meta.get_field(name)
    except FieldDoesNotExist:
        return _the(str(form.fields[name].label or name.replace("_", " ")))
    label = _the(str(column.verbose_name), is_switch=column.get_internal_type() == "BooleanField")
    if not _may_be_quoted(column):
        return label
    before = Overlaid(form.instance, {each: text_of(value) for each, value in form.initial.items()})
    old = in_words(column, text_of(form.initial.get(name)), before)
    return f"{label} from {old} to {in_words(column, text_of(form.cleaned_data.get(name)), form.instance)}"


def _the(label: str, *, is_switch: bool = False) -> str:
    if is_switch:
        return f"“{label}”"
    is_name = any(character.isupper() for character in label[1:])  # PayPal, VAT ID
    return f"the {label if is_name else label.lower()}"


def _may_be_quoted(column: Any) -> bool:
    """Amounts, numbers, dates, switches and choices."""
    can_be_text = (
        not isinstance(column, (BooleanField, DateField, DecimalField, IntegerField)) and not column.flatchoices
    )
    return not can_be_text and not is_personal_column(column)


def _named(row: Model) -> dict[str, Any]:
    return {"name": str(row._meta.verbose_name), "object": ""}


def _lines(row: Model, viewer: Any) -> Iterator[HistoryLine]:
    kind = ContentType.objects.get_for_model(row)
    logged = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk)).select_related("user")
    for entry in logged.order_by("-action_time")[:NEWEST]:
        yield HistoryLine(entry.action_time, format_html("{} {}", person(entry.user, viewer), _said(entry)))
    about = AuditEntry.objects.filter(object_model=row._meta.label_lower, object_id=str(row.pk))
    others = about.exclude(action__in=[f"privacy.staff.{verb}" for verb in (*LOOKED, *FROM_FORMS)])
    for audited in with_sentences(others.order_by("-number")[:NEWEST], viewer):
        yield HistoryLine(audited.at, audited.sentence)  # type: ignore[attr-defined]


def _said(entry: LogEntry) -> str:
    """What Django's log says, as the rest of a sentence that starts with a name."""
    if not entry.change_message.startswith("["):
        return entry.change_message or {1: "added it", 3: "deleted it"}.get(entry.action_flag, "changed it")
    parts = [_part(*part.popitem()) for part in json.loads(entry.change_message)]
    return "; ".join(parts) or "saved it without changes"


def _part(verb: str, what: dict[str, Any]) -> str:
    row = what.get("name", "")
    if verb != "changed":
        return f"{verb} a {row}" if row else f"{verb} it"
    fields = get_text_list(what["fields"], "and")
    return f"changed {fields} of a {row}" if row else f"changed {fields}"
