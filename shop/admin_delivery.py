"""Products with their releases, and licences, for staff."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

from privacy.admin_readonly import ReadOnlyAdmin
from privacy.admin_search import BlindSearchMixin

from .delivery_models import Licence, ProductFile
from .licence_keys import NotALicenceKey, canonical_licence_key
from .models import Product
from .pricing.product_form import ProductForm


class NewReleaseInline(admin.StackedInline[ProductFile, Product]):
    model = ProductFile
    fields = ("version", "content", "notes", "released_at")
    extra = max_num = 1
    can_delete = False
    verbose_name_plural = "new release"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductFile]:
        return super().get_queryset(request).none()


class ReleaseInline(admin.StackedInline[ProductFile, Product]):
    """What is there: its notes and the day of its release can be changed, its file can't."""

    model = ProductFile
    fields = ("version", "size", "sha256", "notes", "released_at")
    readonly_fields = ("version", "size", "sha256")
    extra = 0
    can_delete = False
    verbose_name_plural = "releases"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="size")
    def size(self, release: ProductFile) -> str:
        return filesizeformat(release.size_bytes)


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin[Product]):
    form = ProductForm
    list_display = ["name", "price", "is_active"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [ReleaseInline, NewReleaseInline]


@admin.register(Licence)
class LicenceAdmin(BlindSearchMixin, ReadOnlyAdmin):
    """Found by the key, however it is typed, by the buyer's address, or by the order."""

    list_display = ["__str__", "order", "issued_at", "revoked_at"]
    list_select_related = ["order"]
    list_filter = ["issued_at", "revoked_at"]
    search_fields = ["order__reference"]
    search_help_text = "A whole licence key, a whole e-mail address, or the number of an order."
    blind_search_fields = ("order__email_index",)
    fields = ["order", "key", "issued_at", "revoked_at"]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Licence], search_term: str) -> Any:
        try:
            key = canonical_licence_key(search_term)
        except NotALicenceKey:
            return super().get_search_results(request, queryset, search_term)
        self.audit(request, "search", self.model)
        return queryset.filter(key_index=key), False
