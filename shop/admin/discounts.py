"""The admin of discount codes: what each gives, for whom, and how often it was used."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from privacy.admin_base.audited import AuditedAdmin
from privacy.encryption.normalization import normalize_code
from shop.models import DiscountAmount, DiscountCode, DiscountProduct, DiscountUse
from shop.money import Money
from shop.signals import code_entered

State = DiscountUse.State


class DiscountCodeForm(forms.ModelForm[DiscountCode]):
    class Meta:
        model = DiscountCode
        fields = ["code", "percent", "adds_up", "starts_at", "ends_at", "max_uses", "max_uses_per_buyer"]
        help_texts = {
            "percent": "Of the full price. Empty: enter a flat amount in each currency below.",
            "ends_at": "Empty: without an end. To end a code now, enter the current time.",
            "max_uses": "Empty: without a limit. An order holds a place for three hours while its buyer is at PayPal.",
            "max_uses_per_buyer": "Per email address. Empty: without a limit.",
        }

    def clean_code(self) -> str:
        code = normalize_code(self.cleaned_data["code"])
        if any(known for _, known in code_entered.send(type(self), code=code)):
            raise forms.ValidationError(f"This is an affiliate's own code. Choose another one, such as {code[:30]}10.")
        return code

    def clean_max_uses(self) -> int | None:
        limit: int | None = self.cleaned_data["max_uses"]
        stored = DiscountCode.objects.filter(pk=self.instance.pk).first()
        if limit is not None and stored is not None and limit < stored.places_taken:
            raise forms.ValidationError(f"{stored.places_taken} orders use this code already, or are being paid.")
        return limit


class AmountFormSet(forms.BaseInlineFormSet[DiscountAmount, DiscountCode, forms.ModelForm[DiscountAmount]]):
    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        flat = [row for row in rows if row.get("off_minor")]
        if self.instance.percent is None and not flat:
            raise forms.ValidationError("Enter a percentage above, or a flat amount here.")
        if self.instance.percent is not None and flat:
            raise forms.ValidationError("Enter a percentage above, or flat amounts here, not both.")


class AmountInline(admin.TabularInline[DiscountAmount, DiscountCode]):
    """With rows, the code is for prices in these currencies only."""

    model = DiscountAmount
    formset = AmountFormSet
    extra = 1
    verbose_name_plural = "currencies (with entries here, the code is for these only)"
    readonly_fields = ("off", "minimum")

    def get_fields(self, request: HttpRequest, obj: DiscountCode | None = None) -> Any:
        """Who only reads them sees amounts in words, not in minor units."""
        may_change = self.has_change_permission(request, obj)
        return ("currency", *(("off_minor", "minimum_minor") if may_change else self.readonly_fields))

    @admin.display(description="takes off")
    def off(self, amount: DiscountAmount) -> str:
        return "" if amount.off_minor is None else str(Money(amount.off_minor, amount.currency))

    @admin.display(description="from a price of")
    def minimum(self, amount: DiscountAmount) -> str:
        return "" if amount.minimum_minor is None else str(Money(amount.minimum_minor, amount.currency))


class ProductInline(admin.TabularInline[DiscountProduct, DiscountCode]):
    model = DiscountProduct
    fields = ("product",)
    extra = 1
    verbose_name_plural = "products (with entries here, the code is for these only)"


@admin.register(DiscountCode)
class DiscountCodeAdmin(AuditedAdmin):
    """A code is ended, never deleted: it is on receipts and in links."""

    form = DiscountCodeForm
    inlines: ClassVar[list[Any]] = [
        AmountInline,
        ProductInline,
    ]  # an app above the shop may add what it knows of a code
    list_display = ["code", "off", "used", "held", "max_uses", "starts_at", "ends_at"]
    list_filter = ["starts_at", "ends_at"]
    search_fields = ["code"]
    fields = ["code", "percent", "adds_up", "starts_at", "ends_at", "max_uses", "max_uses_per_buyer"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        counted = {
            "used_count": Count("uses", filter=Q(uses__state=State.USED)),
            "held_count": Count("uses", filter=Q(uses__state=State.HELD)),
        }
        rows: QuerySet[Any] = super().get_queryset(request).annotate(**counted).prefetch_related("amounts")
        return rows

    def get_readonly_fields(self, request: HttpRequest, obj: DiscountCode | None = None) -> Any:
        """The code itself is on receipts and in links."""
        return [] if obj is None else ["code"]

    def has_delete_permission(self, request: HttpRequest, obj: DiscountCode | None = None) -> bool:
        return False

    @admin.display(description="takes off")
    def off(self, code: DiscountCode) -> str:
        return code.off_in_words

    @admin.display(description="used")
    def used(self, code: Any) -> int:
        count: int = code.used_count
        return count

    @admin.display(description="being paid")
    def held(self, code: Any) -> int:
        count: int = code.held_count
        return count
