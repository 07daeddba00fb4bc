"""Lists that name buyers: the names that one page opens are one entry of the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.audited import AuditedAdmin
from privacy.audit.trail import About, record
from shop.models import Order


class BuyerListMixin(AuditedAdmin):
    """A column with the buyer's name. The rows of most of these lists aren't personal data themselves, but their pages
    name the buyer, so they are audited all the same."""

    list_per_page = 50

    def order_of(self, row: Any) -> Order:
        order: Order = row.order
        return order

    @admin.display(description="buyer")
    def buyer(self, row: Any) -> str:
        return self.order_of(row).buyer

    @admin.display(description="product")
    def product(self, row: Any) -> str:
        return self.order_of(row).product_name

    @admin.display(description="order")
    def reference(self, row: Any) -> str:
        return self.order_of(row).reference

    def audit(self, request: HttpRequest, verb: str, about: About) -> None:
        record(action=f"privacy.staff.{verb}", about=about, actor=acting_user(request))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if "cl" in (getattr(response, "context_data", None) or {}):
            self.audit(request, "listed", self.model)
        return response
