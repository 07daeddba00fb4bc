"""Public pages for privacy requests."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from privacy.erasure.consequences import DeletionPrevented, consequences_for, usable_purchases
from privacy.erasure.erase import plan_erasure
from privacy.mail.link_mail_limits import acquire_for_network
from privacy.models.request import REFERENCE
from privacy.registry.declarations import personal_models
from privacy.web.client_address import client_address
from privacy.web.idempotency import kept_in_history, result_page

from ..models import PrivacyRequest
from .answers import (
    answer_with_archive,
    answer_with_deletion,
    answer_with_opt_out,
    archive_before_deletion,
    archive_behind,
    report_behind,
)
from .base import Kind
from .confirmation import MailedLink, leave_to_staff, mailed_link
from .correction import correct, correctable_values, correction_behind, invite_to_correct
from .deletion_report import gone, staying
from .forms import CorrectionForm, DeletionForm, PrivacyRequestForm
from .intake import receive_request


@kept_in_history
class RequestView(FormView[PrivacyRequestForm]):
    """Receives a request. It only stores, so the response is the same for every address."""

    template_name = "privacy/request.html"
    form_class = PrivacyRequestForm

    def get_initial(self) -> dict[str, Any]:
        """Preselects the kind in the query string (`?kind=deletion`), used by the page of expired links."""
        return {**super().get_initial(), "kind": self.request.GET.get("kind", "")}

    def form_valid(self, form: PrivacyRequestForm) -> HttpResponse:
        now = timezone.now()
        mailed = acquire_for_network(client_address(self.request), now=now)
        request = receive_request(now=now, mailed=mailed, **form.cleaned_data)
        return redirect("privacy:request_sent", request.reference)


class RequestSentView(TemplateView):
    """Says what happens next. The text is the same for every request."""

    template_name = "privacy/request_sent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not REFERENCE.fullmatch(self.kwargs["reference"]):  # show no arbitrary text
            raise Http404("Invalid reference number.")
        return super().get_context_data(mails_per_address=settings.PRIVACY_MAILS_PER_ADDRESS, **kwargs)


@method_decorator(never_cache, name="dispatch")
class MailedLinkView(View):
    """Base view for mailed links; shows a help page for invalid tokens."""

    link: MailedLink

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        link = mailed_link(kwargs["token"])
        if link is None:
            return link_expired_page(request, why="unknown", kind="")
        self.link = link
        return super().dispatch(request, *args, **kwargs)

    def page(self, waiting: list[PrivacyRequest], form: DeletionForm | None = None) -> HttpResponse:
        """The page with pending requests and a button per kind."""
        by_kind = sorted(waiting, key=lambda request: request.kind)
        groups = [(Kind(kind), list(same)) for kind, same in groupby(by_kind, key=lambda request: request.kind)]
        context = {"groups": groups, "token": self.link.token, "link_expires_at": self.link.request.link_expires_at}
        if any(kind == Kind.DELETION for kind, _ in groups):
            context |= deletion_page(str(self.link.request.email), form)
        return render(self.request, "privacy/confirm.html", context)

    def already_confirmed_page(self, kind: str) -> HttpResponse:
        """The result of requests that were already confirmed, if still available."""
        if kind in Kind.values and (confirmed := self.link.confirmed(kind)):
            own_page = self.own_page_of(confirmed)
            return redirect(*own_page) if own_page else redirect("privacy:result", self.link.token, kind)
        why = "expired" if self.link.request.awaits_confirmation else "used"
        return link_expired_page(self.request, why=why, kind=self.link.request.kind)

    def own_page_of(self, confirmed: PrivacyRequest) -> tuple[str, str] | None:
        """URL name and token of the archive or correction page, if still available."""
        token, now = self.link.token_for(confirmed), timezone.now()
        if archive_behind(token, now=now):
            return "privacy:archive", token
        return ("privacy:correct", token) if correction_behind(token, now=now) else None


class ConfirmRequestView(MailedLinkView):
    """Confirms requests. Only POST acts, because mail scanners follow links."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        waiting = self.link.waiting(timezone.now())
        return self.page(waiting) if waiting else self.already_confirmed_page(self.link.request.kind)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Confirms one kind of request; by default that of the link's own request."""
        kind, now, license_choice = request.POST.get("kind", self.link.request.kind), timezone.now(), ""
        if kind == Kind.DELETION and self.link.waits_for(kind, now):
            form = DeletionForm(request.POST, usable=usable_purchases(str(self.link.request.email)))
            if not form.is_valid():
                return self.page(self.link.waiting(now), form)
            license_choice = form.cleaned_data["license"]
        try:
            with transaction.atomic():  # if answering fails, the link stays valid
                confirmed = self.link.confirm(kind, now=now)
                if confirmed is not None:
                    _answer(self.link, confirmed, keep_usable=license_choice == DeletionForm.KEEP)
        except DeletionPrevented:
            return self.page(self.link.waiting(now))  # shows what prevents it
        return self.already_confirmed_page(kind)


def _answer(link: MailedLink, confirmed: PrivacyRequest, *, keep_usable: bool) -> None:
    """Answers access, deletion and stop-contact requests immediately; the person makes corrections; staff do the
    rest."""
    now, token = timezone.now(), link.token_for(confirmed)
    if confirmed.kind == Kind.ACCESS:
        answer_with_archive(request=confirmed, token=token, now=now)
    elif confirmed.kind == Kind.CORRECTION:
        invite_to_correct(request=confirmed, token=token, now=now)
    elif confirmed.kind == Kind.DELETION:
        answer_with_deletion(request=confirmed, keep_usable=keep_usable, token=token, now=now)
    elif confirmed.kind == Kind.STOP_CONTACT:
        answer_with_opt_out(request=confirmed, now=now)
    else:
        leave_to_staff(request=confirmed)


class ResultView(MailedLinkView):
    """The result of the confirmed requests of one kind, also when opened again later."""

    def get(self, request: HttpRequest, token: str, kind: str) -> HttpResponse:
        confirmed = self.link.confirmed(kind) if kind in Kind.values else None
        if confirmed is None:
            raise Http404("Nothing of this kind was confirmed with this link.")
        if own_page := self.own_page_of(confirmed):
            return redirect(*own_page)
        report = report_behind(self.link.token_for(confirmed), now=timezone.now())
        if report is None and kind not in PrivacyRequest.NEEDS_NO_PROOF:
            return link_expired_page(request, why="used", kind=kind)
        context = {"privacy_request": confirmed, "report": report, "site_url": settings.SITE_URL}
        return render(request, "privacy/answered.html", context)


class ArchiveFirstView(MailedLinkView):
    """Downloads the archive before a deletion. The link stays valid, and nothing is stored."""

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        deletion = self.link.waits_for(Kind.DELETION, now)
        if deletion is None:
            return self.already_confirmed_page(Kind.DELETION)
        return zip_file(archive_before_deletion(request=deletion, now=now))


def deletion_page(email: str, form: DeletionForm | None = None) -> dict[str, Any]:
    """Context of the deletion form: what will be deleted, what is kept and why, which purchases keep working."""
    usable, consequences = usable_purchases(email), consequences_for(email)
    of_the_choice = {declaration.label for declaration in personal_models() if declaration.kept_usable and usable}
    plan = [line for line in plan_erasure(email=email) if line.label not in of_the_choice]
    return {
        "gone": gone(plan),
        "staying": staying(plan),
        "usable": usable,
        "consequences": consequences,
        "is_prevented": any(consequence.prevents for consequence in consequences),
        "deletion_form": form or DeletionForm(usable=usable),
    }


def link_expired_page(request: HttpRequest, *, why: str, kind: str) -> HttpResponse:
    """Explains why a link no longer works (used, expired, unknown, gone) and offers a new one of the same kind."""
    return render(request, "privacy/link_used.html", {"why": why, "kind": kind}, status=410)


@method_decorator(never_cache, name="dispatch")
class CorrectView(View):
    """The form to correct one's own data."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        waiting = correction_behind(kwargs["token"], now=timezone.now())
        if waiting is None:
            return link_expired_page(request, why="used", kind=Kind.CORRECTION)
        self.privacy_request = waiting
        self.form = CorrectionForm(
            request.POST if request.method == "POST" else None, values=correctable_values(str(waiting.email))
        )
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return render(request, "privacy/correct.html", {"form": self.form, "privacy_request": self.privacy_request})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        if not self.form.is_valid():
            return self.get(request, token)
        message = self.form.cleaned_data["message"]
        changed = correct(
            request=self.privacy_request, values=self.form.corrections(), message=message, now=timezone.now()
        )
        context = {"privacy_request": self.privacy_request, "changed": changed, "message": message}
        return result_page(render(request, "privacy/corrected.html", context))


@method_decorator(never_cache, name="dispatch")
class ArchiveView(View):
    """The archive's page and its download."""

    def get(self, request: HttpRequest, token: str, *, download: bool = False) -> HttpResponse:
        archive = archive_behind(token, now=timezone.now())
        if archive is None:
            return link_expired_page(request, why="gone", kind=Kind.ACCESS)
        if not download:
            return render(request, "privacy/archive.html", {"archive": archive, "token": token})
        return zip_file(archive.content)


def zip_file(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="your-data.zip"'
    return response
