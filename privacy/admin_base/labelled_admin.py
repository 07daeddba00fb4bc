"""The admin mixin that names rows by their `staff_label`: in titles, lists, choices, filters and read-only values.
`SiteAdmin.register` adds it to every admin; templates use the filter of `privacy/templatetags/staff_labels.py`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from privacy.web.long_lists import MOST, LongListPaginator, counted, has_index

from .form_fields import accept_any_input
from .staff_labels import ShownColumn, label_for, labelled, staff_label
from .status_pills import pill


class LabelledChangeList(ChangeList):
    """Selects rows as Django does, then shows labels in the columns that would show a row's `str`. A list that goes on
    beyond `MOST` rows can be sorted only by columns with an index."""

    def __init__(self, request: HttpRequest, model: Any, *options: Any) -> None:
        super().__init__(request, model, *options)
        if self.goes_on:
            self.sortable_by = [name for name in self.sortable_by or () if self._is_cheap_order(name)]
        shown: dict[Any, Any] = {name: _shown(model, name, request.user) for name in self.list_display}
        self.list_display = list(shown.values())
        if self.list_display_links is not None:
            self.list_display_links = [shown.get(name, name) for name in self.list_display_links]
        self.sortable_by = [shown.get(name, name) for name in self.sortable_by or ()]

    @property
    def goes_on(self) -> bool:
        """Whether there are more rows than the pages of this list have."""
        return bool(getattr(self.paginator, "has_more", False))

    def get_results(self, request: HttpRequest) -> None:
        """Chooses the rows of one page of many by their keys first: with everything joined, SQLite sorts all of it."""
        super().get_results(request)
        if self.multi_page and not (self.show_all and self.can_show_all):
            keys = list(self.result_list.values_list("pk", flat=True))
            rows = self.root_queryset.filter(pk__in=keys)
            if not rows.query.select_related:
                rows = self.apply_select_related(rows)
            self.result_list = rows.order_by(*self.queryset.query.order_by)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """The list's own order instead of one for which the database would sort a long list. What a search finds is
        never long."""
        chosen = self.params.get(ORDER_VAR)
        if chosen and not self.query and not self._are_cheap(chosen) and counted(queryset, MOST) > MOST:
            self.params = {name: value for name, value in self.params.items() if name != ORDER_VAR}
        return super().get_ordering(request, queryset)

    def _are_cheap(self, chosen: str) -> bool:
        """`chosen` is Django's: numbers of columns, each with a minus for a descending one."""
        numbers = [part.removeprefix("-") for part in str(chosen).split(".")]
        places = [int(number) for number in numbers if number.isascii() and number.isdecimal()]
        return all(self._is_cheap_order(self.list_display[place]) for place in places if place < len(self.list_display))

    def _is_cheap_order(self, column: Any) -> bool:
        return has_index(self.model, str(self.get_ordering_field(column) or ""))

    def tabs(self) -> list[Any]:
        """The choices of the filter whose class says `as_tabs`: how staff divide their work in this list."""
        return [choice for spec in self.filter_specs if _is_tabs(spec) for choice in spec.choices(self)]

    def chosen_filters(self) -> Iterator[dict[str, Any]]:
        """Each other filter that isn't at its first choice: its title, what is chosen, and the address without it."""
        for spec in self.filter_specs:
            first, *others = spec.choices(self)
            for choice in others:
                if choice.get("selected") and not _is_tabs(spec):
                    yield {"title": spec.title, "display": choice["display"], "without": first["query_string"]}


def _is_tabs(spec: Any) -> bool:
    return getattr(spec, "as_tabs", False)


def _shown(model: Any, name: Any, viewer: Any) -> Any:
    """What a list shows in this column."""
    if name == "state" and model._meta.get_field(name).flatchoices:
        title = str(model._meta.get_field(name).verbose_name)
        return ShownColumn(name, title, lambda row: pill(row, name), ordering=name)
    return labelled(model, name, viewer)


class LabelledForm(forms.BaseForm):
    """Mixed into the forms of the admin: choices among rows are named by their labels, and odd input gets a message."""

    viewer: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        accept_any_input(self)
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.label_from_instance = partial(label_for, self.viewer)  # type: ignore[method-assign]


class LabelledAutocomplete(AutocompleteJsonView):
    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return {**super().serialize_result(obj, to_field_name), "text": label_for(self.request.user, obj)}


def list_title(model: Any) -> str:
    """The heading of the model's list, and its name in breadcrumbs."""
    named = getattr(admin.site.get_model_admin(model), "list_title", "") if admin.site.is_registered(model) else ""
    return named or str(capfirst(model._meta.verbose_name_plural))


class LabelledAdmin(admin.ModelAdmin[Any]):
    list_per_page = 50
    paginator = LongListPaginator
    show_full_result_count = False  # counts the rows of the filters only
    list_title = ""  # where staff know the list by another name than the rows, such as "Inbox"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": list_title(self.model), **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **options: Any) -> Any:
        own = super().get_changelist(request, **options)
        return LabelledChangeList if own is ChangeList else own

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> Any:
        """Refuses an action on all pages of a list that goes on: the page could not say of how many rows."""
        if request.POST.get("select_across", "0") not in {"", "0"} and counted(queryset, MOST) > MOST:
            text = f"Nothing was done: an action takes at most {MOST:,} rows. Choose a filter first."
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        if (row := context.get("original")) is not None:
            kind = self.opts.verbose_name
            if context.get("title") in {f"Change {kind}", f"View {kind}"}:  # Django's own: not of use to anybody
                context["title"] = staff_label(row)
            context["subtitle"] = None
        _name_readonly(context["adminform"], self.model, request.user)
        for formset in context["inline_admin_formsets"]:
            _name_readonly(formset, formset.opts.model, request.user)
        return super().render_change_form(request, context, *args, **options)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        response = super().history_view(request, object_id, extra_context)
        shown = getattr(response, "context_data", None) or {}
        if "object" in shown:
            shown["title"] = f"History of {staff_label(shown['object'])}"
        return response

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return _labelled(super().get_form(request, obj, change, **kwargs), request)

    def get_formsets_with_inlines(self, request: HttpRequest, obj: Any = None) -> Iterator[Any]:
        for formset, inline in super().get_formsets_with_inlines(request, obj):
            yield type(formset.__name__, (formset,), {"form": _labelled(formset.form, request)}), inline


def _labelled(form: Any, request: HttpRequest) -> Any:
    return type(form.__name__, (LabelledForm, form), {"viewer": request.user})


def _name_readonly(shown: Any, model: Any, viewer: Any) -> None:
    """Replaces the columns that a form shows read-only, and that refer to rows, by links with labels."""
    readonly = set(shown.readonly_fields)
    if not getattr(shown, "has_change_permission", True):  # of an inline: then all are
        readonly |= set(flatten_fieldsets(shown.fieldsets))
    names = {name: labelled(model, name, viewer, is_link=True) for name in readonly if name != "__str__"}

    def renamed(fields: Any) -> list[Any]:
        return [renamed(each) if isinstance(each, (list, tuple)) else names.get(each, each) for each in fields]

    shown.fieldsets = [(title, {**rest, "fields": renamed(rest["fields"])}) for title, rest in shown.fieldsets]
    shown.readonly_fields = [names.get(name, name) for name in shown.readonly_fields]
