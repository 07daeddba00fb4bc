"""The checkout form. The price never comes from the browser."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from privacy.encryption.normalization import normalize_phone
from privacy.web.client_address import client_address
from privacy.web.personal_data_form import PersonalDataForm
from privacy.web.rate_limits import network_of
from shop.discounts.codes import CodeRefused, DiscountedPrice
from shop.discounts.guesses import (
    NO_SUCH_CODE,
    SEVERAL_AFFILIATES,
    TooManyWrongCodes,
    UnknownCode,
    are_several_affiliates,
    is_affiliates,
    price_within_limits,
)
from shop.models import Order, Product, ShopTerms

from .checkout_cookie import orders_of_browser


class AffiliateCodeField(forms.CharField):
    """An affiliate's code, or nothing."""

    def __init__(self, **options: Any) -> None:
        own: dict[str, Any] = {"label": "Affiliate code", "help_text": "If an affiliate gave you a code."}
        super().__init__(required=False, max_length=500, **(own | options))  # some paste the whole link

    def clean(self, value: Any) -> str:
        code: str = super().clean(value).strip()
        if code and not is_affiliates(code):
            raise forms.ValidationError(SEVERAL_AFFILIATES if are_several_affiliates(code) else NO_SUCH_CODE)
        return code


class CheckoutForm(PersonalDataForm, forms.ModelForm[Order]):
    """Asks only for what the product needs. `discounted` is the price with the codes that were entered, or that came
    with the link."""

    code = forms.CharField(
        required=False,
        max_length=500,  # some paste the whole link
        label="Code",
        help_text="A discount code, or an affiliate's code, if you have one.",
    )
    # Only compared with what is current, so that a buyer sees a change before paying; never used as price or terms.
    price_seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    terms_seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    class Meta:
        model = Order
        fields = ["name", "email", "phone", "address"]
        help_texts = {
            "email": "For the receipt and the link to your order,"
            " and notices of changes to our privacy policy. Nothing else unless you ask for it.",
            "phone": "Only if we may call you about this order. We don't use it for anything else."
            " Outside our country, start with + and the country code.",
            "address": "Only if part of this order must be delivered there. We don't use it for anything else.",
        }
        widgets = {"address": forms.Textarea(attrs={"rows": 4})}

    def __init__(
        self, *args: Any, request: HttpRequest, product: Product, terms: list[ShopTerms], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if product.price is None:
            raise ValueError("a product without a price has no checkout")
        self.request, self.product, self.price = request, product, product.price
        self.code_problem, self.seconds_to_wait = "", 0
        self.discounted = self._price_of_link()
        numbers = " ".join(f"{version.document}-{version.number}" for version in terms)
        self.current = {"price_seen": str(self.discounted.total), "terms_seen": numbers or "none"}
        for name, value in self.current.items():
            self.fields[name].initial = value
        for name, asked in {"phone": product.asks_phone, "address": product.asks_address}.items():
            if not asked:
                del self.fields[name]
        self.fields["name"].required = self.fields["email"].required = True

    @property
    def outdated(self) -> list[str]:
        """The fields that show what has changed since the buyer saw the form, or that the buyer has not seen."""
        return [name for name, now in self.current.items() if self.cleaned_data[name] != now]

    @property
    def details(self) -> dict[str, Any]:
        """What the buyer entered."""
        entered = {name: value for name, value in self.cleaned_data.items() if name not in self.current}
        return {**entered, "code": self.discounted.rest}

    @property
    def saw_full_price(self) -> bool:
        """Whether the price that the buyer saw is the product's: then a code made the difference."""
        return bool(self.cleaned_data["price_seen"] == str(self.discounted.price))

    def ask_again(self) -> None:
        """Shows the form again with its content, under the current price and terms."""
        self.data = {**self.data.dict(), **self.current}  # type: ignore[attr-defined]  # a request's fields

    def refuse_code(self, reason: str) -> None:
        """Shows the form again, with the price as it is without the code."""
        self.add_error("code", reason)
        self.discounted = DiscountedPrice(price=self.discounted.price)
        self.current["price_seen"] = str(self.discounted.total)
        self.ask_again()

    def recalculate(self) -> None:
        """Shows the price with the codes entered so far; what else is missing can wait."""
        for name in [name for name in self.errors if name != "code"]:
            del self.errors[name]
        self.ask_again()

    def _price_of_link(self) -> DiscountedPrice:
        """The codes of a link that can't be used stay in the field, with the reason above the form."""
        code = "" if self.is_bound else str(self.initial.get("code", ""))
        try:
            return self._price_with(code)
        except UnknownCode as unknown:
            return unknown.price
        except CodeRefused as refusal:
            self.code_problem = str(refusal)
            return DiscountedPrice(price=self.price)

    @cached_property
    def own_orders(self) -> list[UUID]:
        """The orders that this browser placed before, for the places of a discount code."""
        return orders_of_browser(self.request)

    def _price_with(self, typed: str) -> DiscountedPrice:
        if not typed:
            return DiscountedPrice(price=self.price)
        return price_within_limits(
            product=self.product,
            typed=typed,
            network=network_of(client_address(self.request)),
            now=timezone.now(),
            own_orders=self.own_orders,
        )

    def clean_code(self) -> str:
        typed: str = self.cleaned_data["code"].strip()
        try:
            discounted = self._price_with(typed)
        except CodeRefused as refusal:
            self.seconds_to_wait = refusal.seconds if isinstance(refusal, TooManyWrongCodes) else 0
            raise forms.ValidationError(str(refusal)) from refusal
        self.discounted = discounted
        self.current["price_seen"] = str(discounted.total)
        return typed

    def clean_phone(self) -> str:
        phone = super().clean_phone()
        return normalize_phone(phone) if phone else ""

    def clean_address(self) -> str:
        return self.cleaned_data["address"] or ""
