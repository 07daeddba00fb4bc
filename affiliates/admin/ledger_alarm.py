"""A warning above every list of money while the last reconciliation failed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse

from affiliates.payouts.reconciliation import last_check


class LedgerAlarm(admin.ModelAdmin[Any]):
    """Mixed into the admin of a list of money."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        check = last_check()
        if check is not None and not check.agrees:
            self.message_user(
                request, f"The last reconciliation found a difference: {check.difference}", messages.ERROR
            )
        return super().changelist_view(request, extra_context)
