"""Views: the preferences page, one-click unsubscribe, and requesting the link.

These pages need no CSRF cookie: other sites can't post to them because they don't know the secret link.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import FormView, TemplateView, View

from privacy.consent.preference_links import PreferencesLink, read_token
from privacy.encryption.email_field import EmailAddressField
from privacy.mail.link_mail_limits import acquire_for_network
from privacy.registry.purposes import Purpose
from privacy.web.client_address import client_address
from privacy.web.idempotency import kept_in_history

from .preferences import (
    CHOOSABLE,
    opt_out_of_everything,
    preferences_for,
    preferences_of,
    request_preferences_link,
    save_preferences,
    unsubscribe_by_one_click,
)


class LinkView(View):
    """Base view for preferences links; shows a help page for invalid tokens."""

    link: PreferencesLink

    @method_decorator(csrf_exempt)
    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        link = read_token(kwargs["token"])
        if link is None:
            return render(request, "privacy/choices_unknown.html", status=404)
        self.link = link
        return super().dispatch(request, *args, **kwargs)


class PreferencesView(LinkView):
    """Shows and saves preferences, or opts out of everything. GET changes nothing."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        choices = preferences_for(self.link, now=now)
        context = {
            "token": token,
            "purposes": [(purpose, list(own)) for purpose, own in groupby(choices, key=lambda choice: choice.purpose)],
            "may_reopen": self.link.may_reopen(now),
            "all_closed": not any(choice.is_open for choice in preferences_of(self.link.fingerprint)),
            "done": request.GET.get("done", ""),
        }
        return render(request, "privacy/choices.html", context)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        if "stop" in request.POST:
            opt_out_of_everything(link=self.link)
            done = "stopped"
        else:
            now, open_keys = timezone.now(), request.POST.getlist("open")
            shown = request.POST.getlist("shown") or [each.key for each in preferences_for(self.link, now=now)]
            all_done = save_preferences(link=self.link, open_keys=open_keys, shown=shown, now=now)
            done = "saved" if all_done else "partly"
        return redirect(f"{reverse('privacy:choices', args=[token])}?done={done}")


class OneClickView(LinkView):
    """One-click unsubscribe (RFC 8058), without a cookie. GET, as sent by link scanners, changes nothing."""

    def get(self, request: HttpRequest, token: str, purpose: str) -> HttpResponse:
        return redirect("privacy:choices", token)

    def post(self, request: HttpRequest, token: str, purpose: str) -> HttpResponse:
        if purpose not in CHOOSABLE:
            raise Http404
        unsubscribe_by_one_click(link=self.link, purpose=Purpose(purpose))
        return render(request, "privacy/one_click.html", {"token": token, "purpose": Purpose(purpose)})


class PreferencesLinkForm(forms.Form):
    email = EmailAddressField(label="Your email address", help_text="We will send the link to this address only.")


@kept_in_history
class PreferencesLinkView(FormView[PreferencesLinkForm]):
    """Stores the request for a link. Behavior and response are the same for every address."""

    template_name = "privacy/choices_link.html"
    form_class = PreferencesLinkForm

    def form_valid(self, form: PreferencesLinkForm) -> HttpResponse:
        now = timezone.now()
        mailed = acquire_for_network(client_address(self.request), now=now)
        request_preferences_link(email=form.cleaned_data["email"], now=now, mailed=mailed)
        return redirect("privacy:choices_sent")


class PreferencesLinkSentView(TemplateView):
    """Says what happens next. The text is the same for every address."""

    template_name = "privacy/choices_sent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(mails_per_address=settings.PRIVACY_MAILS_PER_ADDRESS, **kwargs)
