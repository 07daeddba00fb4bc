"""The admin of the disclosure register: record, approve, export or refuse an order. Orders can't be edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.four_eyes import colleagues_who_may
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.registry.declarations import personal_models
from privacy.web.idempotency import result_page

from .forms import DisclosureOrderForm, RefusalForm
from .models import Disclosure
from .orders import PERMISSION, State, approve_order, export_order, record_order, refuse_order

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


def _is(*states: str) -> Callable[[Disclosure], bool]:
    return lambda order: order.state in states


def _export(*, order: Disclosure, **by: Any) -> HttpResponse:
    name = f"disclosure-{order.reference}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    file = HttpResponse(export_order(order=order, **by), content_type="application/zip", headers=headers)
    return result_page(file)  # exported once: after a double click, the browser shows the second response


ORDER_ACTIONS = (
    StaffAction(
        name="approve",
        label="Approve this order",
        permission=PERMISSION,
        do=approve_order,
        when=_is(State.RECORDED),
        offered_to=lambda order, actor: order.recorded_by_id != actor.pk or not colleagues_who_may(actor, PERMISSION),
        one_press=True,
        asks_again=True,
        done="Approved. You can now export the data, once.",
    ),
    StaffAction(
        name="export",
        label="Export, once",
        permission="disclosure.export_disclosure",
        do=_export,
        when=_is(State.APPROVED),
        one_press=True,
        asks_again=True,
    ),
    StaffAction(
        name="refuse",
        label="Refuse…",
        permission=PERMISSION,
        asks="Nothing is disclosed, and the order can no longer be approved. The reason stays in the register.",
        do=lambda *, now, **refusal: refuse_order(**refusal),
        when=_is(State.RECORDED, State.APPROVED),
        form=RefusalForm,
        is_final=True,
        done="Refused. Nothing was disclosed.",
    ),
)


@admin.register(Disclosure)
class DisclosureAdmin(StaffActionsAdmin, BlindSearchMixin):
    list_display = ["reference", "state", "kind", "received_on", "recorded_at", "exported_at"]
    list_filter = ["state", "kind"]
    search_fields = ["reference"]
    change_form_template = "disclosure/admin/order.html"
    staff_actions = ORDER_ACTIONS
    row_argument = "order"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "disclosure_{}"

    @admin.display(description="what the order names")
    def named(self, row: Disclosure) -> str:
        labels = {one.model._meta.db_table: one.label for one in personal_models()}
        return "; ".join(labels.get(table, table) for table in row.scope)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return _FACTS if obj else DisclosureOrderForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return _FACTS if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Uses the order form for adding; existing rows are read-only."""
        return super().get_form(request, obj, change, **kwargs) if obj else DisclosureOrderForm

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Disclosure, form: Any, change: bool) -> None:
        if not change:
            record_order(order=obj, document=form.cleaned_data["document"].read(), actor=acting_user(request))

    def action_arguments(self, action: StaffAction, form: Any) -> dict[str, Any]:
        return {"now": timezone.now(), **form.cleaned_data}

    def too_late(self, order: Disclosure) -> str:
        return f"This order is {order.get_state_display()}."
