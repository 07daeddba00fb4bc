"""Payout runs for staff; the rest of the program stands in `admin_*.py`."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.http import require_POST

from privacy.admin_readonly import ReadOnlyAdmin, ReadOnlyInline
from shop.money import Money

from . import (  # noqa: F401  (importing registers them)
    admin_affiliates,
    admin_applications,
    admin_commissions,
    admin_creatives,
    admin_disputes,
    admin_flags,
    admin_ledger,
    admin_rates,
    admin_terms,
)
from .admin_books import BooksAlarm
from .models import PayoutBatch, PayoutItem
from .payouts import PayoutRefused, approve_payout, cancel_payout, prepare_payout

if TYPE_CHECKING:
    from accounts.models import User

CURRENCY = "USD"


def _acting(request: HttpRequest) -> User:
    """The member of staff: the admin lets nobody else in."""
    return cast("User", request.user)


class PayoutItemInline(ReadOnlyInline):
    model = PayoutItem
    fields = ("affiliate", "total", "receiver", "state", "error", "settled_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("affiliate")


@admin.register(PayoutBatch)
class PayoutBatchAdmin(BooksAlarm, ReadOnlyAdmin):
    """Prepare a run, look at it, approve it, watch it: one button for each step, on the run's own page."""

    list_display = ["__str__", "state", "amount", "created_at", "approved_by", "finished_at", "problem"]
    list_filter = ["state"]
    fields = ["state", "total", "problem", "created_at", "prepared_by", "approved_at", "approved_by"]
    fields += ["sent_at", "finished_at", "paypal_batch_id"]
    inlines = [PayoutItemInline]
    change_list_template = "affiliates/admin/payout_runs.html"
    change_form_template = "affiliates/admin/payout_run.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        batches: QuerySet[PayoutBatch] = super().get_queryset(request)
        return batches.annotate(sum=Sum("items__amount_minor"))

    @admin.display(description="total")
    def amount(self, batch: Any) -> Money:
        """The sum that came with the list, instead of one query a row."""
        return Money(batch.sum or 0, batch.currency)

    def get_urls(self) -> list[Any]:
        def step(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(self._for_payers(view)))

        return [
            path("prepare/", step(self.prepare), name="affiliates_payoutbatch_prepare"),
            path("<uuid:batch_id>/approve/", step(self.approve), name="affiliates_payoutbatch_approve"),
            path("<uuid:batch_id>/cancel/", step(self.cancel), name="affiliates_payoutbatch_cancel"),
            *super().get_urls(),
        ]

    def _for_payers(self, view: Any) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm("affiliates.change_payoutbatch"):
                raise PermissionDenied
            try:
                return cast(HttpResponse, view(request, *args, **kwargs))
            except PayoutRefused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
                return redirect("admin:affiliates_payoutbatch_changelist")

        return guarded

    def prepare(self, request: HttpRequest) -> HttpResponse:
        batch = prepare_payout(currency=CURRENCY, prepared_by=_acting(request))
        self.log_addition(request, batch, "prepared")
        self.message_user(request, "Prepared. Nothing is sent before it is approved: please check the payouts below.")
        return redirect("admin:affiliates_payoutbatch_change", batch.pk)

    def approve(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        batch = get_object_or_404(PayoutBatch, pk=batch_id)
        approve_payout(batch=batch, approved_by=_acting(request))
        self.log_change(request, batch, "approved")
        self.message_user(request, "Approved. It goes to PayPal now; this page shows how it stands.")
        return redirect("admin:affiliates_payoutbatch_change", batch.pk)

    def cancel(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        batch = get_object_or_404(PayoutBatch, pk=batch_id)
        cancel_payout(batch=batch)
        self.log_change(request, batch, "cancelled")
        self.message_user(request, "Cancelled. The money is due again.")
        return redirect("admin:affiliates_payoutbatch_change", batch.pk)
