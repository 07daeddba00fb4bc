"""The admin of refund requests: a queue, open ones first, with the actions to refund and to decline."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html

from privacy.admin_base.optimistic_locking.guard import calls_paypal
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from shop.models import Dispute, License, Order, Payment, Refund, RefundRequest
from shop.payments.refund_requests import decline_refund
from shop.payments.refunds import FormUsedBefore, obstacle_to_refund, refund_payment

from .buyer_lists import BuyerListMixin
from .order_page.contributions import sections_for
from .order_page.page import sums_of_payments
from .order_page.timeline import staff_names
from .refund_form import RefundForm, refund_message

if TYPE_CHECKING:
    from accounts.models import User

OPEN_FIRST = Case(When(state=RefundRequest.State.OPEN, then=Value(0)), default=Value(1))


class RefundDeclineForm(forms.Form):
    answer = forms.CharField(
        label="Reason",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text="The buyer reads it, by mail and on the order page.",
    )


class NotRefunded(Exception):
    """The form has done its work, but PayPal refused or didn't answer: the request's page says so."""


def _refund(*, refund_request: RefundRequest, actor: User, **typed: Any) -> Refund:
    try:
        return refund_payment(payment=payment_to_refund(refund_request.order), actor=actor, **typed)
    except FormUsedBefore:
        raise
    except ActionRefused as refusal:
        raise NotRefunded(refusal.message) from refusal


def payment_to_refund(order: Order) -> Payment:
    """The order's payment. Raises `ActionRefused` if nothing of it can be refunded."""
    payment = Payment.objects.filter(order=order, state__in=Payment.RECEIVED).select_related("order__product").first()
    if payment is None:
        raise ActionRefused("This order has no payment that could be refunded.")
    if obstacle := obstacle_to_refund(payment):
        raise ActionRefused(obstacle)
    return payment


def declined_message(refund_request: RefundRequest) -> str:
    if refund_request.order.is_erased:
        return "Declined. The buyer's data was deleted, so nobody is notified."
    return "Declined. The buyer is notified by email."


@admin.register(RefundRequest)
class RefundRequestAdmin(BuyerListMixin, StaffActionsAdmin, ReadOnlyAdmin):
    list_display = ["reference", "buyer", "product", "paid", "requested_at", "due", "state", "decided_at"]
    list_filter = ["state", "requested_at", "order__product"]
    list_select_related = ["order"]
    search_fields = ["order__reference"]
    ordering = [OPEN_FIRST.asc(), "requested_at"]
    fields = ["reason", "state", "requested_at", "answer", "decided_at", "decided_by"]
    row_argument = "refund_request"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "shop_refundrequest_{}"
    change_form_template = "shop/admin/refund_request.html"
    staff_actions = (
        StaffAction(
            name="refund",
            label="Refund…",
            permission="shop.refund_payment",
            do=_refund,
            when=lambda refund_request: refund_request.can_be_decided,
            template="shop/admin/refund_of_request.html",
            asks_again=True,
            is_final=True,
            done=lambda _, refund: refund_message(refund),
        ),
        StaffAction(
            name="decline",
            label="Decline…",
            permission="shop.change_refundrequest",
            do=decline_refund,
            when=lambda refund_request: refund_request.can_be_decided,
            form=RefundDeclineForm,
            asks="The refund policy promises a refund without a reason. Decline only what it does not cover, or what"
            " the buyer has withdrawn.",
            done=lambda refund_request, _: declined_message(refund_request),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefundRequest]:
        return super().get_queryset(request).prefetch_related("order__payments")

    @calls_paypal
    def action_view(self, request: HttpRequest, row_id: UUID, action: str) -> HttpResponseBase:
        return super().action_view(request, row_id, action)

    def form_for_action(self, request: HttpRequest, row: Any, action: StaffAction) -> forms.BaseForm:
        if action.name != "refund":
            return super().form_for_action(request, row, action)
        return RefundForm(request.POST if request.method == "POST" else None, payment=payment_to_refund(row.order))

    def run_action(self, request: HttpRequest, action: StaffAction, find_row: Callable[[], Any]) -> HttpResponseBase:
        try:
            return super().run_action(request, action, find_row)
        except (ActionRefused, NotRefunded) as refusal:
            return self.back(request, find_row(), str(refusal), messages.ERROR)

    def action_arguments(self, action: StaffAction, form: Any) -> dict[str, Any]:
        if action.name != "refund":
            return super().action_arguments(action, form)
        return {"amount": form.cleaned_data["amount"], "number": form.cleaned_data["number"], "terms": form.terms}

    def action_context(self, request: HttpRequest, row: Any, action: StaffAction) -> dict[str, Any]:
        return {"order": row.order}

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        """One page to decide on: the facts, and a form for each decision that the user may make."""
        if row := context.get("original"):
            order, obstacle, refund_form = row.order, "", None
            shown = {action.name: action for action in self.actions_shown(request, row)}
            if "refund" in shown:
                try:
                    refund_form = RefundForm(payment=payment_to_refund(order))
                except ActionRefused as refusal:
                    obstacle = refusal.message
            payments = list(order.payments.all())
            context |= {
                "title": f"Refund request of {order.staff_label}",
                "order": order,
                "sums": sums_of_payments(order, payments),
                "earlier_refunds": _earlier_refunds(order),
                "disputes": Dispute.objects.open().filter(payment__order=order) if order.is_disputed else (),
                "license": License.objects.newest_of(order),
                "download_limit": settings.DOWNLOADS_PER_ORDER,
                "is_overdue": row.is_open and timezone.now() > row.due_at,
                "is_late": order.refund_until is not None and row.requested_at > order.refund_until,
                "sections": sections_for(order, request.user),
                "decided_by": staff_names([row.decided_by_id]).get(row.decided_by_id, ""),
                "refund_form": refund_form,
                "obstacle": obstacle,
                "decline_form": RefundDeclineForm() if "decline" in shown else None,
                "decline": shown.get("decline"),
            }
        return super().render_change_form(request, context, *args, **options)

    @admin.display(description="paid")
    def paid(self, refund_request: RefundRequest) -> str:
        return str(refund_request.order.total)

    @admin.display(description="answer due", ordering="requested_at")
    def due(self, refund_request: RefundRequest) -> str:
        if refund_request.is_open and refund_request.order.is_disputed:
            return "when PayPal has decided about the dispute"
        day = f"{refund_request.due_day:%B %-d, %Y}"
        overdue = refund_request.is_open and timezone.now() > refund_request.due_at
        return format_html('<strong class="overdue">{}, overdue</strong>', day) if overdue else day

    def too_late(self, refund_request: RefundRequest) -> str:
        if refund_request.is_open:
            return "PayPal is deciding about a dispute of this payment. Answer the request when it has."
        return f"This request is already {refund_request.get_state_display()}."


def _earlier_refunds(order: Order) -> int | None:
    """Other refunded orders of this buyer; None if the buyer was deleted."""
    if order.is_erased:
        return None
    return Order.objects.filter(email_index=order.email, state=Order.State.REFUNDED).exclude(pk=order.pk).count()
