"""The control API for tests: faults, clock, webhook URL, and sent events."""

import json
import math
from typing import Any

from django.http import HttpRequest, HttpResponse

from . import clock, faults
from .api import payments, payouts
from .api.errors import Json
from .api.responses import json_answer
from .models import Delivery, Fault, Setting
from .webhooks import certificates
from .webhooks.sending import WEBHOOK_EVENTS, WEBHOOK_URL, headers, send_to, subscribed_events


def _problem(message: str) -> HttpResponse:
    return json_answer({"error": message}, 400)


def _read(request: HttpRequest) -> Json:
    try:
        data = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def list_faults(request: HttpRequest) -> HttpResponse:
    """GET /standin/faults: those that are still waiting."""
    names = ("id", "kind", "path_contains", "times", "seconds", "issue")
    return json_answer({"faults": list(Fault.objects.filter(times__gt=0).order_by("id").values(*names))})


def add_fault(request: HttpRequest) -> HttpResponse:
    """POST /standin/faults `{"kind", "path_contains", "times", "seconds", "issue"}`; only `kind` is needed."""
    data = {"path_contains": "", "times": 1, "seconds": 0, "issue": ""} | _read(request)
    if data.get("kind") not in faults.KINDS:
        return _problem(f"kind must be one of: {', '.join(sorted(faults.KINDS))}")
    if unknown := set(data) - {"kind", "path_contains", "times", "seconds", "issue"}:
        return _problem(f"unknown: {', '.join(sorted(unknown))}")
    if type(data["times"]) is not int or not 1 <= data["times"] <= 1_000_000:
        return _problem("times must be a whole number from 1 up")
    if not _is_seconds(data["seconds"]) or not all(isinstance(data[name], str) for name in ("path_contains", "issue")):
        return _problem("seconds must be a number, path_contains and issue texts")
    return json_answer({"id": Fault.objects.create(**data).pk}, 201)


def clear_faults(request: HttpRequest) -> HttpResponse:
    """DELETE /standin/faults."""
    Fault.objects.all().delete()
    return HttpResponse(status=204)


def show_clock(request: HttpRequest) -> HttpResponse:
    """GET /standin/clock."""
    return json_answer({"now": clock.stamp(clock.now())})


def advance_clock(request: HttpRequest) -> HttpResponse:
    """POST /standin/clock `{"seconds": 10800}`: move the stand-in's clock ahead and process everything due."""
    seconds = _read(request).get("seconds")
    if not _is_seconds(seconds):
        return _problem("seconds must be a number, not negative")
    clock.advance(float(seconds or 0))
    payments.settle_due()
    payouts.advance()
    return show_clock(request)


def reset_clock(request: HttpRequest) -> HttpResponse:
    """DELETE /standin/clock: back to the real time."""
    clock.reset()
    return HttpResponse(status=204)


def show_webhook_url(request: HttpRequest) -> HttpResponse:
    """GET /standin/webhook-url."""
    return json_answer({"url": Setting.read(WEBHOOK_URL, ""), "event_types": subscribed_events()})


def set_webhook_url(request: HttpRequest) -> HttpResponse:
    """POST /standin/webhook-url `{"url": "http://…", "event_types": ["…"]}`; an empty url turns webhooks off."""
    data: Json = {"event_types": ["*"]} | _read(request)
    url, events = data.get("url"), data["event_types"]
    if not isinstance(url, str) or (url and not url.startswith(("http://", "https://"))):
        return _problem("url must be an http address, or empty")
    if not isinstance(events, list) or not all(isinstance(event, str) for event in events):
        return _problem("event_types must be a list of names")
    Setting.write(WEBHOOK_EVENTS, json.dumps(events))
    send_to(url)
    return show_webhook_url(request)


def list_webhooks(request: HttpRequest) -> HttpResponse:
    """GET /standin/webhooks: every transmission, newest first, without its body."""
    names = ("id", "event_id", "event_type", "transmission_id", "attempts", "answer", "done")
    return json_answer({"webhooks": list(Delivery.objects.order_by("-id").values(*names)[:200])})


def show_transmissions(request: HttpRequest) -> HttpResponse:
    """GET /standin/transmissions?after=12: later events, signed again, for tests that deliver them."""
    after = request.GET.get("after", "0")
    if not after.isdecimal():
        return _problem("after must be a whole number")
    later = Delivery.objects.filter(id__gt=int(after)).order_by("id")
    found = [{"id": one.pk, "headers": headers(one), "body": bytes(one.body).decode()} for one in later]
    return json_answer({"transmissions": found})


def show_ca(request: HttpRequest) -> HttpResponse:
    """GET /standin/ca.pem: the root to trust."""
    return HttpResponse((certificates.folder() / "ca.pem").read_bytes(), content_type="application/x-pem-file")
