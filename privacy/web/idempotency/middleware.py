"""The idempotency middleware. It runs outside the session middleware, whose cookie is part of the response, and after
the CSRF check, so that forged forms never get a stored response."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from privacy.databases.outages import is_outage
from privacy.models.submitted_form import SubmittedForm, SubmittedFormQuerySet

from .after_outages import do_after_outage
from .key import FormKey, form_key
from .replay import from_bytes, is_repeatable, is_result, to_bytes

LOOKS, PAUSE = 200, 0.1  # how often, and at which interval in seconds, a second request polls for the first response


class FormKeyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        claimed: tuple[FormKey, SubmittedForm] | None = getattr(request, "claimed_form", None)
        if claimed:
            _without_failing(partial(_settle, *claimed, response))
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if is_repeatable(view) or (key := form_key(request)) is None:
            return None
        for _ in range(LOOKS):
            form = SubmittedForm(digest=key.digest, claimed_at=timezone.now())
            if _claim(form):
                request.claimed_form = key, form  # type: ignore[attr-defined]
                return None
            answer = SubmittedForm.objects.filter(digest=key.digest).values_list("answer", flat=True).first()
            if answer is not None:
                return from_bytes(key.open(bytes(answer)))
            time.sleep(PAUSE)
        response = render(request, "privacy/still_at_work.html", status=503)
        response["Retry-After"] = "10"
        return response


def _claim(form: SubmittedForm) -> bool:
    """An outage may come between the claim and the answer that it succeeded."""
    try:
        return SubmittedForm.objects.claim(form.digest, now=form.claimed_at)
    except Exception as error:
        if is_outage(error):
            do_after_outage(_claimed(form).delete)
        raise


def keep_result(request: HttpRequest, response: HttpResponse) -> None:
    """For a view's transaction: if the process is killed after its commit, the form sent again gets this response and
    does nothing twice. What is added to the response later is kept as well, unless the process is killed."""
    claimed: tuple[FormKey, SubmittedForm] | None = getattr(request, "claimed_form", None)
    if claimed:
        key, form = claimed
        _claimed(form).update(answer=key.seal(to_bytes(response)))


def _claimed(form: SubmittedForm) -> SubmittedFormQuerySet:
    return SubmittedForm.objects.filter(digest=form.digest, claimed_at=form.claimed_at)


def _without_failing(settle: Callable[[], object]) -> None:
    """The response is ready: whoever waits for it gets it, also if the database went away."""
    try:
        settle()
    except Exception as error:
        if not is_outage(error):
            raise
        do_after_outage(settle)


def _settle(key: FormKey, form: SubmittedForm, response: HttpResponse) -> None:
    """Stores the response if the work is done, also under the new session if there is one; otherwise releases the key,
    so that the form can be submitted again. Does nothing if another request has taken over."""
    claimed = _claimed(form)
    if not is_result(response):
        claimed.delete()
        return
    answer = to_bytes(response)
    claimed.update(answer=key.seal(answer))
    if settings.SESSION_COOKIE_NAME in response.cookies:
        key = FormKey(key.sent, session=response.cookies[settings.SESSION_COOKIE_NAME].value)
        SubmittedForm.objects.update_or_create(
            digest=key.digest, defaults={"claimed_at": form.claimed_at, "answer": key.seal(answer)}
        )
