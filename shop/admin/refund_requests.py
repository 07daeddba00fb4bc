"""The admin of refund requests: a queue, open ones first, with the actions to refund and to decline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from privacy.admin_base.optimistic_locking.guard import calls_paypal
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from shop.models import Dispute, Order, Payment, Refund, RefundRequest
from shop.payments.refund_requests import decline_refund
from shop.payments.refunds import refund_payment

if TYPE_CHECKING:
    from accounts.models import User

OPEN_FIRST = Case(When(state=RefundRequest.State.OPEN, then=Value(0)), default=Value(1))


class RefundDeclineForm(forms.Form):
    answer = forms.CharField(
        label="Reason",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80}),
        help_text="The buyer reads it.",
    )


def _refund(*, refund_request: RefundRequest, actor: User) -> Refund:
    payment = refund_request.order.payments.filter(state__in=Payment.RECEIVED).first()
    if payment is None or not payment.available_to_refund.minor:
        raise ActionRefused("All of this payment is refunded, or on its way.")
    return refund_payment(payment=payment, amount=payment.available_to_refund, actor=actor)


@admin.register(RefundRequest)
class RefundRequestAdmin(StaffActionsAdmin, ReadOnlyAdmin):
    list_display = ["__str__", "requested_at", "due", "state", "decided_at"]
    list_filter = ["state", "requested_at"]
    list_select_related = ["order"]
    search_fields = ["order__reference"]
    ordering = [OPEN_FIRST.asc(), "requested_at"]
    fields = [
        *("order_page", "product", "paid", "refund_until", "earlier_refunds", "dispute"),
        *("reason", "state", "requested_at", "due"),
        *("answer", "decided_at", "decided_by"),
    ]
    row_argument = "refund_request"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "shop_refundrequest_{}"
    staff_actions = (
        StaffAction(
            name="refund",
            label="Refund…",
            permission="shop.refund_payment",
            do=_refund,
            when=lambda refund_request: refund_request.can_be_decided,
            asks="All that was paid and is not refunded yet goes back through PayPal, and the commission is reversed.",
            asks_again=True,
            is_final=True,
            done=lambda _, refund: f"{refund.total} {refund.get_state_display()}.",
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
            done="Declined. The buyer is notified by email.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefundRequest]:
        return super().get_queryset(request).prefetch_related("order__payments")

    @calls_paypal
    def action_view(self, request: HttpRequest, row_id: UUID, action: str) -> HttpResponseBase:
        return super().action_view(request, row_id, action)

    @admin.display(description="order")
    def order_page(self, refund_request: RefundRequest) -> str:
        order = refund_request.order
        return format_html('<a href="{}">{}</a>', reverse("admin:shop_order_change", args=[order.pk]), order.reference)

    @admin.display(description="product")
    def product(self, refund_request: RefundRequest) -> str:
        return refund_request.order.product_name

    @admin.display(description="paid")
    def paid(self, refund_request: RefundRequest) -> str:
        return str(refund_request.order.total)

    @admin.display(description="refund window until")
    def refund_until(self, refund_request: RefundRequest) -> Any:
        return refund_request.order.refund_until

    @admin.display(description="other refunded orders of this buyer")
    def earlier_refunds(self, refund_request: RefundRequest) -> int:
        order = refund_request.order
        others = Order.objects.filter(email_index=order.email or "", state=Order.State.REFUNDED).exclude(pk=order.pk)
        return 0 if order.is_erased else others.count()

    @admin.display(description="dispute")
    def dispute(self, refund_request: RefundRequest) -> str:
        if not refund_request.order.is_disputed:
            return "–"
        disputes = Dispute.objects.open().filter(payment__order=refund_request.order)
        links = [(reverse("admin:shop_dispute_change", args=[each.pk]), each.paypal_id) for each in disputes]
        return format_html("PayPal is deciding: {}", format_html_join(", ", '<a href="{}">{}</a>', links))

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
