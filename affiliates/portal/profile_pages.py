"""The portal's profile pages: details, payout address, email notifications, new terms, and closing the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from affiliates.membership.account_state import close_affiliate
from affiliates.membership.legal_details import is_asked_for, legal_details_of, save_legal_details
from affiliates.membership.own_code import choose_code, chosen_codes_left
from affiliates.membership.payout_address import (
    HOLD,
    request_payout_email_change,
    stop_payout_email,
    stoppable_change,
    withdraw_payout_email_change,
)
from affiliates.membership.profile_forms import (
    AcceptForm,
    CloseForm,
    DetailsForm,
    LegalDetailsForm,
    NotificationsForm,
    OwnCodeForm,
    PayoutEmailForm,
)
from affiliates.membership.terms import accept_terms, terms_to_accept
from affiliates.statistics.yearly import reporting_threshold
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from privacy.consent.contact_permission import may_contact
from privacy.registry.policy_gate import NotInEffect
from privacy.registry.purposes import Channel, Purpose
from privacy.web.idempotency import result_page

from ..models import Affiliate, Commission, PayoutEmailChange, TermsVersion
from .base import AffiliateView, PortalPage
from .money_by_currency import balances_of

if TYPE_CHECKING:
    from accounts.models import User


class ProfilePage(PortalPage):
    template_name = "affiliates/portal/profile.html"
    tab = "profile"
    terms_not_required = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        email = self.affiliate.user.email or ""
        return super().get_context_data(
            change=waiting_change(self.affiliate),
            asks_for_legal_details=is_asked_for(),
            now=timezone.now(),
            acceptances=self.affiliate.acceptances.select_related("version").order_by("-accepted_at"),
            opted_out=bool(email)
            and not may_contact(channel=Channel.EMAIL, purpose=Purpose.AFFILIATE_NEWS, email=email),
            **kwargs,
        )


class ProfileFormPage(PortalPage, FormView[Any]):
    """One form of the profile, on its own page."""

    template_name = "affiliates/portal/profile_step.html"
    tab = "profile"
    terms_not_required = True
    success_url = reverse_lazy("affiliates:portal_profile")
    name: ClassVar[str]
    lead: ClassVar[str] = ""
    button: ClassVar[str] = "Save"
    done: str = "Saved."

    @property
    def user(self) -> User:
        return acting_user(self.request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(step=self, **kwargs)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        if self.take(form) is False:
            return self.form_invalid(form)
        messages.success(self.request, self.done)
        return redirect(str(self.success_url))

    def take(self, form: Any) -> bool | None:
        """Does what the form asks for. False if it could not; the form then says why."""
        raise NotImplementedError


@method_decorator(confirmed_recently, name="dispatch")
class ReauthenticatedFormPage(ProfileFormPage):
    """A form that moves money or can't be undone: it asks for the password again, since anyone may sit at an open
    browser."""


class DetailsPage(ProfileFormPage):
    form_class = DetailsForm
    name = "Name and website"

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.user.name or "", "website": self.affiliate.website or ""}

    @transaction.atomic
    def take(self, form: DetailsForm) -> None:
        self.user.name = form.cleaned_data["name"]
        self.user.save(update_fields=["name"])
        self.affiliate.website = form.cleaned_data["website"]
        self.affiliate.save(update_fields=["website"])


class LegalDetailsPage(ProfileFormPage):
    """Exists only while legal details are asked for."""

    form_class = LegalDetailsForm
    name = "Legal name and address"

    def replacement(self) -> HttpResponse | None:
        if not is_asked_for():
            raise Http404("Legal details are not asked for.")
        return super().replacement()

    @property
    def lead(self) -> str:  # type: ignore[override]
        return (
            f"If we pay you {reporting_threshold()} or more in a year, the law may require us to report it to the tax"
            " office with your legal name and postal address. We use them for that report and for nothing else. Clear"
            " both fields to delete them."
        )

    def get_initial(self) -> dict[str, Any]:
        details = legal_details_of(self.affiliate)
        return {"name": details.name, "address": details.address} if details else {}

    def take(self, form: LegalDetailsForm) -> bool | None:
        try:
            save_legal_details(affiliate=self.affiliate, **form.cleaned_data, actor=self.user)
        except ActionRefused as refusal:
            form.add_error(None, str(refusal))
            return False
        return None


class CodePage(ProfileFormPage):
    form_class = OwnCodeForm
    name = "Your code"
    button = "Use this code"
    done = "Your code is changed. Links with your former codes keep working."
    only_while_active = True
    terms_not_required = False

    @property
    def lead(self) -> str:  # type: ignore[override]
        left = chosen_codes_left(self.affiliate)
        return (
            f"Your code is {self.affiliate.code}. You can choose {left} more, and go back to a former one at any time."
            " All of your codes keep working, in links and at checkout, and none is ever given to anyone else."
        )

    def take(self, form: OwnCodeForm) -> bool | None:
        try:
            choose_code(affiliate=self.affiliate, typed=form.cleaned_data["code"], actor=self.user)
        except ActionRefused as refusal:
            form.add_error("code", str(refusal))
            return False
        except NotInEffect:
            form.add_error(None, "Codes can't be chosen yet, because our privacy policy has to cover them first.")
            return False
        return None


class PayoutEmailPage(ReauthenticatedFormPage):
    form_class = PayoutEmailForm
    name = "PayPal address"
    button = "Pay me at this address"
    done = "We have emailed you. The new address takes effect when the waiting period ends."

    @property
    def lead(self) -> str:  # type: ignore[override]
        hours = int(HOLD.total_seconds()) // 3600
        if not self.affiliate.payout_email:
            return (
                "Where should PayPal pay you? We use only an address that you enter here, never your sign-in address by"
                f" itself. Later changes, and a first address after your first sale, take effect after {hours} hours."
            )
        return (
            f"A new address takes effect after {hours} hours. Until then, payouts go to {self.affiliate.payout_email},"
            " which we notify right away."
        )

    def take(self, form: PayoutEmailForm) -> bool | None:
        try:
            change = request_payout_email_change(
                affiliate=self.affiliate, email=form.cleaned_data["email"], actor=self.user
            )
        except ActionRefused as refusal:
            form.add_error("email", str(refusal))
            return False
        if change.state == change.State.DONE:
            self.done = "Confirmed. Your payouts go to this address."
        return None


class KeepPayoutEmailView(AffiliateView):
    def post(self, request: HttpRequest) -> HttpResponse:
        if withdraw_payout_email_change(affiliate=self.affiliate, actor=acting_user(request)):
            messages.success(request, "Your payouts keep going to your current address.")
        return redirect("affiliates:portal_profile")


class NotificationsPage(ProfileFormPage):
    form_class = NotificationsForm
    name = "Email notifications"
    lead = "You always get emails about the account itself, such as new terms or a new payout address."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.affiliate}

    def take(self, form: NotificationsForm) -> None:
        self.affiliate.save(update_fields=["mail_sales", "mail_payouts", "mail_monthly", "mail_news"])


class ClosePage(ReauthenticatedFormPage):
    template_name = "affiliates/portal/close.html"
    form_class = CloseForm
    success_url = reverse_lazy("affiliates:closed")
    name = "Close your account"
    button = "Close my account"
    done = "Your account is closed."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = Commission.objects.filter(attribution__affiliate=self.affiliate)
        return super().get_context_data(
            balances=balances_of(self.affiliate),
            pending=lines.filter(state=Commission.State.PENDING).count(),
            **kwargs,
        )

    def take(self, form: CloseForm) -> bool | None:
        try:
            close_affiliate(affiliate=self.affiliate, actor=self.user)
        except ActionRefused as refusal:
            form.add_error(None, str(refusal))
            return False
        logout(self.request)
        return None


class AcceptTermsPage(ProfileFormPage):
    """Shows new terms and asks to accept them. An affiliate who has accepted them is redirected to the portal."""

    template_name = "affiliates/portal/accept_terms.html"
    form_class = AcceptForm
    success_url = reverse_lazy("affiliates:portal")
    name = "New terms"
    done = "Thank you. You have accepted the new terms."

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("affiliates:portal") if self.version is None else super().get(request, *args, **kwargs)

    @property
    def version(self) -> TermsVersion | None:
        return terms_to_accept(self.affiliate, now=timezone.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(terms=self.version, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.version.number if self.version else None}

    def take(self, form: AcceptForm) -> bool | None:
        version = self.version
        if version is not None and version.number != form.cleaned_data["version"]:
            form.add_error(None, "Newer terms took effect while you were reading. Please read these.")
            return False
        if version is not None:
            accept_terms(affiliate=self.affiliate, version=version, now=timezone.now(), actor=self.user)
        return None


@method_decorator(never_cache, name="dispatch")
class StopPayoutEmailView(View):
    """ "This wasn't me", for whoever reads the email, signed in or not. Opening the link stops nothing yet."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        change = stoppable_change(token=token, now=timezone.now())
        return self._render_change(request, change)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        change = stoppable_change(token=token, now=now)
        if change is None or not stop_payout_email(change=change, now=now):
            return self._render_change(request, None)
        return result_page(render(request, "affiliates/payout_email_stopped.html"))

    def _render_change(self, request: HttpRequest, change: PayoutEmailChange | None) -> HttpResponse:
        status = 410 if change is None else 200
        return render(request, "affiliates/stop_payout_email.html", {"change": change}, status=status)


def waiting_change(affiliate: Affiliate) -> PayoutEmailChange | None:
    return PayoutEmailChange.objects.waiting().filter(affiliate=affiliate).first()
