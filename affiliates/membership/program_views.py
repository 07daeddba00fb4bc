"""The program's public pages: the offer and the terms."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.views.generic import TemplateView

from affiliates.commissions.rates import rate_for
from affiliates.currencies import minimum_payout
from affiliates.models import REFERRAL_LIFE, TermsVersion
from affiliates.statistics.label_sales import FEWEST
from shop.models.terms import TermsQuerySet
from shop.money import program_currency
from shop.terms.views import TermsVersionPage

from .earnings import EarningsForm, earnings_for


class ProgramView(TemplateView):
    """`?sales=20` sets the number of sales in the earnings example."""

    template_name = "affiliates/program.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        form = EarningsForm({"sales": self.request.GET.get("sales", EarningsForm.DEFAULT)})
        sales = form.cleaned_data["sales"] if form.is_valid() else EarningsForm.DEFAULT
        rate = rate_for(affiliate=None, product=None, currency=program_currency(), moment=now)
        return super().get_context_data(
            rate=rate.terms,
            steps=rate.step_terms,
            earnings_form=form,
            sales=sales,
            earnings=earnings_for(sales, moment=now),
            minimum=minimum_payout(program_currency()),
            cookie_days=REFERRAL_LIFE.days,
            fewest=FEWEST,
            **kwargs,
        )


class TermsView(TermsVersionPage):
    """The current terms, upcoming ones, and all earlier versions."""

    name = "Terms of the affiliate program"

    def versions(self) -> TermsQuerySet:
        return TermsVersion.objects.all()
