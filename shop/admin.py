"""Products and orders for staff. Payments, refunds and disputes are in `shop.admin_payments`."""

from __future__ import annotations

from django.contrib import admin

from privacy.admin_readonly import ReadOnlyAdmin
from privacy.admin_search import BlindSearchMixin

from .admin_payments import PaymentInline
from .models import Order, Product


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin[Product]):
    list_display = ["name", "price", "is_active"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Order)
class OrderAdmin(BlindSearchMixin, ReadOnlyAdmin):
    list_display = ["reference", "product_name", "total", "state", "placed_at", "paid_at"]
    list_filter = ["state", "placed_at"]
    search_fields = ["reference"]
    blind_search_fields = ("email_index",)
    fields = ["reference", "product_name", "total", "state", "name", "email", "placed_at", "paid_at"]
    inlines = [PaymentInline]
