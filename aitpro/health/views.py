"""`/healthz`, `/readyz` and `/metrics`. Strangers learn a status; the parts and figures are for the operator."""

from __future__ import annotations

import hmac
import ipaddress
import logging

from django.conf import settings
from django.db import OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from .gauges import SiteCollector
from .lookout import OK
from .parts import CACHE, readiness, shared_cache
from .request_metrics import processes

logger = logging.getLogger(__name__)

FORWARDING = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 if the database answers: also without the shared cache, the site serves pages and keeps what people send."""
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        logger.error("the database does not answer")
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok" if shared_cache.states()[CACHE] == OK else "degraded"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if every part works, else 503. The states of the parts are for the operator."""
    states = readiness.states()
    is_ready = set(states.values()) == {OK}
    body: dict[str, str | dict[str, str]] = {"status": "ready" if is_ready else "not ready"}
    if _is_on_this_machine(request) or _has_token(request):
        body["parts"] = states
    return JsonResponse(body, status=200 if is_ready else 503)


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus. Without `METRICS_TOKEN` there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if settings.HTTPS and not request.is_secure() and not _is_on_this_machine(request):
        return _refusal(403, f"Please use {settings.SITE_URL}: the token must not be sent unencrypted.")
    if not _has_token(request):
        return _refusal(401, "The token is missing or wrong.")
    registry = CollectorRegistry()
    registry.register(SiteCollector())
    if (collector := processes()) is not None:
        registry.register(collector)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _refusal(status: int, text: str) -> HttpResponse:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return HttpResponse(text, status=status, headers=headers, content_type="text/plain; charset=utf-8")


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    sent, known = token.strip().encode(), settings.METRICS_TOKEN.encode()
    return bool(known) and scheme.lower() == "bearer" and hmac.compare_digest(sent, known)


def _is_on_this_machine(request: HttpRequest) -> bool:
    """Whether a program of this machine asks, not a proxy that passes on what a visitor asks."""
    if any(name in request.headers for name in FORWARDING):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a Unix socket: its peer is the proxy
        return False
