"""Admin of payments, refunds, disputes and webhook events. Money moves by a confirmed action, never by a field."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.optimistic_locking.guard import calls_paypal
from privacy.admin_base.readonly import ReadOnlyAdmin, ReadOnlyInline
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from shop.models import Dispute, Payment, PayPalEvent, Refund
from shop.money_fields import MoneyFormField
from shop.payments.refunds import FormUsedBefore, refund_payment

from .reconciliation import ReconciliationPages

REFUND = "shop.refund_payment"


class PaymentInline(ReadOnlyInline):
    model = Payment
    fields = ("attempt", "state", "total", "is_disputed", "capture_id", "problem", "created_at", "refund")
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if request.user.has_perm(REFUND) else self.fields[:-1]

    @admin.display(description="")
    def refund(self, payment: Payment) -> str:
        if payment.state not in {Payment.State.PAID, Payment.State.PART_REFUNDED} or payment.is_disputed:
            return ""
        return format_html('<a href="{}">Refund…</a>', reverse("admin:shop_payment_refund", args=[payment.pk]))


class RefundForm(forms.Form):
    """The amount to refund, in the payment's currency."""

    amount = MoneyFormField(label="Amount to refund")
    number = forms.UUIDField(widget=forms.HiddenInput)  # the same for a second press of the button

    def __init__(self, data: Any = None, *, payment: Payment) -> None:
        super().__init__(data, initial={"amount": payment.refundable, "number": uuid.uuid4()})
        self.payment = payment
        self.fields["amount"].currency = payment.currency  # type: ignore[attr-defined]  # of a `MoneyFormField`
        self.fields["amount"].help_text = f"At most {payment.refundable}."

    @property
    def was_sent_before(self) -> bool:
        """Whether this form already made a refund; the amount may then exceed what is left."""
        number = self.cleaned_data.get("number")
        return number is not None and self.payment.refunds.filter(pk=number).exists()

    def clean(self) -> None:
        if not (number := self.cleaned_data.get("number")) or not number.int:
            self.errors.pop("number", None)
            self.add_error(None, self.open_a_new_one("This form is incomplete."))
        amount = self.cleaned_data.get("amount")
        if amount is not None and amount > self.payment.refundable and not self.was_sent_before:
            self.add_error("amount", f"At most {self.payment.refundable} can be refunded.")

    def open_a_new_one(self, problem: str) -> str:
        """The problem, with a link to a fresh form."""
        address = reverse("admin:shop_payment_refund", args=[self.payment.pk])
        return format_html('{} <a href="{}">Open a new one</a>.', problem, address)


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
class PaymentAdmin(ReconciliationPages, ReadOnlyAdmin):
    list_display = ["__str__", "state", "total", "refunded", "is_disputed", "problem", "created_at"]
    list_filter = ["state", "is_disputed", "created_at"]
    search_fields = ["order__reference", "paypal_order_id", "capture_id"]
    list_select_related = ["order"]
    fields = [
        *("order", "attempt", "approval", "state", "total", "refunded", "paypal_order_id", "capture_id"),
        *("is_disputed", "problem", "created_at"),
    ]
    also_watched = ("refunded_minor",)
    inlines = [RefundInline, DisputeInline]
    change_list_template = "shop/admin/payments.html"

    @admin.display(description="refunded")
    def refunded(self, payment: Payment) -> str:
        return str(payment.returned) if payment.refunded_minor else "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.refund_view)
        return [path("<uuid:payment_id>/refund/", view, name="shop_payment_refund"), *super().get_urls()]

    @calls_paypal
    @confirmed_recently
    def refund_view(self, request: HttpRequest, payment_id: Any) -> HttpResponse:
        """Asks for the amount and refunds it."""
        payment = get_object_or_404(Payment.objects.select_related("order"), pk=payment_id)
        if not request.user.has_perm(REFUND):
            raise PermissionDenied
        form = RefundForm(request.POST or None, payment=payment)
        if form.is_valid() and self._refund(request, payment, form):
            return redirect("admin:shop_order_change", payment.order_id)
        context = {**self.admin_site.each_context(request), "payment": payment, "form": form, "title": "Refund"}
        return render(request, "shop/admin/refund.html", context)

    def _refund(self, request: HttpRequest, payment: Payment, form: RefundForm) -> bool:
        """Returns False if this form was used for another refund."""
        amount, number, again = form.cleaned_data["amount"], form.cleaned_data["number"], form.was_sent_before
        staff = acting_user(request)
        try:
            refund = refund_payment(payment=payment, amount=amount, actor=staff, number=number)
        except FormUsedBefore as refusal:
            form.add_error(None, form.open_a_new_one(str(refusal)))
            return False
        except ActionRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            if not again:
                self.log_change(request, payment, f"refunded {refund.total}")
            self.message_user(request, f"{refund.total} {refund.get_state_display()}.")
        return True


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "payment", "source", "total", "state", "created_at", "completed_at"]
    fields = [
        *("payment", "source", "total", "state", "paypal_refund_id", "requested_by", "created_at", "completed_at")
    ]
    list_filter = ["state", "source"]
    list_select_related = ["payment__order"]


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = ["paypal_id", "payment", "state", "outcome", "total", "opened_at", "respond_by", "closed_at"]
    list_filter = ["state", "outcome"]
    fields = [
        *("paypal_id", "payment", "state", "reason", "outcome", "total"),
        *("opened_at", "changed_at", "respond_by", "closed_at", "checked_at"),
    ]
    search_fields = ["paypal_id", "payment__order__reference"]
    list_select_related = ["payment__order"]


@admin.register(PayPalEvent)
class PayPalEventAdmin(ReadOnlyAdmin):
    list_display = ["event_type", "resource_id", "received_at", "handled_at", "attempts"]
    changed_by_program = ("attempts", "due_at")
    list_filter = ["event_type"]
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
