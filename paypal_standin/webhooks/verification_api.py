"""The webhook addresses that clients call: the certificate and PayPal's own verification."""

import base64
import binascii
import json
import re

from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from paypal_standin.api.errors import Json, malformed, not_found
from paypal_standin.api.responses import json_answer, link, read_json
from paypal_standin.api.tokens import bearer_required
from paypal_standin.models import Setting

from . import certificates
from .sending import WEBHOOK_URL, signed_message, subscribed_events

SPACE = re.compile(r"[ \t\r\n]*")
FIELDS = ("auth_algo", "cert_url", "transmission_id", "transmission_sig", "transmission_time", "webhook_id")


def show_certificate(request: HttpRequest, name: str) -> HttpResponse:
    """GET /v1/notifications/certs/{name}: the leaf and its intermediate; no token is needed."""
    if name != certificates.certificate_name():
        raise not_found()
    return HttpResponse(certificates.chain(), content_type="application/x-pem-file")


@bearer_required
def show_webhook(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """GET /v1/notifications/webhooks/{id}: where events go, and which."""
    if webhook_id != settings.WEBHOOK_ID:
        raise not_found()
    events = [{"name": name, "description": "As the name says."} for name in subscribed_events()]
    links = [link(request.path, "self"), link(request.path, "update", "PATCH"), link(request.path, "delete", "DELETE")]
    url = Setting.read(WEBHOOK_URL, "")
    return json_answer({"id": webhook_id, "url": url, "event_types": events, "links": links})


@bearer_required
def verify_signature(request: HttpRequest) -> HttpResponse:
    """POST /v1/notifications/verify-webhook-signature, over the raw bytes of the event."""
    data = read_json(request)
    for name in FIELDS:
        if not isinstance(data.get(name), str):
            raise malformed("MISSING_REQUIRED_PARAMETER", name)
    if "webhook_event" not in data:
        raise malformed("MISSING_REQUIRED_PARAMETER", "webhook_event")
    genuine = _is_genuine(data, _raw_member(request.body.decode(), "webhook_event"))
    return json_answer({"verification_status": "SUCCESS" if genuine else "FAILURE"})


def _is_genuine(data: Json, event: bytes) -> bool:
    if data["webhook_id"] != settings.WEBHOOK_ID or data["auth_algo"] != "SHA256withRSA":
        return False
    message = signed_message(data["transmission_id"], data["transmission_time"], data["webhook_id"], event)
    try:
        certificates.verify(message, base64.b64decode(data["transmission_sig"], validate=True))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _raw_member(text: str, wanted: str) -> bytes:
    """The bytes of one member of a JSON object, exactly as sent; the object is known to be well-formed."""
    decoder, position = json.JSONDecoder(), text.index("{") + 1
    while True:
        name, position = decoder.raw_decode(text, _skip(text, position))
        start = _skip(text, _skip(text, position) + 1)
        _, end = decoder.raw_decode(text, start)
        if name == wanted:
            return text[start:end].encode()
        position = _skip(text, end) + 1


def _skip(text: str, position: int) -> int:
    found = SPACE.match(text, position)
    return found.end() if found else position
