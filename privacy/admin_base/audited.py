"""The admin of personal data: whatever staff read or change is recorded in the audit, by ids alone.

Every ModelAdmin of a model that the registry declares as personal builds on `AuditedAdmin` (privacy.E030 checks it);
`ReadOnlyAdmin` and `BlindSearchMixin` do. A view of its own on such an admin calls `audit` itself.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse

from privacy.admin_base.acting_user import acting_user
from privacy.audit.trail import About, record, record_many
from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedField
from privacy.registry.declarations import PersonalData, declaration_for


def is_personal(model: Any) -> bool:
    """The registry declares personal data in this model's rows."""
    return isinstance(declaration_for(model._meta.db_table), PersonalData)


def shows_personal_data(model_admin: admin.ModelAdmin[Any]) -> bool:
    """Its own rows, or those shown on their pages, are personal."""
    return any(is_personal(model) for model in (model_admin.model, *(i.model for i in model_admin.inlines)))


def column_at(model: Any, path: str) -> Field[Any, Any] | None:
    """The column that a look-up (`name`, `order__name`, `name__exact`) leads to; None where it is a method."""
    name, _, rest = path.partition("__")
    try:
        column = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    if rest and column.related_model:
        return column_at(column.related_model, rest)
    return column if isinstance(column, Field) else None


def is_personal_column(column: Field[Any, Any] | None) -> bool:
    """The registry declares it as personal."""
    declaration = declaration_for(column.model._meta.db_table) if column else None
    return isinstance(declaration, PersonalData) and column is not None and column.name in declaration.columns


class AuditedAdmin(admin.ModelAdmin[Any]):
    """Records what staff do with personal rows; an admin that shows none of them is left as it is.

    `privacy.staff.read`: a row's page, its history, the question before deleting it. `.search`: a list searched by
    an address. `.listed`: a list with a personal column. `.added`, `.changed`, `.deleted`: in one transaction with
    the change.
    """

    view_on_site = False  # a row's public page, if there is one, is its person's

    def audit(self, request: HttpRequest, verb: str, about: About) -> None:
        """One entry `privacy.staff.<verb>` of the person who makes this request, if personal data is shown here."""
        if shows_personal_data(self):
            record(action=f"privacy.staff.{verb}", about=about, actor=acting_user(request))

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Sealed columns are not offered for sorting: they have no order."""
        sealed = {f.name for f in self.model._meta.fields if isinstance(f, SealedField)}
        return [name for name in super().get_sortable_by(request) if name not in sealed]

    # --- Reading: where Django has checked the permission and is about to show the row -------------------------------
    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        row = context.get("original")
        if row is not None:
            self.audit(request, "read", row)
        return super().render_change_form(request, context, *args, **options)

    def render_delete_form(self, request: HttpRequest, context: Any) -> Any:
        self.audit(request, "read", context["object"])
        return super().render_delete_form(request, context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        response = super().history_view(request, object_id, extra_context)
        if row := _shows(response, "object"):
            self.audit(request, "read", row)
        return response

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        columns = (name for name in self.get_list_display(request) if isinstance(name, str))
        if _shows(response, "cl") and any(is_personal_column(column_at(self.model, name)) for name in columns):
            self.audit(request, "listed", self.model)
        return response

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only by what the list or the page of a row shows: whoever may not read a column (a password's hash, a link's
        digest) would else read it letter by letter with `?password__startswith=…`. Nor by a blind index, which would
        search by an address past the search box, which records it."""
        if isinstance(column_at(self.model, lookup), BlindIndexField):
            return False
        column = lookup.partition("__")[0]
        columns = {field.name for field in self.model._meta.get_fields()}  # a filter's own parameter is none of them
        if column in columns and column not in self._shown(cast(HttpRequest, request)):
            return False
        return super().lookup_allowed(lookup, value, cast(HttpRequest, request))

    def _shown(self, request: HttpRequest) -> set[str]:
        """The columns, and the relations, that somebody who opens the list and a row of it can see."""
        filters = [each[0] if isinstance(each, tuple) else each for each in self.get_list_filter(request)]
        fields = flatten_fieldsets(self.get_fieldsets(request))
        named = [self.model._meta.pk.name, *self.get_list_display(request), *filters, *fields]
        return {str(name).partition("__")[0] for name in [*named, *self.get_search_fields(request)]}

    # --- Changing: Django calls the first two inside the change's transaction ----------------------------------------
    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self.audit(request, "added", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self.audit(request, "changed", obj)
        return super().log_change(request, obj, message)

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self.audit(request, "deleted", obj)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        if shows_personal_data(self):
            record_many(action="privacy.staff.deleted", about=queryset, actor=acting_user(request))
        super().delete_queryset(request, queryset)


def _shows(response: HttpResponse, name: str) -> Any:
    """What a page is about to show under this name; None where Django leads elsewhere, or there is no such row."""
    return (getattr(response, "context_data", None) or {}).get(name)
