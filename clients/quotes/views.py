"""The client's page of a quote, behind its private link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clients.models import Quote
from privacy.web.personal_data_form import PersonalDataForm
from privacy.web.rate_limits import has_room, seconds_left
from shop.checkout.forms import AffiliateCodeField
from shop.checkout.paypal_csp import may_lead_to_paypal
from shop.checkout.private_pages import private_page

from .acceptance import accept_quote
from .decisions import NotOpen, decline_quote, note_opened
from .payments import payments_of

PDFS_PER_HOUR = 30  # for one quote: making one takes a second of a processor


class DeclineQuoteForm(PersonalDataForm, forms.Form):
    name = forms.CharField(label="Your name", max_length=150)
    reason = forms.CharField(
        label="Why?",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="If you want to tell us. It helps us to do better.",
    )

    stores = Quote
    stored_elsewhere = {"name": (Quote, "decided_name"), "reason": (Quote, "decline_reason")}


class AcceptQuoteForm(PersonalDataForm, forms.Form):
    name = forms.CharField(label="Your name", max_length=150, help_text="In place of your signature.")
    code = AffiliateCodeField()

    stores = Quote
    stored_elsewhere = {"name": (Quote, "decided_name")}


def quote_behind(link_token: str) -> Quote:
    """Raises `Http404` for an unknown link."""
    quotes = Quote.objects.select_related("service", "inquiry")
    found: Quote = get_object_or_404(quotes, link_index=link_token)
    return found


def page_of(quote: Quote, **more: Any) -> dict[str, Any]:
    """The variables of `clients/quote.html`."""
    return {
        "quote": quote,
        "is_open": quote.is_open(timezone.now()),
        "has_lapsed": quote.state == Quote.State.EXPIRED or quote.has_lapsed(timezone.now()),
        "lines": quote.lines.all(),
        "installments": quote.installments.select_related("order"),
        "payments": payments_of(quote) if quote.state == Quote.State.ACCEPTED else (),
        "offered_terms": quote.offered_terms.select_related("version"),
        **more,
    }


def not_shown(request: HttpRequest, quote: Quote) -> HttpResponse:
    """For a link that shows nothing (any more): the page says only why."""
    return render(request, "clients/not_shown.html", {"is_replaced": quote.state == Quote.State.REPLACED}, status=410)


@require_safe
@private_page
@may_lead_to_paypal
def quote(request: HttpRequest, link_token: str) -> HttpResponse:
    found = quote_behind(link_token)
    if found.is_revoked:
        return not_shown(request, found)
    if request.method == "GET" and not request.user.is_staff:
        note_opened(quote=found, now=timezone.now())
    return render(request, "clients/quote.html", page_of(found))


def _too_late(request: HttpRequest, quote: Quote, *, answer: Quote.State, name: str) -> HttpResponse:
    """What became of a quote that somebody else answered meanwhile. The same answer sent twice is told its success."""
    stored = quote_behind(quote.link_token)
    if stored.is_revoked:
        return not_shown(request, stored)
    if (stored.state, stored.decided_name) == (answer, name):
        return redirect(stored)
    return render(request, "clients/quote.html", page_of(stored, is_lost=True), status=409)


@private_page
@may_lead_to_paypal
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, link_token: str) -> HttpResponse:
    """The form; afterward, and if the quote can't be answered any more, its page, which says what to pay."""
    found = quote_behind(link_token)
    if found.is_revoked:
        return not_shown(request, found)
    form = AcceptQuoteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        entered = form.cleaned_data
        try:
            accept_quote(quote=found, name=entered["name"], request=request, actor=None, code=entered["code"])
        except NotOpen:
            return _too_late(request, found, answer=Quote.State.ACCEPTED, name=entered["name"])
        return redirect(f"{found.get_absolute_url()}#payment")
    if not found.is_open(timezone.now()):
        return redirect(found)
    return render(request, "clients/accept.html", {**page_of(found), "form": form})


@private_page
@may_lead_to_paypal
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, link_token: str) -> HttpResponse:
    """The form; afterward, and if the quote can't be answered any more, its page, which says so."""
    found, now = quote_behind(link_token), timezone.now()
    if found.is_revoked:
        return not_shown(request, found)
    form = DeclineQuoteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        name, reason = form.cleaned_data["name"], form.cleaned_data["reason"]
        try:
            decline_quote(quote=found, name=name, reason=reason, now=now)
        except NotOpen:
            return _too_late(request, found, answer=Quote.State.DECLINED, name=name)
        return redirect(found)
    if not found.is_open(now):
        return redirect(found)
    return render(request, "clients/decline.html", {"quote": found, "form": form})


@require_safe
@private_page
def pdf(request: HttpRequest, link_token: str) -> HttpResponse:
    found, now = quote_behind(link_token), timezone.now()
    if found.is_revoked:
        return not_shown(request, found)
    if not has_room("quote pdf", str(found.pk), slots=PDFS_PER_HOUR, now=now):
        seconds = seconds_left(now)
        response = render(request, "clients/quote.html", page_of(found, wait_minutes=seconds // 60 + 1), status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    return pdf_response(found)


def pdf_response(quote: Quote) -> HttpResponse:
    """A download whose name is the quote's number."""
    from .pdf import quote_pdf  # 23 MB of fonts and PDF code, which few processes ever need

    response = HttpResponse(quote_pdf(quote), content_type="application/pdf")
    version = f"-{quote.version}" if quote.version > 1 else ""
    response.headers["Content-Disposition"] = f'attachment; filename="{quote.reference}{version}.pdf"'
    response.headers["Cache-Control"] = "no-store, private"
    return response
