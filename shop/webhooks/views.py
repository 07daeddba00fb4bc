"""The webhook endpoint."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, RawPostDataException
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from shop.paypal.errors import NotConfigured, Transient, WebhookRejected
from shop.paypal.gateway import gateway
from shop.paypal.webhook_verification import MAX_BODY

from .processing import receive_event

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def paypal_webhook(request: HttpRequest) -> HttpResponse:
    """Accepts webhook events signed by PayPal. 503 makes PayPal retry."""
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:  # before reading the body
        return HttpResponse("The request body is too large.", status=413, content_type="text/plain; charset=utf-8")
    try:
        event = gateway().verify_webhook(request.headers, request.body)
    except (WebhookRejected, RawPostDataException):  # or a multipart form, whose raw body is lost
        return HttpResponse(
            "This request is not signed by PayPal.", status=400, content_type="text/plain; charset=utf-8"
        )
    except (Transient, NotConfigured) as error:
        logger.error("a webhook signature can't be checked: %s", error)
        return HttpResponse("The signature can't be checked now.", status=503, content_type="text/plain; charset=utf-8")
    receive_event(event)
    return HttpResponse(status=200)
