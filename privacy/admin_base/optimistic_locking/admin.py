"""The admin mixin: which columns are compared, and the change form that shows conflicts. `SiteAdmin.register` adds it
to every admin, so that no model can be forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from privacy.admin_base.audited import AuditedAdmin

from . import lists
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

    # --- The list -----------------------------------------------------------------------------------------------------
    def watched_in_list(self, request: HttpRequest, row: Model) -> Watched:
        named = [*self.get_list_display(request), *self.also_watched]
        return Watched(row, _columns(row, named, but=self.changed_by_program))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Adds what the list showed, and leaves rows out of a bulk action that changed since. Raises `ValidationError`
        (400) if a selected value is no key: Django fails on one where keys are numbers."""
        if request.method == "POST" and set(request.POST.getlist("action")) & self.get_actions(request).keys():
            for key in request.POST.getlist(lists.SELECTED):
                self.model._meta.pk.to_python(key)
        if request.method == "POST" and request.POST.get("action") and (token := request.POST.get(lists.FIELD)):
            with transaction.atomic():
                if self._leave_out_changed(request, lists.SeenList.unpack(token)):
                    return redirect(request.get_full_path())
                return self._with_token(request, super().changelist_view(request, extra_context))
        return self._with_token(request, super().changelist_view(request, extra_context))

    def _with_token(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        context = getattr(response, "context_data", None) or {}
        if "cl" in context and context.get("action_form"):
            rows = (self.watched_in_list(request, row) for row in context["cl"].result_list)
            context[lists.FIELD] = lists.pack_list(rows)
        return response

    def _leave_out_changed(self, request: HttpRequest, seen: lists.SeenList) -> bool:
        """Whether nothing is left of the selection. Locks the selected rows that the list showed."""
        selected = [key for key in request.POST.getlist(lists.SELECTED) if key in seen.rows]
        locked = self.model._base_manager.select_for_update(of=("self",)).filter(pk__in=selected).order_by("pk")
        changed = [row for row in locked if seen.has_changed(self.watched_in_list(request, row), request)]
        if not changed:
            return False
        names = ", ".join(map(str, changed))
        text = f"Left out, because it changed after you opened the list: {names}. Look at it, then select it again."
        self.message_user(request, text, messages.WARNING)
        lists.without(request, {str(row.pk) for row in changed})
        return not request.POST.getlist(lists.SELECTED)

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
