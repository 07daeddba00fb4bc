"""The portal's link builder: a link for a page and a label, in every form, with its QR code and a test."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from affiliates.statistics.daily_statistics import Statistics, statistics_by_period
from affiliates.statistics.label_sales import FEWEST
from affiliates.tracking.landing_pages import NotLinkable, linkable_pages, page_at_address
from affiliates.tracking.link_tester import link_test_address
from affiliates.tracking.links import link_on_page, link_to, qr_file, qr_inline, with_discount
from shop.models import DiscountCode

from ..currencies import currencies_of
from ..models import Affiliate
from .base import AffiliateView, PortalPage
from .saved_links import SavedLink, saved_links


class LinkForm(forms.Form):
    """The page and the label. Only valid choices end up in a link."""

    page = forms.ChoiceField(label="Page")
    sub = forms.ChoiceField(label="Label", required=False, help_text="Add a label to track it separately.")

    def __init__(self, query: QueryDict, affiliate: Affiliate) -> None:
        super().__init__({"page": query.get("page", "/"), "sub": query.get("sub", "")})
        self.fields["page"].choices = linkable_pages()  # type: ignore[attr-defined]
        labels = sorted(str(label.name) for label in affiliate.labels.in_use())
        self.fields["sub"].choices = [("", "No label"), *((name, name) for name in labels)]  # type: ignore[attr-defined]

    @property
    def choice(self) -> tuple[str, str]:
        """The front page without a label if the choice is invalid."""
        return (self.cleaned_data["page"], self.cleaned_data["sub"]) if self.is_valid() else ("/", "")


class PageAddressForm(forms.Form):
    """A pasted address. It is posted, because its query may hold anything and an address of ours is logged."""

    address = forms.CharField(
        label="Address of a page",
        max_length=2000,
        help_text="Paste it from your browser. Anything after a question mark is left out.",
        error_messages={"required": "Paste the address of a page of this site."},
    )

    def clean_address(self) -> str:
        """The path of the page."""
        try:
            return page_at_address(self.cleaned_data["address"])
        except NotLinkable as reason:
            raise forms.ValidationError(str(reason)) from reason


class LinksPage(PortalPage):
    template_name = "affiliates/portal/links.html"
    tab = "links"
    only_while_active = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Shows the link to the pasted address."""
        form = PageAddressForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(address_form=form))
        return redirect(f"{reverse('affiliates:portal_links')}?{urlencode({'page': form.cleaned_data['address']})}")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form, code = LinkForm(self.request.GET, self.affiliate), self.affiliate.code
        page, sub = form.choice
        link = link_to(code, page, sub)
        return super().get_context_data(
            form=form,
            page=page,
            sub=sub,
            link=link,
            link_on_page=link_on_page(code, page, sub),
            trial=link_test_address(code, page, sub),
            discounts=self._discounts(link),
            saved=self._saved_links(),
            fewest=FEWEST,
            qr=mark_safe(qr_inline(link)),  # noqa: S308  drawn by segno; the markup contains no text
            **{"address_form": PageAddressForm(), **kwargs},
        )

    def _discounts(self, link: str) -> list[tuple[DiscountCode, str]]:
        """The affiliate's valid discount codes, each with the link that fills it in."""
        codes = DiscountCode.objects.valid_at(timezone.now()).filter(of_affiliate__affiliate=self.affiliate)
        return [(code, with_discount(link, code.code)) for code in codes.order_by("code").prefetch_related("amounts")]

    def _saved_links(self) -> list[SavedLink]:
        """In the affiliate's first currency."""
        currency, now = currencies_of(self.affiliate)[0], timezone.now()
        since, until = self.affiliate.joined_at.astimezone(UTC).date(), now.astimezone(UTC).date()
        days = statistics_by_period(self.affiliate, since=since, until=until, currency=currency)
        return saved_links(self.affiliate, sum(days.values(), Statistics()), currency=currency, now=now)


class QrCode(AffiliateView):
    """The QR code as a file, to print."""

    def get(self, request: HttpRequest) -> HttpResponse:
        page, sub = LinkForm(request.GET, self.affiliate).choice
        code = self.affiliate.code
        headers = {"Content-Disposition": f'attachment; filename="link-{code}.svg"'}
        return HttpResponse(qr_file(link_to(code, page, sub)), content_type="image/svg+xml", headers=headers)
