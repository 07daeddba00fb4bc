"""The portal's pages of campaigns, labels and creatives."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import FormView

from affiliates.statistics.daily_statistics import breakdown, statistics_by_period
from affiliates.statistics.label_sales import FEWEST
from affiliates.tracking.creatives import offered_to
from affiliates.tracking.label_names import LabelRefused, clean_label
from affiliates.tracking.labels import archive_label, declare_label
from affiliates.tracking.landing_pages import linkable_pages
from affiliates.tracking.links import link_to
from privacy.registry.policy_gate import NotInEffect
from shop.money import Money, program_currency

from ..models import LONGEST_LABEL, MOST_LABELS, By, DailySales, Label, LabelSales
from .base import AffiliateView, PortalPage
from .metrics import count_text
from .period import Period, PortalPeriodForm
from .saved_links import NO_LABEL

SALES = ("orders", "sales_minor", "earned_minor")


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
            pages=pages.items(),
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
        return sorted([*lines, (NO_LABEL, rest)] if rest else lines, key=lambda line: -line[1])

    def _sales_by_label(self, labels: dict[str, str]) -> list[dict[str, Any]]:
        """A row per label and currency, and one for the rest of each currency, highest earnings first."""
        rows = list(LabelSales.objects.filter(label__affiliate=self.affiliate))
        counts = [(row.currency, labels[row.label_id.hex], *(getattr(row, name) for name in SALES)) for row in rows]
        totals = DailySales.objects.filter(affiliate=self.affiliate).order_by().values_list("currency")
        for currency, *total in totals.annotate(*(Sum(name) for name in SALES)):
            labeled = [line[2:] for line in counts if line[0] == currency]
            rest = [max(all_ - sum(some), 0) for all_, *some in zip(total, *labeled, strict=True)]
            if rest[0]:
                counts.append((currency, NO_LABEL, *rest))
        counts.sort(key=lambda line: (line[0], -line[-1]))
        return [
            {
                "label": label,
                "orders": count_text(orders),
                "sales": Money(sales, currency),
                "earned": Money(earned, currency),
            }
            for currency, label, orders, sales, earned in counts
        ]


class LabelForm(forms.Form):
    page = forms.ChoiceField(label="Page")
    name = forms.CharField(
        label="Label",
        max_length=200,
        help_text="Where you share the link, such as newsletter-may. At most 32 letters, digits, spaces, - and _.",
        error_messages={
            "required": "Enter a label, such as newsletter-may.",
            "max_length": f"A label can have at most {LONGEST_LABEL} characters. This one has %(show_value)d.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["page"].choices = linkable_pages()  # type: ignore[attr-defined]

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

    def get_initial(self) -> dict[str, Any]:
        return {"page": self.request.GET.get("page", "/")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        labels = sorted(self.affiliate.labels.in_use(), key=lambda label: str(label.name))
        links = [(label, link_to(self.affiliate.code, label.page, str(label.name))) for label in labels]
        return super().get_context_data(links=links, most=MOST_LABELS, **kwargs)

    def form_valid(self, form: LabelForm) -> HttpResponse:
        try:
            label = declare_label(
                affiliate=self.affiliate, text=form.cleaned_data["name"], page=form.cleaned_data["page"]
            )
        except LabelRefused as refused:
            form.add_error("name", str(refused))
        except NotInEffect:
            form.add_error(None, "Labels can't be added yet, because our privacy policy has to cover them first.")
        else:
            messages.success(self.request, f"Saved. Links with the label {label.name} now count under it.")
            return redirect("affiliates:portal_labels")
        return self.form_invalid(form)


class ArchiveLabelView(AffiliateView):
    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        label = Label.objects.filter(affiliate=self.affiliate, pk=pk).first()
        if label is None:
            raise Http404("There is no such label in this account.")
        archive_label(label)
        messages.success(request, f"The label {label.name} is archived. Its links still work, without a label.")
        return redirect("affiliates:portal_labels")


class CreativesPage(PortalPage):
    template_name = "affiliates/portal/creatives.html"
    tab = "creatives"
    only_while_active = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(creatives=offered_to(self.affiliate), **kwargs)
