"""The base of the portal's pages: the affiliate is always the signed-in one, never one named in an address."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from affiliates.membership.terms import terms_to_accept
from affiliates.models import Affiliate
from privacy.admin_base.acting_user import acting_user

from .money_by_currency import balances_of


@method_decorator(never_cache, name="dispatch")
class AffiliateView(LoginRequiredMixin, View):
    """Any view of the portal. A visitor has to sign in; staff who are not affiliates are led to the admin, and other
    accounts to a page that says how to become one."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        instead = self.replacement() if request.user.is_authenticated else None
        return instead or super().dispatch(request, *args, **kwargs)

    def replacement(self) -> HttpResponse | None:
        """What this account gets instead of the page, if anything."""
        if self._own_affiliate is not None:
            return None
        if acting_user(self.request).is_staff:
            messages.info(self.request, "You are signed in as staff. The affiliates' portal needs their own account.")
            return redirect("admin:index")
        return render(self.request, "affiliates/not_an_affiliate.html", status=403)

    @cached_property
    def _own_affiliate(self) -> Affiliate | None:
        return Affiliate.objects.filter(user=acting_user(self.request)).first()

    @property
    def affiliate(self) -> Affiliate:
        if self._own_affiliate is None:
            raise Http404("This is not an affiliate's account.")
        return self._own_affiliate


class PortalPage(AffiliateView, TemplateView):
    """A page under a tab. `only_while_active` pages are replaced by one that says what remains available."""

    tab: ClassVar[str]
    only_while_active: ClassVar[bool] = False
    terms_not_required: ClassVar[bool] = False  # open to affiliates who have not accepted the current terms

    def replacement(self) -> HttpResponse | None:
        instead = super().replacement()
        if instead is not None:
            return instead
        if self.only_while_active and not self.affiliate.is_active:
            return self._what_remains()
        return redirect("affiliates:accept_terms") if self._asks_for_terms() else None

    def _asks_for_terms(self) -> bool:
        if self.terms_not_required or not self.affiliate.is_active:
            return False
        return terms_to_accept(self.affiliate, now=timezone.now()) is not None

    def _what_remains(self) -> HttpResponse:
        context = {"affiliate": self.affiliate, "tab": self.tab, "balances": balances_of(self.affiliate)}
        return render(self.request, "affiliates/portal/inactive.html", context)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(affiliate=self.affiliate, tab=self.tab, **kwargs)
