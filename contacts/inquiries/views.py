"""The contact page."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import FormView, TemplateView

from contacts.documents.attachments import may_attach
from contacts.models import REFERENCE, Inquiry, Service
from privacy.mail.rate_limits import may_hold_message, may_send_mail
from privacy.web.client_address import client_address
from privacy.web.idempotency import keep_result, kept_in_history
from privacy.web.rate_limits import seconds_left

from .forms import ContactForm
from .workflow import receive_inquiry

TOO_MANY_FILES = "We can't take more files today. Send the message without them, and we will ask for them."


@kept_in_history
class ContactView(FormView[ContactForm]):
    template_name = "contacts/contact.html"
    form_class = ContactForm

    def get_initial(self) -> dict[str, str]:
        """`?kind=quote&service=design` preselects the kind and the project; unknown values are ignored."""
        kind, service = (self.request.GET.get(name, "") for name in ("kind", "service"))
        initial = {"kind": kind if kind in Inquiry.Kind.values else Inquiry.Kind.QUESTION}
        if kind == Inquiry.Kind.QUOTE and service:
            initial["project"] = next((each.name for each in Service.objects.offered() if each.slug == service), "")
        return initial

    def form_valid(self, form: ContactForm) -> HttpResponse:
        """Above the mail limit of its network or address, a message is held, not refused: a neighbor's flood must not
        block the form for others."""
        now, email = timezone.now(), form.cleaned_data["email"]
        if form.cleaned_data["attachments"] and not may_attach(client_address(self.request), now=now):
            form.add_error("attachments", TOO_MANY_FILES)
            return self.form_invalid(form)
        is_mailed = not form.is_suspicious() and may_send_mail(self.request, form="contact", email=email, now=now)
        if not is_mailed and not may_hold_message(self.request, form="contact", now=now):
            return self._too_many(form)
        files = form.cleaned_data["attachments"]
        with transaction.atomic():
            inquiry = receive_inquiry(inquiry=form.save(commit=False), held=not is_mailed, files=files)
            response = redirect("contacts:thanks", reference=inquiry.reference)
            keep_result(self.request, response)
        return response

    def _too_many(self, form: ContactForm) -> HttpResponse:
        """Shows the form again with its content; nothing is stored, and the page says what to do instead."""
        seconds = seconds_left(timezone.now())
        context = self.get_context_data(form=form, wait_minutes=seconds // 60 + 1)
        return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})


class ThanksView(TemplateView):
    """Shows the reference number. The URL can't inject any other text."""

    template_name = "contacts/thanks.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not REFERENCE.fullmatch(self.kwargs["reference"]):
            raise Http404("No message has such a number.")
        return super().get_context_data(**kwargs)
