"""The policy, and the pages on which people exercise their rights."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from .forms import PrivacyRequestForm
from .models import PrivacyRequest
from .promises import PROMISES
from .registry import personal_models
from .requests import (
    answer_with_archive,
    answer_with_deletion,
    answer_with_opt_out,
    archive_behind,
    confirm_request,
    receive_request,
    request_behind,
)

Kind = PrivacyRequest.Kind


class PolicyView(TemplateView):
    """The policy: the promises, and the table of what is kept, printed from the registry itself."""

    template_name = "privacy/policy.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        declarations = sorted(personal_models(), key=lambda declaration: declaration.label)
        return super().get_context_data(promises=PROMISES, declarations=declarations, **kwargs)


@method_decorator(never_cache, name="dispatch")
class RequestView(FormView[PrivacyRequestForm]):
    """Takes a request. What it answers is the same for every address."""

    template_name = "privacy/request.html"
    form_class = PrivacyRequestForm

    def form_valid(self, form: PrivacyRequestForm) -> HttpResponse:
        receive_request(now=timezone.now(), **form.cleaned_data)
        return redirect("privacy:request_sent")


@method_decorator(never_cache, name="dispatch")
class ConfirmView(View):
    """Behind the mailed link: a button. Only pressing it does anything, because programs follow links too."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        waiting = request_behind(token, now=timezone.now())
        if waiting is None:
            return render(request, "privacy/link_used.html", status=410)
        return render(request, "privacy/confirm.html", {"privacy_request": waiting})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        confirmed = confirm_request(token=token, now=timezone.now())
        if confirmed is None:
            return render(request, "privacy/link_used.html", status=410)
        return _answer(request, confirmed)


def _answer(request: HttpRequest, confirmed: PrivacyRequest) -> HttpResponse:
    """Access, deletion and opt-out are answered at once; a person answers the rest."""
    now = timezone.now()
    if confirmed.kind == Kind.ACCESS:
        return redirect("privacy:archive", answer_with_archive(request=confirmed, now=now))
    report = None
    if confirmed.kind == Kind.DELETION:
        report = answer_with_deletion(request=confirmed, now=now)
    elif confirmed.kind == Kind.STOP_CONTACT:
        answer_with_opt_out(request=confirmed, now=now)
    return render(request, "privacy/answered.html", {"privacy_request": confirmed, "report": report})


@method_decorator(never_cache, name="dispatch")
class ArchiveView(View):
    """The page behind the archive's link, and the file itself."""

    def get(self, request: HttpRequest, token: str, *, download: bool = False) -> HttpResponse:
        archive = archive_behind(token, now=timezone.now())
        if archive is None:
            raise Http404("This archive is gone. You can ask for a new one at any time.")
        if not download:
            return render(request, "privacy/archive.html", {"archive": archive, "token": token})
        response = HttpResponse(archive.content, content_type="application/zip")
        response.headers["Content-Disposition"] = 'attachment; filename="what-we-keep-about-you.zip"'
        return response
