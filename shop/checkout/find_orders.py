"""Finding orders again: their links are mailed to the address they were placed with."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import FormView, TemplateView

from privacy.encryption.email_field import EmailAddressField
from privacy.mail.rate_limits import may_mail_address, seconds_to_wait
from privacy.web.idempotency import kept_in_history
from shop.delivery.order_links import request_order_links


class FindOrdersForm(forms.Form):
    email = EmailAddressField(
        label="Email address", help_text="The one you ordered with. We send the links to this address only."
    )


@kept_in_history
class FindOrdersView(FormView[FindOrdersForm]):
    """Does the same for every address, so that nobody learns who bought something."""

    template_name = "shop/find_orders.html"
    form_class = FindOrdersForm
    request: HttpRequest

    def form_valid(self, form: FindOrdersForm) -> HttpResponse:
        now, email = timezone.now(), form.cleaned_data["email"]
        if wait := seconds_to_wait(self.request, form="find orders", email=email, now=now):
            context = self.get_context_data(form=form, nothing_sent=True)
            return self.render_to_response(context, status=429, headers={"Retry-After": str(wait)})
        if may_mail_address(email, form="find orders", now=now):
            request_order_links(email=email)
        return redirect("shop:find_orders_sent")


class FindOrdersSentView(TemplateView):
    """The text is the same for every address."""

    template_name = "shop/find_orders_sent.html"
