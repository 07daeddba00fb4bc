"""The admin of personal data: everything staff read or change is recorded in the audit log, by ID only.

Every ModelAdmin of a personal model must inherit `AuditedAdmin` (checked by privacy.E030); `ReadOnlyAdmin` and
`BlindSearchMixin` do. Custom views of such an admin call `audit` themselves.
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
from privacy.admin_base.staff_labels import opens_labels
from privacy.audit.trail import About, record, record_many
from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedField
from privacy.registry.declarations import PersonalData, declaration_for


def is_personal(model: Any) -> bool:
    """Whether the registry declares the model as personal data."""
    return isinstance(declaration_for(model._meta.db_table), PersonalData)


def shows_personal_data(model_admin: admin.ModelAdmin[Any]) -> bool:
    """Whether the admin's model or one of its inlines is personal data."""
    return any(is_personal(model) for model in (model_admin.model, *(i.model for i in model_admin.inlines)))


def column_at(model: Any, path: str) -> Field[Any, Any] | None:
    """The column that a lookup (`name`, `order__name`, `name__exact`) refers to; None for a method."""
    name, _, rest = path.partition("__")
    try:
        column = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    if rest and column.related_model:
        return column_at(column.related_model, rest)
    return column if isinstance(column, Field) else None


def is_personal_column(column: Field[Any, Any] | None) -> bool:
    """Whether the registry declares the column as personal."""
    declaration = declaration_for(column.model._meta.db_table) if column else None
    return isinstance(declaration, PersonalData) and column is not None and column.name in declaration.columns


class AuditedAdmin(admin.ModelAdmin[Any]):
    """Records what staff do with personal rows. An admin without personal data is unaffected.

    `privacy.staff.read`: a row's page, its history or delete confirmation. `.search`: a list searched by address.
    `.listed`: a list with a personal column. `.added`, `.changed`, `.deleted`: in the change's transaction.
    """

    view_on_site = False  # a row's public page, if any, belongs to the data subject
    names_people: tuple[str, ...] = ()  # methods in `list_display` that open sealed columns, such as names

    def audit(self, request: HttpRequest, verb: str, about: About) -> None:
        """Adds an entry `privacy.staff.<verb>` by the requesting user if this admin shows personal data."""
        if shows_personal_data(self):
            record(action=f"privacy.staff.{verb}", about=about, actor=acting_user(request))

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Excludes sealed columns, which have no order."""
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
        if _shows(response, "cl") and any(map(self._names_people, self.get_list_display(request))):
            self.audit(request, "listed", self.model)
        return response

    def _names_people(self, column: Any) -> bool:
        """Whether a list with this column shows personal data."""
        if not isinstance(column, str):
            return False
        shown = column in self.names_people or is_personal_column(column_at(self.model, column))
        return shown or opens_labels(self.model, column)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allows only columns that the list or change page shows; otherwise hidden columns (a password hash, a token
        hash) could be read letter by letter with `?password__startswith=…`. Blind indexes are not allowed, because only
        the search box records a search by address. Ranges are not, because Django fails on one without two ends."""
        if isinstance(column_at(self.model, lookup), BlindIndexField) or lookup.endswith("__range"):
            return False
        column = lookup.partition("__")[0]
        columns = {field.name for field in self.model._meta.get_fields()}  # custom filter parameters aren't columns
        if column in columns and column not in self._shown(cast(HttpRequest, request)):
            return False
        return super().lookup_allowed(lookup, value, cast(HttpRequest, request))

    def _shown(self, request: HttpRequest) -> set[str]:
        """The columns and relations visible in the list and on the change page."""
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
    """A value of the response's template context; None for redirects and missing rows."""
    return (getattr(response, "context_data", None) or {}).get(name)
