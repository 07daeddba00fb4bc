"""The register for staff: record an order, approve it, make its export, or refuse it. Nothing is edited afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from privacy.registry.declarations import personal_models
from privacy.web.idempotency import result_page

from .forms import DisclosureOrderForm, RefusalForm
from .models import Disclosure
from .orders import PERMISSION, approve_order, export_order, record_order, refuse_order

_FACTS = [
    "reference",
    "state",
    "kind",
    "authority",
    "order_reference",
    "received_on",
    "email",
    "named",
    "document_digest",
]
_FACTS += ["recorded_at", "recorded_by", "approved_at", "approved_by", "approved_alone"]
_FACTS += ["exported_at", "exported_by", "export_digest", "refusal"]


@admin.register(Disclosure)
class DisclosureAdmin(BlindSearchMixin):
    list_display = ["reference", "state", "kind", "received_on", "recorded_at", "exported_at"]
    list_filter = ["state", "kind"]
    search_fields = ["reference"]
    blind_search_fields = ("email_index",)
    change_form_template = "disclosure/admin/order.html"

    @admin.display(description="what the order names")
    def named(self, row: Disclosure) -> str:
        labels = {one.model._meta.db_table: one.label for one in personal_models()}
        return "; ".join(labels.get(table, table) for table in row.scope)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return _FACTS if obj else DisclosureOrderForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return _FACTS if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Adding has its own form; looking at a row has no fields to fill in."""
        return super().get_form(request, obj, change, **kwargs) if obj else DisclosureOrderForm

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Disclosure, form: Any, change: bool) -> None:
        if not change:
            record_order(order=obj, document=form.cleaned_data["document"].read(), actor=_acting(request))

    def get_urls(self) -> list[Any]:
        steps: list[tuple[str, Callable[..., HttpResponse]]] = [
            ("approve", require_POST(self.approve)),
            ("export", require_POST(self.export)),
            ("refuse", self.refuse),
        ]
        own = [
            path(f"<uuid:row_id>/{name}/", self.admin_site.admin_view(view), name=f"disclosure_{name}")
            for name, view in steps
        ]
        return [*own, *super().get_urls()]

    @confirmed_recently
    def approve(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        order = _order(request, row_id, PERMISSION)
        try:
            approve_order(order=order, actor=_acting(request), now=timezone.now())
        except ActionRefused as refusal:
            return _back(request, order, str(refusal), messages.ERROR)
        return _back(request, order, "Approved. The export can be made now, once.")

    @confirmed_recently
    def export(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        order = _order(request, row_id, "disclosure.export_disclosure")
        try:
            archive = export_order(order=order, actor=_acting(request), now=timezone.now())
        except ActionRefused as refusal:
            return _back(request, order, str(refusal), messages.ERROR)
        file = HttpResponse(
            archive,
            content_type="application/zip",
            headers={
                "Content-Disposition": f'attachment; filename="disclosure-{order.reference}.zip"',
                "Cache-Control": "no-store",
            },
        )
        return result_page(file)  # made once: of a double click, the browser takes the second answer

    def refuse(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        order = _order(request, row_id, PERMISSION)
        form = RefusalForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                refuse_order(order=order, reason=form.cleaned_data["reason"], actor=_acting(request))
            except ActionRefused as refusal:
                return _back(request, order, str(refusal), messages.ERROR)
            return _back(request, order, "Refused. Nothing was disclosed.")
        context = {**self.admin_site.each_context(request), "title": f"Refuse {order}", "form": form, "original": order}
        return render(request, "disclosure/admin/refuse.html", context)


def _order(request: HttpRequest, row_id: UUID, permission: str) -> Disclosure:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return get_object_or_404(Disclosure, pk=row_id)


def _back(request: HttpRequest, order: Disclosure, message: str, level: int = messages.SUCCESS) -> HttpResponse:
    messages.add_message(request, level, message)
    return redirect(reverse("admin:disclosure_disclosure_change", args=[order.pk]))


def _acting(request: HttpRequest) -> AbstractBaseUser:
    """The member of staff: the admin lets nobody else in."""
    return cast(AbstractBaseUser, request.user)
