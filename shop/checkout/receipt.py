"""The receipt of a paid order, for printing, with the company and VAT ID that the buyer may add."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import UpdateView

from privacy.audit.trail import record
from privacy.web.personal_data_form import PersonalDataForm
from privacy.web.rate_limits import seconds_left
from shop.models import Order, Refund

from .order_contents import contents_of
from .private_pages import may_change, private_page

VAT_ID = RegexValidator(
    r"\A[0-9A-Za-z][0-9A-Za-z .\-/]{1,29}\Z", "Enter 2 to 30 letters and digits, such as DE123456789."
)


class InvoiceDetailsForm(PersonalDataForm, forms.ModelForm[Order]):
    class Meta:
        model = Order
        fields = ["company", "vat_id"]
        help_texts = {
            "company": "As it should be on the invoice; with its address, if you need that.",
            "vat_id": "If your tax office wants it on invoices.",
        }
        widgets = {"company": forms.Textarea(attrs={"rows": 3})}

    def clean_vat_id(self) -> str | None:
        vat_id: str | None = self.cleaned_data["vat_id"]
        if vat_id:
            VAT_ID(vat_id)
        return vat_id


@method_decorator(private_page, name="dispatch")
class ReceiptView(UpdateView[Order, InvoiceDetailsForm]):
    """Behind the order's link. An order that was never paid has no receipt."""

    template_name = "shop/receipt.html"
    form_class = InvoiceDetailsForm
    object: Order

    def get_object(self, queryset: Any = None) -> Order:
        return get_object_or_404(Order.objects.select_related("product"), link_index=self.kwargs["link_token"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        order = self.get_object()
        if order.paid_at is None or (request.method == "POST" and order.is_erased):
            return redirect(order)
        if request.method == "POST" and order.state == Order.State.REFUNDED:
            return redirect(request.path)  # which says that the invoice is fixed
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Read again: a rejected form has set its values on the order that it was made of.
        order = self.get_object()
        payment = order.payments.first()
        refunds = Refund.objects.filter(payment__order=order, state=Refund.State.COMPLETED).order_by("completed_at")
        net = payment.refundable if payment else order.total
        return super().get_context_data(
            order=order,
            contents=contents_of(order),
            payment=payment,
            refunds=refunds,
            net=net,
            tax=order.tax_in(order.total),
            net_tax=order.tax_in(net),
            saved="saved" in self.request.GET,
            **kwargs,
        )

    def form_valid(self, form: InvoiceDetailsForm) -> HttpResponse:
        now = timezone.now()
        if form.changed_data and not may_change(form.instance, now=now):
            seconds = seconds_left(now)
            form.add_error(None, f"Too many changes in this hour. Please save it again in {seconds // 60 + 1} minutes.")
            context = self.get_context_data(form=form)
            return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})
        if form.changed_data:
            _save(form.instance)
        return redirect(f"{self.request.path}?saved=1")


@transaction.atomic
def _save(order: Order) -> None:
    """Saves only these columns, and only if the buyer's data was not deleted, nor all refunded meanwhile."""
    same = Order.objects.select_for_update().filter(pk=order.pk, email_index__isnull=False)
    if same.exclude(state=Order.State.REFUNDED).exists():
        order.save(update_fields=["company", "vat_id"])
        record(action="shop.order.invoice_details_changed", about=order, actor=None)
