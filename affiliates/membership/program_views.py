"""The program's public pages: the offer and the terms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.views.generic import TemplateView

from affiliates.commissions.rates import rate_for
from affiliates.currencies import minimum_payout
from affiliates.models import REFERRAL_LIFE, TermsVersion
from shop.money import program_currency


class ProgramView(TemplateView):
    template_name = "affiliates/program.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            rate=rate_for(affiliate=None, product=None, currency=program_currency(), moment=timezone.now()).terms,
            minimum=minimum_payout(program_currency()),
            cookie_days=REFERRAL_LIFE.days,
            **kwargs,
        )


class TermsView(TemplateView):
    """The current terms, upcoming ones, and all earlier versions."""

    template_name = "affiliates/terms.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, versions = timezone.now(), list(TermsVersion.objects.published().order_by("-number"))
        in_force = next((each for each in versions if each.effective_from and each.effective_from <= now), None)
        return super().get_context_data(
            terms=_requested_version(self.request, versions) or in_force,
            in_force=in_force,
            versions=versions,
            now=now,
            **kwargs,
        )


def _requested_version(request: HttpRequest, versions: list[TermsVersion]) -> TermsVersion | None:
    number = request.GET.get("version", "")
    return next((version for version in versions if str(version.number) == number), None)
