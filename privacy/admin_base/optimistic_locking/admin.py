"""The admin mixin: which columns are compared, and the change form that shows conflicts. `SiteAdmin.register` adds it
to every admin, so that no model can be forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from privacy.admin_base.audited import AuditedAdmin

from .snapshot import SeenRows, Watched, pack
from .stale_form import EditConflict, StaleForm


class LockingAdmin(admin.ModelAdmin[Any]):
    """Compares the columns shown in the list and on the page, and the rows of inlines."""

    also_watched: tuple[str, ...] = ()  # columns that a form changes under another field name
    changed_by_program: tuple[str, ...] = ()  # columns whose changes don't matter

    def more_watched(self, obj: Any) -> Iterable[tuple[QuerySet[Any], tuple[str, ...]]]:
        """Other rows shown on the page, with the columns to compare."""
        return ()

    def watched(self, request: HttpRequest, obj: Model, formsets: Iterable[Any] | None = None) -> Iterator[Watched]:
        """Rows and columns to compare. Pass `formsets`, pairs of formset and inline, if they are already loaded."""
        named = [*flatten_fieldsets(self.get_fieldsets(request, obj)), *self.get_list_display(request)]
        yield Watched(obj, _columns(obj, [*named, *self.also_watched], but=self.changed_by_program))
        for formset, inline in self._formsets(request, obj) if formsets is None else formsets:
            shown = flatten_fieldsets(inline.get_fieldsets(request, obj))
            yield from (Watched(row, _columns(row, shown)) for row in formset.get_queryset())
        for queryset, columns in self.more_watched(obj):
            yield from (Watched(row, columns) for row in queryset)

    def _formsets(self, request: HttpRequest, obj: Model) -> Iterator[tuple[Any, Any]]:
        for formset, inline in self.get_formsets_with_inlines(request, obj):
            yield formset(instance=obj, queryset=inline.get_queryset(request)), inline

    def conflict(self, request: HttpRequest, seen: SeenRows) -> EditConflict:
        """The conflict of the page's row. Call it in the change's transaction, with the row locked."""
        row = self.get_object(request, seen.pk)
        differences = seen.differences(self.watched(request, row) if row is not None else ())
        return EditConflict(row=row, seen=seen, differences=differences)

    # --- The change form ----------------------------------------------------------------------------------------------
    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        """Adds the snapshot of the stored row, reloading it if a rejected form has modified the instance."""
        if (row := context.get("original")) is not None:
            formsets = [(each.formset, each.opts) for each in context["inline_admin_formsets"]]
            fresh = request.method == "GET"
            stored = row if fresh else self.get_object(request, str(row.pk)) or row
            context["seen"] = pack(self.watched(request, stored, formsets if fresh else None))
        return super().render_change_form(request, context, *args, **options)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return _aware(super().get_form(request, obj, change, **kwargs), request)

    def get_formsets_with_inlines(self, request: HttpRequest, obj: Any = None) -> Iterator[Any]:
        for formset, inline in super().get_formsets_with_inlines(request, obj):
            yield type(formset.__name__, (formset,), {"form": _aware(formset.form, request)}), inline


def _aware(form: Any, request: HttpRequest) -> Any:
    """The form class, extended by `StaleForm` if this request has a conflict."""
    conflict = getattr(request, "conflict", None)
    return form if conflict is None else type(form.__name__, (StaleForm, form), {"conflict": conflict})


def _columns(row: Model, named: Iterable[Any], but: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names that are columns or many-to-many fields, without duplicates."""
    there = {field.name for field in (*row._meta.concrete_fields, *row._meta.many_to_many)}
    return tuple(dict.fromkeys(name for name in named if name in there and name not in but))


def audit_reading(model_admin: Any, request: HttpRequest, row: Model) -> None:
    if isinstance(model_admin, AuditedAdmin):
        model_admin.audit(request, "read", row)
