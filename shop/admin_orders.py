"""Orders for staff: who ordered what, each attempt to pay it, what was delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from privacy.admin_readonly import ReadOnlyAdmin, ReadOnlyInline
from privacy.admin_search import BlindSearchMixin

from .admin_payments import PaymentInline
from .delivery_models import Licence
from .downloads import renew_downloads
from .models import Order

if TYPE_CHECKING:
    from accounts.models import User


class LicenceInline(ReadOnlyInline):
    model = Licence
    fields = ("key", "issued_at", "revoked_at")
    readonly_fields = fields


@admin.register(Order)
class OrderAdmin(BlindSearchMixin, ReadOnlyAdmin):
    list_display = ["reference", "product_name", "total", "state", "placed_at", "paid_at"]
    list_filter = ["state", "placed_at"]
    search_fields = ["reference"]
    blind_search_fields = ("email_index",)
    blind_phone_fields = ("phone_index",)
    fields = [
        *("reference", "product_name", "total", "state", "name", "email", "phone", "address"),
        *("placed_at", "paid_at", "downloads"),
    ]
    inlines = [LicenceInline, PaymentInline]
    actions = ["renew_downloads"]

    @admin.action(description="Let the buyer download anew", permissions=["renew"])
    def renew_downloads(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        for order in orders.only("id"):
            renew_downloads(order=order, actor=cast("User", request.user))
        self.message_user(request, "The count of downloads begins anew. Please tell the buyer.")

    def has_renew_permission(self, request: HttpRequest) -> bool:
        return cast("User", request.user).has_perm("shop.renew_downloads")
