"""Checks that an event came from the affiliate program. It needs Python alone; the portal publishes it."""

import base64
import hmac
import json
import time


def verify(secret: str, headers: dict[str, str], body: bytes) -> dict[str, object]:
    """The event. Names of headers are in lower case, and `body` is as it arrived. Raises `ValueError`."""
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > 300:
        raise ValueError("the event is too old, or this computer's clock is wrong")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    signatures = headers["webhook-signature"].split()
    if not any(hmac.compare_digest(signature, expected) for signature in signatures):
        raise ValueError("no signature is right")
    event: dict[str, object] = json.loads(body)
    return event
