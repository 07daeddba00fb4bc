"""Admin of products, releases and licenses."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.preview import is_preview
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from shop.delivery.licenses import reissue_license
from shop.delivery.release_notices import people_who_asked
from shop.models import Order, Product
from shop.models.delivery import License, ProductFile

from .buyer_lists import BuyerListMixin
from .order_page.actions import REISSUE
from .product_form import ProductForm
from .product_page import FeatureInline, PictureInline, ProductPageAdmin, QuestionInline
from .releases import NewReleaseInline, ReleaseInline, told


@admin.register(Product)
class ProductAdmin(ProductPageAdmin):
    form = ProductForm
    list_display = ["name", "price", "sold", "position"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [FeatureInline, PictureInline, QuestionInline, ReleaseInline, NewReleaseInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "is_active", ("price_minor", "currency"), "position"]}),
        (
            "Page",
            {
                "fields": [
                    *("headline", "summary", "description", "requirements"),
                    *("sites_per_license", "updates_and_support"),
                ],
                "description": "The long texts are Markdown: a line that starts with # is a heading, one with - a point"
                " of a list, and [text](address) is a link.",
            },
        ),
        (
            "Delivery",
            {
                "fields": [
                    *("issues_license", "fulfillment", "install_steps", "documentation_url"),
                    *("asks_phone", "asks_address"),
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset: Any = super().get_queryset(request)
        return queryset.with_delivery()

    def get_inlines(self, request: HttpRequest, obj: Product | None) -> Any:
        """A preview stores no file, because files are not rolled back."""
        inlines = super().get_inlines(request, obj)
        return [each for each in inlines if each is not NewReleaseInline] if is_preview(request) else inlines

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        for release in formset.new_objects:
            if isinstance(release, ProductFile) and release.is_announced and release.released_at:
                people = told(people_who_asked(release.product))
                self.message_user(request, f"Version {release.version} is announced by email to {people}.")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        product = Product.objects.get(pk=form.instance.pk)
        if product.is_active and not product.is_for_sale and not is_preview(request):
            self.message_user(request, f"Nobody can buy {product} yet: {_not_sold(product)}.", messages.WARNING)

    @admin.display(description="sold")
    def sold(self, product: Product) -> str:
        if product.is_for_sale:
            return "yes"
        return _not_sold(product) if product.is_active else "not on sale"


def _not_sold(product: Product) -> str:
    if product.price_minor is None:
        return "without a price, its page offers a quote"
    return "it has no released file, and no text “After the payment” that says how the buyer gets it"


class RevokedFilter(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "active"), ("ended", "ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[License]) -> QuerySet[License]:
        chosen = self.value()
        return queryset.filter(revoked_at__isnull=chosen == "active") if chosen in {"active", "ended"} else queryset


@admin.register(License)
class LicenseAdmin(BuyerListMixin, BlindSearchMixin, ReadOnlyAdmin):
    """Searchable by license key (in any spelling), buyer's email address, or order number."""

    list_display = ["reference", "buyer", "product", "works", "issued_at", "revoked_at"]
    list_select_related = ["order"]
    list_filter = ["order__product", RevokedFilter, "issued_at"]
    search_fields = ["order__reference"]
    search_help_text = "A complete license key, a complete email address, or an order number."
    fields = ["order", "key", "issued_at", "revoked_at"]

    @admin.display(description="state", ordering="revoked_at")
    def works(self, license: License) -> str:
        return "ended" if license.revoked_at else "active"

    def get_ordering(self, request: HttpRequest) -> Any:
        """Those of one product by the time of their orders, as the index of orders has them."""
        by_product = any(name.startswith("order__product") for name in request.GET)
        return ["-order__placed_at"] if by_product else super().get_ordering(request)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.reissue_view)
        return [path("reissue/<uuid:order_id>/", view, name="shop_license_reissue"), *super().get_urls()]

    @confirmed_recently
    def reissue_view(self, request: HttpRequest, order_id: Any) -> HttpResponse:
        """Confirms, then replaces the order's license key."""
        order = get_object_or_404(Order.objects.select_related("product"), pk=order_id)
        if not request.user.has_perm(REISSUE):
            raise PermissionDenied
        if request.method == "POST":
            self._reissue(request, order)
            return redirect("admin:shop_order_change", order.pk)
        license = License.objects.newest_of(order)
        self.audit(request, "read", order)
        context = {**self.admin_site.each_context(request), "order": order, "license": license}
        return render(request, "shop/admin/reissue.html", {**context, "title": f"New license key: {order.staff_label}"})

    def _reissue(self, request: HttpRequest, order: Order) -> None:
        replaces = request.POST.get("replaces", "")
        try:
            reissued = reissue_license(order=order, replaces=replaces, actor=acting_user(request))
        except ActionRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            before = "" if reissued else "already; it was not replaced again"
            told = (
                "the buyer was notified by email"
                if order.email
                else "the buyer's address was deleted, so nobody was notified"
            )
            self.message_user(request, f"The order has a new license key {before or 'now; ' + told}.")
