"""Admin of payments, refunds, disputes and webhook events. Money moves by a confirmed action, never by a field."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.optimistic_locking.guard import calls_paypal
from privacy.admin_base.readonly import ReadOnlyAdmin, ReadOnlyInline
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from shop.models import Dispute, Order, Payment, PayPalEvent, Refund, RefundReason
from shop.payments.refunds import FormUsedBefore, obstacle_to_refund, refund_payment
from shop.paypal.subscription import EVENTS

from .buyer_lists import BuyerListMixin
from .order_page.page import REFUND
from .reconciliation import ReconciliationPages
from .refund_form import RefundForm, refund_message

PAYMENT_FIELDS = (
    *("order", "buyer", "product", "attempt", "approval", "total", "refunded", "state", "disputed"),
    *("paypal_order_id", "capture_id", "problem", "created_at", "changed_at"),
)
REFUND_FIELDS = (
    *("payment", "buyer", "product", "total", "source", "state", "reason", "license_stays"),
    *("paypal_refund_id", "requested_by", "created_at", "completed_at"),
)
DISPUTE_FIELDS = (
    *("paypal_id", "payment", "buyer", "product", "state", "reason", "outcome", "total"),
    *("opened_at", "changed_at", "respond_by", "closed_at", "checked_at"),
)


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = ("source", "total", "state", "paypal_refund_id", "created_at", "completed_at")
    readonly_fields = fields


class DisputeInline(ReadOnlyInline):
    model = Dispute
    fields = ("paypal_id", "state", "outcome", "reason", "total", "opened_at", "respond_by", "closed_at")
    readonly_fields = fields
    show_change_link = True


@admin.register(Payment)
class PaymentAdmin(BuyerListMixin, ReconciliationPages, ReadOnlyAdmin):
    list_display = ["reference", "buyer", "product", "total", "refunded", "state", "disputed", "problem", "created_at"]
    list_filter = ["state", "is_disputed", "created_at"]
    search_fields = ["order__reference", "paypal_order_id", "capture_id"]
    list_select_related = ["order"]
    fields = readonly_fields = PAYMENT_FIELDS
    also_watched = ("refunded_minor", "is_disputed")
    inlines = [RefundInline, DisputeInline]
    change_list_template = "shop/admin/payments.html"

    @admin.display(description="refunded")
    def refunded(self, payment: Payment) -> str:
        return str(payment.returned) if payment.refunded_minor else "–"

    @admin.display(description="dispute", ordering="is_disputed")
    def disputed(self, payment: Payment) -> str:
        return "open" if payment.is_disputed else "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.refund_view)
        return [path("<uuid:payment_id>/refund/", view, name="shop_payment_refund"), *super().get_urls()]

    @calls_paypal
    @confirmed_recently
    def refund_view(self, request: HttpRequest, payment_id: Any) -> HttpResponse:
        """Asks for the sum, the reason and the license; acts when the pressed button named the sum."""
        payment = get_object_or_404(Payment.objects.select_related("order__product"), pk=payment_id)
        if not request.user.has_perm(REFUND):
            raise PermissionDenied
        if request.method != "POST" and (obstacle := obstacle_to_refund(payment)):
            self.message_user(request, obstacle, messages.ERROR)
            return redirect("admin:shop_order_change", payment.order_id)
        form = RefundForm(request.POST or None, payment=payment)
        if form.is_valid() and self._refund(request, payment, form):
            return redirect("admin:shop_order_change", payment.order_id)
        self.audit(request, "read", payment)
        context = {**self.admin_site.each_context(request), "payment": payment, "order": payment.order, "form": form}
        return render(request, "shop/admin/refund.html", {**context, "title": f"Refund: {payment.order.staff_label}"})

    def _refund(self, request: HttpRequest, payment: Payment, form: RefundForm) -> bool:
        """Returns False if this form was used for another refund."""
        amount, number, again = form.cleaned_data["amount"], form.cleaned_data["number"], form.was_sent_before
        staff = acting_user(request)
        try:
            refund = refund_payment(payment=payment, amount=amount, actor=staff, number=number, terms=form.terms)
        except FormUsedBefore as refusal:
            address = reverse("admin:shop_payment_refund", args=[payment.pk])
            form.add_error(None, format_html('{} <a href="{}">Open a new one</a>.', str(refusal), address))
            return False
        except ActionRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            if not again:
                self.log_change(request, payment, f"refunded {refund.total}")
            self.message_user(request, refund_message(refund))
        return True


@admin.register(Refund)
class RefundAdmin(BuyerListMixin, ReadOnlyAdmin):
    list_display = ["reference", "buyer", "product", "total", "state", "source", "created_at", "completed_at"]
    list_filter = ["state", "source", "created_at"]
    search_fields = ["payment__order__reference", "paypal_refund_id"]
    list_select_related = ["payment__order"]
    fields = readonly_fields = REFUND_FIELDS

    def order_of(self, row: Any) -> Order:
        order: Order = row.payment.order
        return order

    @admin.display(description="reason")
    def reason(self, refund: Refund) -> str:
        reason = RefundReason.objects.filter(refund=refund).first()
        return f"{reason.text}{' (mailed to the buyer)' if reason.is_mailed else ''}" if reason else "–"

    @admin.display(description="license and downloads")
    def license_stays(self, refund: Refund) -> str:
        if refund.keeps_license is None:
            return "end with a full refund, stay with a partial one"
        return "stay" if refund.keeps_license else "end"


@admin.register(Dispute)
class DisputeAdmin(BuyerListMixin, ReadOnlyAdmin):
    list_display = ["paypal_id", "reference", "buyer", "total", "state", "outcome", "opened_at", "respond_by"]
    list_display += ["closed_at"]
    list_filter = ["state", "outcome", "opened_at"]
    fields = readonly_fields = DISPUTE_FIELDS
    search_fields = ["paypal_id", "payment__order__reference"]
    list_select_related = ["payment__order"]

    def order_of(self, row: Any) -> Order:
        order: Order = row.payment.order
        return order


class EventTypeFilter(admin.SimpleListFilter):
    """The types that the site subscribes to: the database would read all events to list theirs."""

    title = "event type"
    parameter_name = "event_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in EVENTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PayPalEvent]) -> QuerySet[PayPalEvent]:
        return queryset.filter(event_type=self.value()) if self.value() else queryset


@admin.register(PayPalEvent)
class PayPalEventAdmin(ReadOnlyAdmin):
    list_display = ["event_type", "resource_id", "received_at", "handled_at", "attempts"]
    changed_by_program = ("attempts", "due_at")
    list_filter = [EventTypeFilter]
    search_fields = ["event_id", "resource_id", "order_id", "capture_id"]
    list_select_related = ["payment__order"]
    fields = (
        "event_id",
        "event_type",
        "resource_id",
        "order_id",
        "capture_id",
        "payment",
        "received_at",
        "handled_at",
        "attempts",
        "due_at",
        "payload",
    )
    readonly_fields = fields
