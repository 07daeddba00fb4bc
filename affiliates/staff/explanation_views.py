"""Staff pages that explain a payout, a balance or an order. None of them shows who bought."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from affiliates.commissions.explanation import explain_order
from affiliates.models import Affiliate, Attribution, LedgerEntry, PayoutItem
from affiliates.payouts.explanation import explain_balance, explain_payout
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.staff_pages import show, staff_page
from privacy.audit.trail import record
from shop.models import Order
from shop.money import CURRENCIES


@staff_page("affiliates.view_payoutrun")
def payout(request: HttpRequest, item_id: UUID) -> HttpResponse:
    item = get_object_or_404(PayoutItem.objects.select_related("affiliate__user", "run"), pk=item_id)
    explained = explain_payout(item, page=request.GET.get("page", 1))
    record(action="privacy.staff.read", about=item, actor=acting_user(request))
    title = f"Why {item.total} for {item.affiliate.staff_label}?"
    return show(request, "affiliates/admin/explain_payout.html", title=title, item=item, explained=explained)


@staff_page("affiliates.view_ledgerentry")
def balance(request: HttpRequest, affiliate_id: UUID, currency: str) -> HttpResponse:
    if currency not in CURRENCIES:
        raise Http404
    affiliate = get_object_or_404(Affiliate.objects.select_related("user"), pk=affiliate_id)
    explained = explain_balance(affiliate, currency=currency, page=request.GET.get("page", 1))
    record(action="privacy.staff.read", about=affiliate, actor=acting_user(request))
    context = {"affiliate": affiliate, "explained": explained, "payouts": affiliate.payouts.filter(currency=currency)}
    title = f"Why a balance of {explained.total} for {affiliate.staff_label}?"
    return show(request, "affiliates/admin/explain_balance.html", title=title, **context)


@staff_page("affiliates.view_ledgerentry")
def ledger_line(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Redirects to the page that explains this entry: its payout, its commission, or an adjustment's own page."""
    entry = get_object_or_404(LedgerEntry, pk=entry_id)
    if entry.payout_id:
        return redirect("affiliates:why_payout", entry.payout_id)
    if entry.adjustment_id:
        return redirect("admin:affiliates_adjustment_change", entry.adjustment_id)
    if entry.commission_id and entry.kind != LedgerEntry.Kind.ADJUSTMENT:
        return redirect("admin:affiliates_commission_explain", entry.commission_id)
    return redirect("admin:affiliates_ledgerentry_change", entry.pk)


class OrderLookupForm(forms.Form):
    reference = forms.CharField(
        label="Order reference", max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_reference(self) -> Order:
        order = Order.objects.filter(reference__iexact=self.cleaned_data["reference"].strip()).first()
        if order is None:
            raise forms.ValidationError(
                "There is no order with this reference. You can find it on the order's page and in its email."
            )
        return order


@staff_page("affiliates.view_commission")
def order(request: HttpRequest) -> HttpResponse:
    """Who brought the order and what it earned, or why it earned nothing."""
    form = OrderLookupForm(request.GET if "reference" in request.GET else None)
    found = form.cleaned_data["reference"] if form.is_valid() else None
    attributions = Attribution.objects.filter(order=found).select_related("affiliate__user", "commission")
    attribution = attributions.first() if found else None
    if attribution is not None:
        record(action="privacy.staff.read", about=attribution.affiliate, actor=acting_user(request))
    context = {
        "form": form,
        "order": found,
        "lines": explain_order(found) if found else [],
        "attribution": attribution,
    }
    return show(request, "affiliates/admin/explain_order.html", title="Explain the commission on an order", **context)
