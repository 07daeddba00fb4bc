"""Admin of orders: the list with its totals, and the page of one order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.staff_action import StaffActionsAdmin
from shop.delivery.downloads import reset_downloads
from shop.models import License, Order, Payment, Refund, RefundRequest
from shop.money import Money

from .buyer_lists import BuyerListMixin
from .order_page.actions import BESIDE, ORDER_ACTIONS
from .order_page.page import page_of


class AttentionFilter(admin.SimpleListFilter):
    title = "needs attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("disputed", "disputed"), ("requested", "refund requested")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() == "disputed":
            return queryset.filter(pk__in=Payment.objects.filter(is_disputed=True).values("order"))
        if self.value() == "requested":
            return queryset.filter(refund_request__state=RefundRequest.State.OPEN)
        return queryset


class MonthsFilter(admin.DateFieldListFilter):
    """Django's periods, and the last month, which bookkeeping asks for. Not whether there is a date: the state says
    so, by an index."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        first = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        before = (first - timedelta(days=1)).replace(day=1)
        bounds: dict[str, Any] = {self.lookup_kwarg_since: before, self.lookup_kwarg_until: first}
        periods = [link for link in self.links if not any(name.endswith("__isnull") for name in link[1])]
        self.links = (*periods, (f"Last month: {before:%B}", bounds))


@admin.register(Order)
class OrderAdmin(BuyerListMixin, BlindSearchMixin, StaffActionsAdmin, ReadOnlyAdmin):
    staff_actions = ORDER_ACTIONS
    row_argument = "order"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "shop_order_{}"
    list_display = ["reference", "buyer", "product_name", "total", "state", "placed_at"]
    list_filter = ["state", AttentionFilter, "product", ("placed_at", MonthsFilter), ("paid_at", MonthsFilter)]
    search_fields = ["reference"]
    fields = [
        *("reference", "product_name", "total", "state", "name", "email", "phone", "address", "company", "vat_id"),
        *("placed_at", "former_shop", "paid_at", "downloads"),
    ]
    changed_by_program = ("downloads",)
    actions = ["reset_downloads"]
    change_form_template = "shop/admin/order.html"
    change_list_template = "shop/admin/orders.html"

    def order_of(self, row: Any) -> Order:
        order: Order = row
        return order

    def more_watched(self, obj: Order) -> Iterable[tuple[QuerySet[Any], tuple[str, ...]]]:
        yield obj.payments.all(), ("state", "refunded_minor", "is_disputed")
        yield obj.licenses.all(), ("revoked_at",)

    def also_in_history(self, row: Order) -> Iterable[QuerySet[Any]]:
        return Refund.objects.filter(payment__order=row), License.objects.filter(order=row)

    # --- The list
    # ------------------------------------------------------------------------------------------------------
    def get_ordering(self, request: HttpRequest) -> Any:
        """Those paid in a period by that time, as their index has them."""
        by_payment = any(name.startswith("paid_at__") for name in request.GET)
        return ["-paid_at"] if by_payment else super().get_ordering(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Below the list: the totals of all its pages, unless it goes on beyond them: then the report has them."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context and not context["cl"].goes_on:
            context["sums"] = sums_of_list(context["cl"])
        return response

    @admin.action(description="Allow the downloads again", permissions=["renew"])
    def reset_downloads(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        for order in orders.only("id"):
            reset_downloads(order=order, actor=acting_user(request))
        self.message_user(request, "The download limit was reset. Please notify the buyer.")

    def has_renew_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("shop.reset_downloads")

    # --- One order
    # -----------------------------------------------------------------------------------------------------
    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        if order := context.get("original"):
            shown = self.actions_shown(request, order)
            beside = {
                subject: [(action, self.action_url(action, order)) for action in shown if action.name in names]
                for subject, names in BESIDE.items()
            }
            context.update(page_of(order, acting_user(request)), title=order.staff_label, beside=beside)
        return super().render_change_form(request, context, *args, **options)


def sums_of_list(changelist: Any) -> list[dict[str, Any]]:
    """Paid orders, and the sums paid, refunded and kept, per currency, in one query over whatever the filters leave."""
    payments = Payment.objects.filter(state__in=Payment.RECEIVED)
    if changelist.get_filters_params() or changelist.query:
        payments = payments.filter(order__in=changelist.queryset.order_by().values("pk"))
    rows = payments.order_by("currency").values("currency")
    return [
        {
            "number": row["number"],
            "paid": Money(row["paid"], row["currency"]),
            "refunded": Money(row["refunded"], row["currency"]),
            "kept": Money(row["paid"] - row["refunded"], row["currency"]),
        }
        for row in rows.annotate(number=Count("pk"), paid=Sum("amount_minor"), refunded=Sum("refunded_minor"))
    ]
