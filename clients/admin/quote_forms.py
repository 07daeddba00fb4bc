"""The editor of a draft: the quote itself, its lines, and its installments."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from clients.models import Installment, Quote, QuoteLine
from clients.quotes.drafting import LARGEST_MINOR
from shop.money import Money
from shop.money_fields import MoneyFormField

AT_MOST = 40  # lines, and installments


class QuoteForm(forms.ModelForm[Quote]):
    class Meta:
        model = Quote
        fields = ["service", "title", "name", "company", "address", "text", "valid_until"]
        help_texts = {
            "service": "What invoices and reports call it. The words of this quote aren't shown there.",
            "title": "In a few words. The client's email shows them.",
            "text": "What is included, and what isn't. Empty lines make paragraphs.",
        }
        widgets = {
            "company": forms.Textarea(attrs={"rows": 2, "cols": 60}),
            "address": forms.Textarea(attrs={"rows": 3, "cols": 60}),
            "text": forms.Textarea(attrs={"rows": 8, "cols": 80}),
        }


class LineForm(forms.ModelForm[QuoteLine]):
    unit_price_minor = MoneyFormField(label="Price of one", currency_field="currency", negative=True, minor_units=True)

    class Meta:
        model = QuoteLine
        fields = ["description", "quantity", "unit_price_minor"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2, "cols": 50})}


class LineFormSet(forms.BaseInlineFormSet[QuoteLine, Quote, Any]):
    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form not in self.deleted_forms and form.cleaned_data]
        total = sum((form.instance.amount for form in kept), Money(0, self.instance.currency))
        if kept and total.minor <= 0:
            raise forms.ValidationError(f"The lines add up to {total}: a quote needs an amount above zero.")
        if total.minor > LARGEST_MINOR:
            raise forms.ValidationError(f"The lines add up to {total}: that is too much for one quote.")


class InstallmentForm(forms.ModelForm[Installment]):
    fixed_minor = MoneyFormField(label="Or amount", currency_field="currency", required=False, minor_units=True)

    class Meta:
        model = Installment
        fields = ["label", "percent", "fixed_minor", "due", "due_on"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("percent") and values.get("fixed_minor"):
            self.add_error("fixed_minor", "Enter a percentage or an amount, not both.")
        if values.get("due") == Installment.Due.DATE and not values.get("due_on"):
            self.add_error("due_on", "Choose the day on which it is due.")
        if values.get("due") != Installment.Due.DATE and values.get("due_on"):
            self.add_error("due_on", "A day belongs to installments that are due on a date.")
        return values


class OfADraft(admin.TabularInline[Any, Quote]):
    """Rows of a quote: whoever may change the quote may change them."""

    extra = 2
    numbers_rows = True  # their labels are keys, which say nothing to anybody
    max_num = AT_MOST
    shown_fields: ClassVar[tuple[str, ...]]  # to those who can't change the rows (any more)

    def has_view_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return request.user.has_perm("clients.view_quote")

    def has_add_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return self._may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return self._may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return self._may_change(request, obj)

    def get_fields(self, request: HttpRequest, obj: Quote | None = None) -> Any:
        return self.fields if self._may_change(request, obj) else self.shown_fields

    def _may_change(self, request: HttpRequest, obj: Quote | None) -> bool:
        return obj is not None and obj.is_draft and request.user.has_perm("clients.change_quote")


class LineInline(OfADraft):
    model = QuoteLine
    form = LineForm
    formset = LineFormSet
    verbose_name_plural = "lines (prices include the tax; a discount is a line with a negative price)"
    readonly_fields = ("amount", "unit_price")
    fields = ("description", "quantity", "unit_price_minor", "amount")
    shown_fields = ("description", "quantity", "unit_price", "amount")

    @admin.display(description="price of one")
    def unit_price(self, line: QuoteLine) -> str:
        return str(line.unit_price)

    @admin.display(description="amount")
    def amount(self, line: QuoteLine) -> str:
        return "" if line._state.adding else str(line.amount)


class InstallmentInline(OfADraft):
    model = Installment
    form = InstallmentForm
    verbose_name_plural = "installments (none: all is due on acceptance; neither percent nor amount: the rest)"
    readonly_fields = ("comes_to",)
    fields = ("label", "percent", "fixed_minor", "comes_to", "due", "due_on")
    shown_fields = ("label", "percent", "comes_to", "due", "due_on")

    @admin.display(description="comes to")
    def comes_to(self, installment: Installment) -> str:
        return str(installment.amount) if installment.amount_minor else ""
