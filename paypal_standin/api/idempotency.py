"""Idempotency by PayPal-Request-Id: the same request twice is done once.

The first answer is 201, a repetition gets the same body with 200, and one that comes while
the first is still running gets 409. A refused request is not kept: its key may be used again.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from paypal_standin import clock, faults
from paypal_standin.models import Replay

from .errors import in_progress, malformed

View = Callable[..., HttpResponse]
# A claim this old was abandoned by its process.
ABANDONED = timedelta(seconds=120)


def once(*, kept: timedelta) -> Callable[[View], View]:
    """Run the view once per key, in one transaction, and keep the response for `kept`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            key = request.headers.get("PayPal-Request-Id", "")
            if len(key) > 108:
                raise malformed("INVALID_STRING_LENGTH", "PayPal-Request-Id")
            if not key:
                with transaction.atomic():
                    return view(request, *args, **kwargs)
            claim, is_new = _claim(request.path, key, kept)
            return _run_once(claim, view, request, *args, **kwargs) if is_new else _replay(claim)

        return wrapped

    return decorate


def _claim(operation: str, key: str, kept: timedelta) -> tuple[Replay, bool]:
    now = clock.now()
    mine = Replay.objects.filter(operation=operation, key=key)
    with transaction.atomic():
        mine.filter(started_at__lt=now - kept).delete()
        mine.filter(status=None, started_at__lt=now - ABANDONED).delete()
        return Replay.objects.get_or_create(operation=operation, key=key, defaults={"started_at": now})


def _replay(claim: Replay) -> HttpResponse:
    if claim.status is None:
        raise in_progress()
    return HttpResponse(claim.body, content_type="application/json")


def _run_once(claim: Replay, view: View, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    try:
        faults.delay(request.path)
        with transaction.atomic():
            answer = view(request, *args, **kwargs)
            claim.status, claim.body = answer.status_code, answer.content.decode()
            claim.save(update_fields=["status", "body"])
            return answer
    except BaseException:
        # After any error, the key must be free again.
        Replay.objects.filter(pk=claim.pk).delete()
        raise
