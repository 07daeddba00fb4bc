"""Payments and refunds for staff. What moves money is a button with a confirmation, never an editable field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from privacy.admin_readonly import ReadOnlyAdmin

from .admin_delivery import LicenceAdmin, ProductAdmin
from .admin_orders import OrderAdmin
from .models import Payment, PayPalEvent, Refund
from .money import Money
from .refunds import RefundRefused, refund_payment

if TYPE_CHECKING:
    from accounts.models import User

__all__ = ["LicenceAdmin", "OrderAdmin", "PayPalEventAdmin", "PaymentAdmin", "ProductAdmin", "RefundAdmin"]


class RefundForm(forms.Form):
    """The amount that goes back to the buyer, in the payment's currency."""

    amount = forms.DecimalField(min_value=0, max_digits=12, label="Amount to refund")

    def __init__(self, data: Any = None, *, payment: Payment) -> None:
        super().__init__(data, initial={"amount": payment.refundable.amount})
        self.payment = payment
        self.fields["amount"].help_text = f"At most {payment.refundable}."

    def clean_amount(self) -> Money:
        amount = Money.of(self.cleaned_data["amount"], self.payment.currency)
        if amount.minor == 0 or amount > self.payment.refundable:
            raise forms.ValidationError(f"Between nothing and {self.payment.refundable} can be refunded.")
        return amount


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "state", "total", "refunded", "problem", "created_at"]
    list_filter = ["state", "created_at"]
    search_fields = ["order__reference", "paypal_order_id", "capture_id"]
    list_select_related = ["order"]
    exclude = ["approve_url"]

    @admin.display(description="refunded")
    def refunded(self, payment: Payment) -> str:
        return str(Money(payment.refunded_minor, payment.currency)) if payment.refunded_minor else "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.refund_view)
        return [path("<uuid:payment_id>/refund/", view, name="shop_payment_refund"), *super().get_urls()]

    def refund_view(self, request: HttpRequest, payment_id: Any) -> HttpResponse:
        """Asks for the amount, refunds it, and says plainly what happened."""
        payment = get_object_or_404(Payment.objects.select_related("order"), pk=payment_id)
        self._require_change(request)
        form = RefundForm(request.POST or None, payment=payment)
        if form.is_valid():
            self._refund(request, payment, form.cleaned_data["amount"])
            return redirect("admin:shop_order_change", payment.order_id)
        context = {**self.admin_site.each_context(request), "payment": payment, "form": form, "title": "Refund"}
        return render(request, "shop/admin/refund.html", context)

    @staticmethod
    def _require_change(request: HttpRequest) -> None:
        if not request.user.has_perm("shop.change_payment"):
            raise PermissionDenied

    def _refund(self, request: HttpRequest, payment: Payment, amount: Money) -> None:
        try:
            refund = refund_payment(payment=payment, amount=amount, requested_by=cast("User", request.user))
        except RefundRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.log_change(request, payment, f"refunded {amount}")
            self.message_user(request, f"{amount} {refund.get_state_display()}.")


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "payment", "total", "state", "created_at", "completed_at"]
    list_filter = ["state"]
    list_select_related = ["payment__order"]


@admin.register(PayPalEvent)
class PayPalEventAdmin(ReadOnlyAdmin):
    list_display = ["event_type", "resource_id", "received_at", "handled_at"]
    list_filter = ["event_type"]
