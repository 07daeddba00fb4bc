"""The admin of adjustments: entered by one member of staff, booked or declined by another; sales outside the shop."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from affiliates.commissions.adjustments import (
    PERMISSION,
    book_adjustment,
    colleagues_who_may_book,
    credit_outside_sale,
    decline_adjustment,
    has_to_leave_to_a_colleague,
    reverse_outside_sale,
)
from affiliates.commissions.explanation import explain_adjustment
from affiliates.models import Adjustment, Affiliate
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.form_fields import check_year
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.registry.deadlines import local_day
from shop.models import Product
from shop.money import CURRENCIES, program_currency
from shop.money_fields import MoneyFormField

from .filters import OwnAffiliateFilter

State = Adjustment.State
REASON_HELP = "Shown to the affiliate. Don't name a customer."


def find_affiliate(typed: str) -> Affiliate:
    """By a code in any spelling, or a link. Raises `ValidationError`."""
    affiliate = Affiliate.objects.all().spelled(typed).first()
    if affiliate is None:
        raise forms.ValidationError("No affiliate has this code.")
    return affiliate


def show_prepared(model_admin: Any, request: HttpRequest, adjustment: Adjustment) -> HttpResponse:
    """Says what became of what was entered: booked, or waiting for one of these colleagues."""
    if adjustment.state == State.BOOKED:
        text = f"Adjusted by {adjustment.total}. Your name is in the audit log."
    else:
        colleagues = colleagues_who_may_book(adjustment, acting_user(request))
        names = ", ".join(each.get_full_name() or "a colleague" for each in colleagues)
        text = f"Prepared. It counts once a second person has booked it: {names}."
    model_admin.message_user(request, text, messages.SUCCESS)
    return redirect("admin:affiliates_adjustment_change", adjustment.pk)


class OutsideSaleForm(forms.Form):
    code = forms.CharField(label="Affiliate's code", help_text="Or one of their links.")
    product = forms.ModelChoiceField(Product.objects.order_by("name"))
    base = MoneyFormField(
        label="Amount paid", currency_field="currency", help_text="Without tax, shipping and discount."
    )
    currency = forms.ChoiceField(choices=[(code, code) for code in CURRENCIES], initial=program_currency)
    sold_on = forms.DateField(
        label="Day of the sale",
        initial=lambda: local_day(timezone.now()),
        validators=[check_year],
        widget=forms.DateInput({"type": "date"}),
        help_text="The affiliate's rate of this day applies.",
    )
    reference = forms.CharField(
        label="Number in your bookkeeping",
        max_length=64,
        help_text="An invoice, for example. A sale is credited once. The affiliate doesn't see it.",
    )
    reason = forms.CharField(max_length=300, help_text=REASON_HELP)

    def clean_code(self) -> Affiliate:
        return find_affiliate(self.cleaned_data["code"])


class ReverseForm(forms.Form):
    refunded = MoneyFormField(label="Amount refunded to the buyer")
    reason = forms.CharField(max_length=300, help_text=REASON_HELP)


@admin.register(Adjustment)
class AdjustmentAdmin(StaffActionsAdmin, ReadOnlyAdmin):
    list_display = ["number", "who", "kind", "total", "state", "created_at", "prepared_by", "decided_by"]
    list_filter = [OwnAffiliateFilter, "state", "kind", "created_at"]
    list_select_related = ["affiliate__user", "prepared_by", "decided_by"]
    names_people = ("who",)
    search_fields = ["number", "affiliate__code"]
    fields = ["number", "who", "kind", "total", "state", "reason", "product", "base", "terms", "sold_on", "reference"]
    fields += ["reverses", "commission", "created_at", "prepared_by", "decided_at", "decided_by", "decided_alone"]
    change_form_template = "affiliates/admin/adjustment.html"
    change_list_template = "affiliates/admin/adjustments.html"
    row_argument = "adjustment"
    action_url_name = "affiliates_adjustment_step"
    staff_actions = (
        StaffAction(
            name="book",
            label="Book…",
            asks="The amount is added to the affiliate's balance, or deducted from it. This can't be undone.",
            permission=PERMISSION,
            do=book_adjustment,
            when=lambda adjustment: adjustment.state == State.PREPARED,
            offered_to=lambda adjustment, actor: not has_to_leave_to_a_colleague(adjustment, actor),
            asks_again=True,
            done="Booked.",
        ),
        StaffAction(
            name="decline",
            label="Decline…",
            asks="Nothing is booked, and the affiliate is not told.",
            permission=PERMISSION,
            do=decline_adjustment,
            when=lambda adjustment: adjustment.state == State.PREPARED,
            done="Declined.",
        ),
        StaffAction(
            name="reverse",
            label="Reverse…",
            asks="For a refund of a sale outside the shop: the refunded share of the commission is deducted.",
            permission=PERMISSION,
            do=reverse_outside_sale,
            when=lambda adjustment: adjustment.state == State.BOOKED and adjustment.kind == Adjustment.Kind.SALE,
            form=ReverseForm,
            asks_again=True,
            done=lambda _, reversal: f"{reversal.total}: {reversal.get_state_display()}.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what a page explains; in lists it costs nothing."""
        explained = ("product", "rate__group", "step__rate", "reverses", "commission__attribution__order")
        return super().get_queryset(request).select_related(*self.list_select_related, *explained)

    @admin.display(description="affiliate", ordering="affiliate__code")
    def who(self, adjustment: Adjustment) -> str:
        return adjustment.affiliate.staff_label

    def form_for_action(self, request: HttpRequest, adjustment: Adjustment, action: StaffAction) -> forms.BaseForm:
        form = super().form_for_action(request, adjustment, action)
        if isinstance(form, ReverseForm):
            refunded: Any = form.fields["refunded"]
            refunded.currency = refunded.widget.currency = adjustment.currency
        return form

    def too_late(self, adjustment: Adjustment) -> str:
        return f"This adjustment is {adjustment.get_state_display()}."

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        context["lines"] = explain_adjustment(context["original"])
        return super().render_change_form(request, context, *args, **options)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.outside_sale)
        return [path("sale/", view, name="affiliates_adjustment_sale"), *super().get_urls()]

    @confirmed_recently
    def outside_sale(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        form = OutsideSaleForm(request.POST or None)
        if form.is_valid():
            values = dict(form.cleaned_data)
            del values["currency"]  # the amount has it
            try:
                adjustment = credit_outside_sale(affiliate=values.pop("code"), actor=acting_user(request), **values)
            except ActionRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return show_prepared(self, request, adjustment)
        title = "Commission on a sale outside the shop"
        context = {**self.admin_site.each_context(request), "title": title, "form": form, "opts": self.opts}
        return render(request, "affiliates/admin/outside_sale.html", context)
