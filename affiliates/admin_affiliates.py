"""Affiliates for staff: the whole account on one page, above the few fields that can be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from privacy.admin_search import BlindSearchMixin

from .admin_standing import StandingSteps
from .models import Affiliate, Flag
from .staff_account import account_of

CURRENCY = "USD"
OF_AFFILIATE = Flag.objects.open().filter(attribution__affiliate=OuterRef("pk")).order_by()
OPEN_FLAGS = OF_AFFILIATE.values("attribution__affiliate").annotate(number=Count("pk")).values("number")


@admin.register(Affiliate)
class AffiliateAdmin(StandingSteps, BlindSearchMixin):
    list_display = ["code", "state", "joined_at", "terms_version", "flags"]
    list_filter = ["state", "joined_at", "terms_version"]
    search_fields = ["code"]
    blind_search_fields = ("user__email_index", "payout_email_index")
    autocomplete_fields = ["user"]
    fields = ["user", "code", "state", "state_reason", "payout_email", "website", "terms_version", "joined_at"]
    readonly_fields = ["state", "state_reason", "terms_version", "joined_at"]
    change_form_template = "affiliates/admin/affiliate.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        affiliates: QuerySet[Affiliate] = super().get_queryset(request)
        return affiliates.annotate(open_flags=Subquery(OPEN_FLAGS))

    @admin.display(description="open flags", ordering="open_flags")
    def flags(self, affiliate: Any) -> int:
        return affiliate.open_flags or 0

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        affiliate = self.get_object(request, object_id)
        if affiliate is not None and self._may_see_money(request):
            extra_context = {
                **(extra_context or {}),
                "account": account_of(affiliate, currency=CURRENCY, now=timezone.now()),
            }
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return response

    def _may_see_money(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["affiliates.view_affiliate", "affiliates.view_commission"])
