"""The contact page."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView

from .forms import ContactForm
from .inquiries import receive_inquiry
from .models import REFERENCE, Inquiry


@method_decorator(never_cache, name="dispatch")
class ContactView(FormView[ContactForm]):
    template_name = "contacts/contact.html"
    form_class = ContactForm

    def get_initial(self) -> dict[str, str]:
        """`?kind=quote` chooses what the message is about; anything else is left alone."""
        kind = self.request.GET.get("kind", "")
        return {"kind": kind if kind in Inquiry.Kind.values else Inquiry.Kind.QUESTION}

    def form_valid(self, form: ContactForm) -> HttpResponse:
        inquiry = receive_inquiry(inquiry=form.save(commit=False))
        return redirect("contacts:thanks", reference=inquiry.reference)


class ThanksView(TemplateView):
    """Shows the reference number, which names nobody. Nobody else's words are shown on it."""

    template_name = "contacts/thanks.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not REFERENCE.fullmatch(self.kwargs["reference"]):
            raise Http404("No message has such a number.")
        return super().get_context_data(**kwargs)
