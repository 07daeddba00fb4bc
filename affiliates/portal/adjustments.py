"""The portal's page of an adjustment: why staff changed the balance by hand."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from affiliates.commissions.explanation import explain_adjustment

from .base import PortalPage


class AdjustmentPage(PortalPage):
    """Only what was booked: an affiliate is told of a decision, not of a plan."""

    template_name = "affiliates/portal/adjustment.html"
    tab = "statement"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        related = ("commission", "product", "rate__group", "step__rate", "reverses")
        booked = self.affiliate.adjustments.booked().select_related(*related)
        adjustment = booked.filter(number=self.kwargs["number"].upper()).first()
        if adjustment is None:
            raise Http404("There is no such adjustment in this account.")
        explained = explain_adjustment(adjustment)
        return super().get_context_data(adjustment=adjustment, explained=explained, **kwargs)
