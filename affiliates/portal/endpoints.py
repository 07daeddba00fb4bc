"""The portal's pages of webhook endpoints: adding one, its events and what became of them, and its buttons."""

from __future__ import annotations

from inspect import getsource
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import FormView

from affiliates.endpoints import verify_event
from affiliates.endpoints.delivery import ANSWER_WITHIN, WAITS
from affiliates.endpoints.managing import (
    BOTH_SECRETS_FOR,
    EndpointRefused,
    add_endpoint,
    delete_endpoints,
    failed_just_now,
    pause,
    replace_secret,
    resume,
    send_again,
)
from affiliates.endpoints.outbox import send_test
from privacy.admin_base.acting_user import acting_user
from privacy.encryption.validators import validate_no_card_number
from privacy.registry.policy_gate import NotInEffect
from privacy.web.idempotency import secret_page
from privacy.web.long_lists import LongListPaginator
from privacy.web.personal_data_form import PersonalDataForm
from privacy.web.public_https import TOO_LONG, URLRefused, clean_url
from privacy.web.rate_limits import has_room

from ..models import CHOSEN, MOST_ENDPOINTS, Endpoint, EndpointDelivery, EventKind
from ..models.endpoint import KEPT_DAYS
from .base import AffiliateView, PortalPage
from .commissions import query_without_page

EXAMPLE = getsource(verify_event)
PER_PAGE = 50
SENDINGS_PER_HOUR = 60  # tests and repetitions of one affiliate


class KindsForm(forms.Form):
    kinds = forms.TypedMultipleChoiceField(
        label="Events",
        choices=[(kind.value, kind.label) for kind in CHOSEN],
        coerce=EventKind,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one event."},
    )


class EndpointForm(PersonalDataForm, KindsForm):
    stores = Endpoint

    url = forms.CharField(
        label="Address of your server",
        max_length=1000,  # more than an address may have, so that a browser doesn't cut it off silently
        help_text="It starts with https:// and answers on port 443 with a certificate for its name.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
        validators=[validate_no_card_number],
        error_messages={
            "required": "Enter the address, such as https://hooks.example.com/sales.",
            "max_length": TOO_LONG,
        },
    )
    field_order = ("url", "kinds")

    def clean_url(self) -> str:
        try:
            return clean_url(self.cleaned_data["url"] or "")
        except URLRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


class EndpointsPage(PortalPage, FormView[EndpointForm]):
    template_name = "affiliates/portal/endpoints.html"
    tab = "events"
    form_class = EndpointForm

    def get_initial(self) -> dict[str, Any]:
        return {"kinds": list(CHOSEN)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        endpoints = Endpoint.objects.filter(affiliate=self.affiliate)
        return super().get_context_data(endpoints=endpoints, most=MOST_ENDPOINTS, example=EXAMPLE, **kwargs)

    def form_valid(self, form: EndpointForm) -> HttpResponse:
        chosen = form.cleaned_data
        try:
            endpoint = add_endpoint(affiliate=self.affiliate, url=chosen["url"], kinds=chosen["kinds"])
        except EndpointRefused as refused:
            form.add_error("url", str(refused))
        except NotInEffect:
            form.add_error(None, "Endpoints can't be added yet, because our privacy policy has to cover them first.")
        else:
            return show_secret(self, endpoint, str(endpoint.secret))
        return self.form_invalid(form)


def show_secret(view: PortalPage, endpoint: Endpoint, secret: str) -> HttpResponse:
    """The only page with the secret: the answer to the form that made it, unless that is sent again."""
    context = {"affiliate": view.affiliate, "tab": "events", "endpoint": endpoint}
    shown, again = (
        render(view.request, "affiliates/portal/endpoint_secret.html", {**context, "secret": each})
        for each in (secret, "")
    )
    return secret_page(shown, again=again)


class OneEndpoint(AffiliateView):
    """A view of an endpoint of the affiliate's own."""

    def endpoint(self) -> Endpoint:
        endpoint = Endpoint.objects.filter(affiliate=self.affiliate, pk=self.kwargs["pk"]).first()
        if endpoint is None:
            raise Http404("There is no such endpoint in this account.")
        return endpoint


class EndpointPage(OneEndpoint, PortalPage, FormView[KindsForm]):
    """What was sent, and a form that chooses the events."""

    template_name = "affiliates/portal/endpoint.html"
    tab = "events"
    form_class = KindsForm

    def get_initial(self) -> dict[str, Any]:
        return {"kinds": self.endpoint().chosen}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        endpoint, only_dead = self.endpoint(), self.request.GET.get("state") == "dead"
        found = endpoint.deliveries.prefetch_related("tries").defer("body")
        lines = LongListPaginator(found.dead() if only_dead else found, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            endpoint=endpoint,
            lines=lines,
            only_dead=only_dead,
            dead=endpoint.deliveries.dead().without_tests().count(),
            has_dead=endpoint.deliveries.dead().exists(),
            query=query_without_page(self.request.GET),
            attempts=len(WAITS) + 1,
            seconds=ANSWER_WITHIN,
            kept_days=KEPT_DAYS,
            hours=int(BOTH_SECRETS_FOR.total_seconds() // 3600),
            **kwargs,
        )

    def form_valid(self, form: KindsForm) -> HttpResponse:
        endpoint = self.endpoint()
        Endpoint.objects.filter(pk=endpoint.pk).update(kinds=" ".join(form.cleaned_data["kinds"]))
        messages.success(self.request, "Saved. The next events follow your choice.")
        return redirect("affiliates:portal_endpoint", endpoint.pk)


class EndpointButton(OneEndpoint):
    """A button of an endpoint's page, which is shown again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        endpoint = self.endpoint()
        self.press(endpoint)
        return redirect("affiliates:portal_endpoint", endpoint.pk)

    def press(self, endpoint: Endpoint) -> None:
        raise NotImplementedError

    def may_send(self, endpoint: Endpoint) -> bool:
        """Whether it is active, has not failed just now, and not too much was sent by hand in this hour; otherwise the
        page says so."""
        now = timezone.now()
        if not endpoint.is_active:
            messages.error(self.request, "Nothing is sent while the endpoint is not active. Resume it first.")
        elif failed_just_now(endpoint, now=now):
            messages.error(self.request, "Your server didn't accept the last event. Try again in a minute.")
        elif not has_room("endpoints", str(self.affiliate.pk), slots=SENDINGS_PER_HOUR, now=now):
            messages.error(self.request, "You have sent a lot in this hour. Try again in the next one.")
        else:
            return True
        return False


class SendTest(EndpointButton):
    def press(self, endpoint: Endpoint) -> None:
        if not self.may_send(endpoint):
            return
        if send_test(endpoint):
            messages.success(self.request, "A test event is on its way. Reload this page to see what became of it.")
        else:
            messages.info(self.request, "A test event is already on its way. Reload this page in a moment.")


class PauseEndpoint(EndpointButton):
    def press(self, endpoint: Endpoint) -> None:
        pause(endpoint)
        messages.success(self.request, f"Paused. Events wait here, for up to {KEPT_DAYS} days.")


class ResumeEndpoint(EndpointButton):
    def press(self, endpoint: Endpoint) -> None:
        resume(endpoint, now=timezone.now())
        messages.success(self.request, "Resumed. Events that waited are sent in the next minutes.")


class SendDeadAgain(EndpointButton):
    """All events that failed, without tests, which nobody misses."""

    def press(self, endpoint: Endpoint) -> None:
        dead = EndpointDelivery.objects.filter(endpoint=endpoint).dead().without_tests()
        if not dead.exists():
            messages.info(self.request, "No event has failed.")
        elif self.may_send(endpoint):
            count = send_again(dead, endpoint, now=timezone.now())
            events = "1 event is" if count == 1 else f"{count} events are"
            messages.success(self.request, f"{events} sent again, under the same ids.")


class SendAgain(EndpointButton):
    """One event, whether it was delivered or failed."""

    def press(self, endpoint: Endpoint) -> None:
        deliveries = EndpointDelivery.objects.filter(endpoint=endpoint, event_id=self.kwargs["event_id"])
        if not deliveries.exists():
            raise Http404("There is no such event of this endpoint.")
        if self.may_send(endpoint):
            if send_again(deliveries, endpoint, now=timezone.now()):
                messages.success(self.request, "The event is sent again, under the same id.")
            else:
                messages.info(self.request, "This event is already being sent.")


class ReplaceSecret(OneEndpoint, PortalPage):
    """Shows the new secret, once."""

    tab = "events"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        endpoint = self.endpoint()
        return show_secret(self, endpoint, replace_secret(endpoint, now=timezone.now()))


class DeleteEndpoint(OneEndpoint):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        delete_endpoints(Endpoint.objects.filter(pk=self.endpoint().pk), actor=acting_user(request))
        messages.success(request, "The endpoint and its events are deleted.")
        return redirect("affiliates:portal_endpoints")
