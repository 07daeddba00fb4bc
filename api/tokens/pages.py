"""The pages on which affiliates, in their portal, and staff, in the admin, make and revoke their tokens.

A new token is shown on the page that answers the form, and stored nowhere: the form sent again says that it was made
already. Making one asks for the password again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import site
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View
from django.views.generic.base import ContextMixin, TemplateResponseMixin

from affiliates.portal.base import AffiliateView, PortalPage
from api.models import ApiToken
from api.scopes import OWN, Scope, scopes_for_staff
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from privacy.web.idempotency import secret_page

from .forms import TokenForm
from .making import make_token, own_token, revoke_token


class TokensMixin(TemplateResponseMixin, ContextMixin):
    """The list of the user's own tokens, and the form."""

    form_class = TokenForm
    request: HttpRequest
    page_url: str  # URL name
    revoke_url: str

    def offered(self) -> Sequence[Scope]:
        """The scopes that the user may choose."""
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        offered = self.offered()
        tokens = ApiToken.objects.of(acting_user(self.request))
        context = {
            "tokens": [(token, reverse(self.revoke_url, args=[token.pk])) for token in tokens],
            "form": TokenForm(offered=offered) if offered else None,
            "page_url": reverse(self.page_url),
        }
        return super().get_context_data(**{**context, **kwargs})

    @method_decorator(confirmed_recently)
    def post(self, request: HttpRequest) -> HttpResponse:
        offered = self.offered()
        if not offered:
            return redirect(self.page_url)
        form = TokenForm(request.POST, offered=offered)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        chosen = form.cleaned_data
        try:
            made, token = make_token(owner=acting_user(request), now=timezone.now(), **chosen)
        except ActionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.render_to_response(self.get_context_data(form=form))
        shown, again = (self.render_to_response(self.get_context_data(made=made, token=each)) for each in (token, ""))
        return secret_page(shown, again=again)


class PortalTokensPage(TokensMixin, PortalPage):
    template_name = "api/portal_tokens.html"
    tab = "profile"
    terms_not_required = True
    page_url, revoke_url = "api:portal_tokens", "api:portal_revoke"

    def offered(self) -> Sequence[Scope]:
        return OWN if self.affiliate.is_active else ()


class PortalRevokeView(AffiliateView):
    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return _revoke(request, pk, PortalTokensPage.page_url)


@method_decorator([never_cache, site.admin_view], name="dispatch")
class StaffTokensPage(TokensMixin, TemplateView):
    """Open to all staff: the form offers what their role may see, and nothing to those without one."""

    template_name = "api/staff_tokens.html"
    page_url, revoke_url = "api:staff_tokens", "api:staff_revoke"

    def offered(self) -> Sequence[Scope]:
        return scopes_for_staff(acting_user(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{**site.each_context(self.request), "title": "Your API tokens", **kwargs})


@method_decorator([never_cache, site.admin_view], name="dispatch")
class StaffRevokeView(View):
    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return _revoke(request, pk, StaffTokensPage.page_url)


def _revoke(request: HttpRequest, pk: UUID, page: str) -> HttpResponse:
    user = acting_user(request)
    token = own_token(user, pk)
    if token is None:
        raise Http404("There is no such token in this account.")
    revoke_token(token=token, actor=user)
    messages.success(request, "The token is revoked. It can't be used any more.")
    return redirect(page)
