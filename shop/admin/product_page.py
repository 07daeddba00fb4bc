"""Admin of a product's page: features, pictures and questions, and a preview of what isn't saved yet."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from csp.decorators import csp_update
from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.html import format_html

from shop.catalog.pictures import PictureField
from shop.catalog.views import page_of
from shop.models import Product, ProductFeature, ProductPicture, ProductQuestion


def is_preview(request: HttpRequest) -> bool:
    return "_preview" in request.POST  # the button's name


class FeatureInline(admin.StackedInline[ProductFeature, Product]):
    model = ProductFeature
    fields = ("heading", "text", "position")
    extra = 1


class QuestionInline(admin.StackedInline[ProductQuestion, Product]):
    model = ProductQuestion
    fields = ("question", "answer", "position")
    extra = 1


class PictureForm(forms.ModelForm[ProductPicture]):
    upload = PictureField(label="File")

    class Meta:
        model = ProductPicture
        fields = ["alt", "caption", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["upload"].required = False
            self.fields["upload"].label = "Replace the file"

    def save(self, commit: bool = True) -> ProductPicture:
        if encoded := self.cleaned_data["upload"]:
            for column, value in vars(encoded).items():
                setattr(self.instance, column, value)
        return super().save(commit)


class PictureInline(admin.StackedInline[ProductPicture, Product]):
    model = ProductPicture
    form = PictureForm
    fields = ("shown", "upload", "alt", "caption", "position")
    readonly_fields = ("shown",)
    extra = 1

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("large", "small")

    @admin.display(description="picture")
    def shown(self, picture: ProductPicture) -> str:
        if not picture.digest:
            return "The first picture is shown beside the product's name, the others below its features."
        return format_html('<img src="{}" alt="{}" width="320">', picture.small_url, picture.alt)


class PreviewedAdmin(admin.ModelAdmin[Product]):
    """Adds a button that shows the product's page with the form's content, which is not saved."""

    change_form_template = "shop/admin/product.html"

    def view_on_site(self, obj: Product) -> str:
        return obj.get_absolute_url()

    def response_add(self, request: HttpRequest, obj: Product, post_url_continue: str | None = None) -> HttpResponse:
        if is_preview(request):
            return self._preview(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Product) -> HttpResponse:
        if is_preview(request):
            return self._preview(request, obj)
        return super().response_change(request, obj)

    @method_decorator(csp_update({"img-src": "data:"}))  # the pictures that aren't saved
    def _preview(self, request: HttpRequest, product: Product) -> HttpResponse:
        """The page, from inside the transaction of the change, which is then rolled back."""
        page = page_of(product)
        for picture in filter(None, [page["hero"], *page["screenshots"]]):
            picture.url = f"data:image/webp;base64,{b64encode(picture.large).decode()}"
            picture.small_url = f"data:image/webp;base64,{b64encode(picture.small).decode()}"
        response = render(request, "shop/product.html", {**page, "is_preview": True})
        transaction.set_rollback(True)
        return response
