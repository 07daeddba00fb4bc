"""Admin of a product's page: features, pictures and questions, and a preview of what isn't saved yet."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from csp.decorators import csp_update
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.html import format_html

from privacy.admin_base.preview import PreviewedAdmin
from shop.catalog.pictures import PictureField
from shop.catalog.views import page_of
from shop.models import Product, ProductFeature, ProductPicture, ProductQuestion


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


class ProductPageAdmin(PreviewedAdmin):
    """The part of a product's admin that is about its page."""

    change_form_template = "shop/admin/product.html"

    def view_on_site(self, obj: Product) -> str | None:
        return obj.get_absolute_url() if obj.is_active else None

    @method_decorator(csp_update({"img-src": "data:"}))  # the pictures that aren't saved
    def preview(self, request: HttpRequest, row: Product) -> HttpResponse:
        page = page_of(row)
        for picture in filter(None, [page["hero"], *page["screenshots"]]):
            picture.url = f"data:image/webp;base64,{b64encode(picture.large).decode()}"
            picture.small_url = f"data:image/webp;base64,{b64encode(picture.small).decode()}"
        return render(request, "shop/product.html", {**page, "is_preview": True})
