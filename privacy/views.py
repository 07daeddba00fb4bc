"""The policy, and the pages on which people exercise their rights."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from .forms import CorrectionForm, PrivacyRequestForm
from .models import PrivacyRequest, PromiseState
from .policy.page import policy_page
from .promises import PROMISES
from .registry import personal_models
from .requests import (
    answer_with_archive,
    answer_with_deletion,
    answer_with_opt_out,
    archive_behind,
    confirm_request,
    correct,
    correction_behind,
    invite_to_correct,
    leave_open,
    receive_request,
    request_behind,
    why_link_is_over,
)
from .requests.correction import correctable_values

Kind = PrivacyRequest.Kind


class PolicyView(TemplateView):
    """The policy: the promises, each with its state as last noted, and the table of what is kept, printed from the
    registry itself."""

    template_name = "privacy/policy.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        declarations = sorted(personal_models(), key=lambda declaration: declaration.label)
        states = {state.promise: state for state in PromiseState.objects.current()}
        promises = [(promise, states.get(promise.id)) for promise in PROMISES]
        return super().get_context_data(promises=promises, declarations=declarations, **policy_page(), **kwargs)


@method_decorator(never_cache, name="dispatch")
class RequestView(FormView[PrivacyRequestForm]):
    """Takes a request. What it answers is the same for every address."""

    template_name = "privacy/request.html"
    form_class = PrivacyRequestForm

    def get_initial(self) -> dict[str, Any]:
        """`?kind=deletion`, from the page of a link that is over, has that right chosen already."""
        return {**super().get_initial(), "kind": self.request.GET.get("kind", "")}

    def form_valid(self, form: PrivacyRequestForm) -> HttpResponse:
        receive_request(now=timezone.now(), **form.cleaned_data)
        return redirect("privacy:request_sent")


@method_decorator(never_cache, name="dispatch")
class ConfirmView(View):
    """Behind the mailed link: a button. Only pressing it does anything, because programs follow links too."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        waiting = request_behind(token, now=timezone.now())
        if waiting is None:
            return link_is_over(request, **why_link_is_over(token))
        return render(request, "privacy/confirm.html", {"privacy_request": waiting})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        with transaction.atomic():  # a link whose request could not be answered is not used up
            confirmed = confirm_request(token=token, now=timezone.now())
            if confirmed is not None:
                return _answer(request, confirmed)
        return link_is_over(request, **why_link_is_over(token))


def _answer(request: HttpRequest, confirmed: PrivacyRequest) -> HttpResponse:
    """Access, deletion and opt-out are answered at once, a correction by the person; staff answer the rest."""
    now = timezone.now()
    if confirmed.kind == Kind.ACCESS:
        return redirect("privacy:archive", answer_with_archive(request=confirmed, now=now))
    if confirmed.kind == Kind.CORRECTION:
        return redirect("privacy:correct", invite_to_correct(request=confirmed, now=now))
    report = None
    if confirmed.kind == Kind.DELETION:
        report = answer_with_deletion(request=confirmed, now=now)
    elif confirmed.kind == Kind.STOP_CONTACT:
        answer_with_opt_out(request=confirmed, now=now)
    else:
        leave_open(request=confirmed)
    return render(request, "privacy/answered.html", {"privacy_request": confirmed, "report": report, "now": now})


def link_is_over(request: HttpRequest, *, why: str, kind: str) -> HttpResponse:
    """Says what is the matter with a link (used, expired, unknown, gone) and offers a new one of the same kind."""
    return render(request, "privacy/link_used.html", {"why": why, "kind": kind}, status=410)


@method_decorator(never_cache, name="dispatch")
class CorrectView(View):
    """The person's own values, to be put right there and then."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        waiting = correction_behind(kwargs["token"], now=timezone.now())
        if waiting is None:
            return link_is_over(request, why="used", kind=Kind.CORRECTION)
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
        return render(request, "privacy/corrected.html", context)


@method_decorator(never_cache, name="dispatch")
class ArchiveView(View):
    """The page behind the archive's link, and the file itself."""

    def get(self, request: HttpRequest, token: str, *, download: bool = False) -> HttpResponse:
        archive = archive_behind(token, now=timezone.now())
        if archive is None:
            return link_is_over(request, why="gone", kind=Kind.ACCESS)
        if not download:
            return render(request, "privacy/archive.html", {"archive": archive, "token": token})
        return zip_file(archive.content)


def zip_file(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="what-we-keep-about-you.zip"'
    return response
