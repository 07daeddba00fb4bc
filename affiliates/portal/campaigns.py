"""The portal's pages of campaigns, labels and creatives."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import FormView

from affiliates.statistics.daily_statistics import breakdown, statistics_by_period
from affiliates.statistics.label_sales import FEWEST
from affiliates.tracking.creatives import offered_to
from affiliates.tracking.label_names import LabelRefused, clean_label
from affiliates.tracking.labels import archive_label, declare_label
from privacy.registry.policy_gate import NotInEffect
from shop.money import Money, program_currency

from ..models import MOST_LABELS, By, Label, LabelSales
from .base import AffiliateView, PortalPage
from .period import Period, PortalPeriodForm

OTHER = "Other"


class CampaignsPage(PortalPage):
    template_name = "affiliates/portal/campaigns.html"
    tab = "campaigns"
    only_while_active = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = PortalPeriodForm(self.request.GET, timezone.now())
        labels = {label.pk.hex: label.name for label in self.affiliate.labels.all()}
        pages = self._clicks(By.LANDING, form.period)
        return super().get_context_data(
            form=form,
            labels=labels,
            clicks=self._clicks_by_label(labels, form.period),
            sales=self._sales_by_label(labels),
            pages=pages,
            fewest=FEWEST,
            **kwargs,
        )

    def _clicks(self, by: By, period: Period) -> dict[str, int]:
        found = breakdown(self.affiliate, by=by, since=period.since, until=period.until)
        return {label: one.clicks for label, one in found.items()}

    def _clicks_by_label(self, labels: dict[str, str], period: Period) -> list[tuple[str, int]]:
        """The rest are clicks without a label, or with an undeclared one."""
        found = self._clicks(By.CAMPAIGN, period)
        lines = [(labels[label], clicks) for label, clicks in found.items() if label in labels]
        days = statistics_by_period(self.affiliate, since=period.since, until=period.until, currency=program_currency())
        rest = sum(one.clicks for one in days.values()) - sum(clicks for _, clicks in lines)
        return [*lines, (OTHER, rest)] if rest else lines

    def _sales_by_label(self, labels: dict[str, str]) -> list[dict[str, Any]]:
        """A row per label and currency."""
        rows = LabelSales.objects.filter(label__affiliate=self.affiliate).order_by("currency", "-earned_minor")
        return [
            {
                "label": labels[row.label_id.hex],
                "orders": row.orders,
                "sales": Money(row.sales_minor, row.currency),
                "earned": Money(row.earned_minor, row.currency),
            }
            for row in rows
        ]


class LabelForm(forms.Form):
    name = forms.CharField(
        label="New label",
        max_length=200,
        help_text="Such as newsletter-may. Letters, digits, spaces, hyphens and underscores, at most 32.",
        error_messages={"required": "Enter a label, such as newsletter-may."},
    )

    def clean_name(self) -> str:
        try:
            return clean_label(self.cleaned_data["name"])
        except LabelRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


class LabelsPage(PortalPage, FormView[LabelForm]):
    """The labels in use, and a form to add one."""

    template_name = "affiliates/portal/labels.html"
    tab = "campaigns"
    only_while_active = True
    form_class = LabelForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        labels = sorted(self.affiliate.labels.in_use(), key=lambda label: str(label.name))
        return super().get_context_data(labels=labels, most=MOST_LABELS, **kwargs)

    def form_valid(self, form: LabelForm) -> HttpResponse:
        try:
            label = declare_label(affiliate=self.affiliate, text=form.cleaned_data["name"])
        except LabelRefused as refused:
            form.add_error("name", str(refused))
        except NotInEffect:
            form.add_error(None, "Labels can't be added yet, because our privacy policy has to cover them first.")
        else:
            messages.success(self.request, f"Links with the label {label.name} now count under it.")
            return redirect("affiliates:portal_labels")
        return self.form_invalid(form)


class ArchiveLabelView(AffiliateView):
    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        label = Label.objects.filter(affiliate=self.affiliate, pk=pk).first()
        if label is None:
            raise Http404("There is no such label in this account.")
        archive_label(label)
        messages.success(request, f"The label {label.name} is archived. Its links still work and count as “other”.")
        return redirect("affiliates:portal_labels")


class CreativesPage(PortalPage):
    template_name = "affiliates/portal/creatives.html"
    tab = "creatives"
    only_while_active = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(creatives=offered_to(self.affiliate), **kwargs)
