"""The buyer's page to request a refund, reached from the order page."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from privacy.web.personal_data_form import PersonalDataForm
from shop.models import Order, RefundRequest
from shop.payments.refund_requests import RefundOption, refund_option, request_refund

from .private_pages import private_page


class RefundRequestForm(PersonalDataForm, forms.ModelForm[RefundRequest]):
    class Meta:
        model = RefundRequest
        fields = ["reason"]
        labels = {"reason": "What could be better?"}
        help_texts = {"reason": "It helps us to improve, and does not change the outcome. Deleted after 2 years."}
        widgets = {"reason": forms.Textarea(attrs={"rows": 4})}


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: HttpRequest, link_token: str) -> HttpResponse:
    """The form; the order page once the request is recorded; or why there is no refund."""
    order = get_object_or_404(Order.objects.select_related("product", "refund_request"), link_index=link_token)
    form, now = RefundRequestForm(request.POST if request.method == "POST" else None), timezone.now()
    option = refund_option(order, now=now)
    if form.is_valid():
        option = request_refund(order=order, reason=form.cleaned_data["reason"] or "", now=now)
    if option is RefundOption.REQUESTED:
        return redirect(f"{order.get_absolute_url()}#refund")
    context = {
        "order": order,
        "form": form,
        "refund_option": option,
        "payment": order.payments.first(),
        "answer_days": settings.INQUIRY_ANSWER_DAYS,
    }
    return render(request, "shop/request_refund.html", context)
