"""The contact page, and the page behind the link to a document."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from privacy.mail.rate_limits import may_be_held, may_cause_mail
from privacy.web.idempotency import kept_in_history
from privacy.web.rate_limits import seconds_left

from .documents.sharing import document_behind, fetch_document
from .inquiries.forms import ContactForm
from .inquiries.workflow import receive_inquiry
from .models import REFERENCE, Document, Inquiry


@kept_in_history
class ContactView(FormView[ContactForm]):
    template_name = "contacts/contact.html"
    form_class = ContactForm

    def get_initial(self) -> dict[str, str]:
        """`?kind=quote` chooses what the message is about; anything else is left alone."""
        kind = self.request.GET.get("kind", "")
        return {"kind": kind if kind in Inquiry.Kind.values else Inquiry.Kind.QUESTION}

    def form_valid(self, form: ContactForm) -> HttpResponse:
        """Beyond the mails that its network or address may cause, a message is held, not refused: a neighbor's flood
        must not close the form to others."""
        now, email = timezone.now(), form.cleaned_data["email"]
        is_mailed = not form.is_suspicious() and may_cause_mail(self.request, form="contact", email=email, now=now)
        if not is_mailed and not may_be_held(self.request, form="contact", now=now):
            return self._too_many(form)
        inquiry = receive_inquiry(inquiry=form.save(commit=False), held=not is_mailed)
        return redirect("contacts:thanks", reference=inquiry.reference)

    def _too_many(self, form: ContactForm) -> HttpResponse:
        """What was typed stays on the page; nothing is stored, and the page says so and what else to do."""
        seconds = seconds_left(timezone.now())
        context = self.get_context_data(form=form, wait_minutes=seconds // 60 + 1)
        return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})


class ThanksView(TemplateView):
    """Shows the reference number, which names nobody. Nobody else's words are shown on it."""

    template_name = "contacts/thanks.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not REFERENCE.fullmatch(self.kwargs["reference"]):
            raise Http404("No message has such a number.")
        return super().get_context_data(**kwargs)


@method_decorator(never_cache, name="dispatch")
class DocumentView(View):
    """The file behind the link in our mail, to be saved, never shown within this site."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        document = document_behind(token, now=now)
        if document is None:
            raise Http404("This link is over, or was replaced by a newer one.")
        if request.method == "HEAD":  # a program looks where the link leads; nobody has read anything
            response = download(document, b"")
            response.headers["Content-Length"] = document.size
            return response
        return download(document, fetch_document(document=document, now=now, by=None))


def download(document: Document, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=document.content_type)
    # Never kept by a proxy or the browser's cache; the name may hold any letter.
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Content-Disposition"] = content_disposition_header(True, document.file_name) or "attachment"
    return response
