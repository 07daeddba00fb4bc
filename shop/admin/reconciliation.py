"""The reconciliation page: every mismatch with PayPal, and a button to compare again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from privacy.admin_base.acting_user import acting_user
from shop.models import Dispute, ExtraCapture, Payment, PayPalEvent, Refund
from shop.reconciliation.reconcile import reconcile_now
from shop.reconciliation.totals import totals
from shop.webhooks.processing import dismiss_event

PERMISSION = "shop.reconcile_payment"
SHOWN = 50  # rows per table; the admin lists have the rest
UNANSWERED_AFTER = timedelta(minutes=10)  # younger refunds may still be on their way to PayPal


class ReconciliationPages(admin.ModelAdmin[Any]):
    """Pages below `/admin/shop/payment/`. Reading requires the view permission, the buttons `PERMISSION`."""

    def get_urls(self) -> list[Any]:
        staff = self.admin_site.admin_view
        reconcile, aside = require_POST(self.reconcile_view), require_POST(self.set_aside_view)
        return [
            path("reconciliation/", staff(self.reconciliation_view), name="shop_reconciliation"),
            path("reconciliation/look/", staff(reconcile), name="shop_reconciliation_look"),
            path("reconciliation/set-aside/<uuid:event_id>/", staff(aside), name="shop_event_set_aside"),
            *super().get_urls(),
        ]

    def reconciliation_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_act = request.user.has_perm(PERMISSION)
        context = {**self.admin_site.each_context(request), **unmatched(), "may_act": may_act}
        return render(request, "shop/admin/reconciliation.html", {**context, "title": "Reconciliation with PayPal"})

    def reconcile_view(self, request: HttpRequest) -> HttpResponse:
        """Compares a limited number of payments, because staff wait for the response."""
        _require_permission(request)
        compared = reconcile_now()
        if compared:
            self.message_user(request, f"Compared {compared} payment{'s' if compared != 1 else ''} with PayPal.")
        else:
            self.message_user(request, "No payment could be compared just now.", messages.WARNING)
        return redirect("admin:shop_reconciliation")

    def set_aside_view(self, request: HttpRequest, event_id: UUID) -> HttpResponse:
        _require_permission(request)
        dismiss_event(event=get_object_or_404(PayPalEvent, pk=event_id), actor=acting_user(request))
        self.message_user(request, "The event was dismissed.")
        return redirect("admin:shop_reconciliation")


def _require_permission(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def unmatched() -> dict[str, Any]:
    """The page's context."""
    now = timezone.now()
    unanswered = Q(state=Refund.State.NEW, created_at__lt=now - UNANSWERED_AFTER)
    refunds = Refund.objects.filter(unanswered | Q(state=Refund.State.PENDING))
    given_up = PayPalEvent.objects.given_up(now)
    return {
        "totals": totals(),
        "payments": Payment.objects.mismatched().select_related("order", "snapshot")[:SHOWN],
        "uncompared": Payment.objects.with_problem_uncompared().select_related("order")[:SHOWN],
        "extra": ExtraCapture.objects.to_refund().select_related("payment__order")[:SHOWN],
        "refunds": refunds.select_related("payment__order")[:SHOWN],
        "disputes": Dispute.objects.open().select_related("payment__order")[:SHOWN],
        "given_up": given_up[:SHOWN],
        "waiting": PayPalEvent.objects.open().filter(attempts__gt=0).exclude(pk__in=given_up)[:SHOWN],
    }
