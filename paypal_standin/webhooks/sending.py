"""Webhooks: written down in the transaction that causes them, signed and sent afterwards."""

import base64
import json
import time
import uuid
import zlib
from datetime import datetime, timedelta

import requests
from django.conf import settings
from django.db import transaction

from paypal_standin import clock, faults, ids
from paypal_standin.api.errors import Json
from paypal_standin.api.responses import link
from paypal_standin.models import Delivery, Setting

from . import certificates

WEBHOOK_URL = "webhook-url"
WEBHOOK_EVENTS = "webhook-events"  # a JSON list; `*` means all
MOST_ATTEMPTS = 25  # as PayPal does, over three days
LONGEST_WAIT = 60  # seconds
LEASE = timedelta(seconds=45)  # longer than one attempt can last
TIMEOUT = (3, 20)  # seconds, to connect and to answer
REORDERED = "held back on request"
HELD_BACK = 10  # maximum delay of a reordered event, in seconds


def announce(event_type: str, resource_type: str, resource: Json, summary: str) -> None:
    """Write the event down for delivery; call it in the transaction that changes the resource."""
    event_id, now = ids.event_id(), clock.now()
    body = _body(event_id, event_type, resource_type, resource, summary, now)
    dropped = faults.take("webhook_drop", event_type) is not None
    delivery = Delivery(
        event_id=event_id, event_type=event_type, transmission_id=str(uuid.uuid4()), body=body, created_at=now
    )
    delivery.due_at, held_back = _due(event_type, now)
    unwanted = "dropped on request" if dropped else _unwanted(event_type)
    delivery.done, delivery.answer = bool(unwanted), unwanted or held_back
    delivery.spoiled = faults.take("webhook_bad_signature", event_type) is not None
    delivery.save()
    if faults.take("webhook_duplicate", event_type):
        _copy(delivery, now)


def subscribed_events() -> list[str]:
    """The event types that the shop has asked for."""
    return list(json.loads(Setting.read(WEBHOOK_EVENTS, '["*"]')))


def _unwanted(event_type: str) -> str:
    """Why the event isn't sent; empty if it is."""
    if not Setting.read(WEBHOOK_URL, ""):
        return "no webhook address"
    return "" if {"*", event_type}.intersection(subscribed_events()) else "not subscribed to"


def _due(event_type: str, now: datetime) -> tuple[datetime, str]:
    if fault := faults.take("webhook_delay", event_type):
        return now + timedelta(seconds=fault.seconds), "delayed on request"
    if fault := faults.take("webhook_reorder", event_type):
        return now + timedelta(seconds=fault.seconds or HELD_BACK), REORDERED
    return now, ""


def _body(event_id: str, event_type: str, kind: str, resource: Json, summary: str, now: datetime) -> bytes:
    path = f"/v1/notifications/webhooks-events/{event_id}"
    event: Json = {"id": event_id, "event_version": "1.0", "create_time": clock.stamp(now)}
    event |= {"resource_type": kind, "resource_version": "2.0", "event_type": event_type, "summary": summary}
    event |= {"resource": resource, "links": [link(path, "self"), link(f"{path}/resend", "resend", "POST")]}
    # Re-encoding tends to turn `{}` into `[]` and `1.0` into `1`, and so to break the signature.
    event["standin"] = {"empty": {}, "number": 1.0}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _copy(delivery: Delivery, due_at: datetime) -> None:
    Delivery.objects.create(
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        transmission_id=str(uuid.uuid4()),
        body=bytes(delivery.body),
        created_at=clock.now(),
        due_at=due_at,
        done=not Setting.read(WEBHOOK_URL, ""),
    )


def resend(delivery: Delivery) -> None:
    """Send the same event once more, under a new transmission id."""
    _copy(delivery, clock.now())


def send_to(url: str) -> None:
    """Send to this address from now on; an empty one ends whatever was still to be sent."""
    with transaction.atomic():
        Setting.write(WEBHOOK_URL, url)
        if not url:
            Delivery.objects.filter(done=False).update(done=True, answer="webhooks were turned off")


def deliver_due() -> None:
    """Send every due event, oldest first."""
    due = Delivery.objects.filter(done=False, due_at__lte=clock.now()).order_by("due_at", "id")
    for delivery in due[:50]:
        deliver(delivery)


def deliver(delivery: Delivery) -> None:
    """One attempt; on anything but a 2xx the next follows after 1, 2, 4 … seconds."""
    if not _claim(delivery):
        return
    answer, accepted = _send(delivery)
    attempts = delivery.attempts + 1
    wait = timedelta(seconds=min(2 ** (attempts - 1), LONGEST_WAIT))
    # Not one that was turned off while it was on its way.
    Delivery.objects.filter(pk=delivery.pk, done=False).update(
        answer=answer, done=accepted or attempts >= MOST_ATTEMPTS, due_at=clock.now() + wait
    )
    _release_reordered(delivery)


def _claim(delivery: Delivery) -> bool:
    # Another stand-in may share the database: the process that updates the due time sends it.
    mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, due_at=delivery.due_at, done=False)
    return mine.update(attempts=delivery.attempts + 1, due_at=clock.now() + LEASE) == 1


def _release_reordered(sent: Delivery) -> None:
    waiting = Delivery.objects.filter(done=False, answer=REORDERED).exclude(pk=sent.pk)
    waiting.filter(attempts=0).update(due_at=clock.now(), answer="")


def _send(delivery: Delivery) -> tuple[str, bool]:
    try:
        answer = requests.post(
            Setting.read(WEBHOOK_URL, ""),
            data=bytes(delivery.body),
            headers=headers(delivery),
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        return type(error).__name__, False
    return f"HTTP {answer.status_code}", 200 <= answer.status_code < 300


def headers(delivery: Delivery) -> dict[str, str]:
    """PayPal's headers, including the signature."""
    body, when = bytes(delivery.body), clock.stamp(clock.now())
    signature = certificates.sign(signed_message(delivery.transmission_id, when, settings.WEBHOOK_ID, body))
    if delivery.spoiled:
        signature = signature[::-1]
    return {
        "Content-Type": "application/json",
        "User-Agent": "PayPal/AUHD-1.0-1 (local stand-in)",
        "PAYPAL-TRANSMISSION-ID": delivery.transmission_id,
        "PAYPAL-TRANSMISSION-TIME": when,
        "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        "PAYPAL-CERT-URL": f"{settings.BASE_URL}/v1/notifications/certs/{certificates.certificate_name()}",
    }


def signed_message(transmission_id: str, when: str, webhook_id: str, body: bytes) -> bytes:
    """The signed message: ids, time and the raw body's CRC-32 in decimal."""
    return f"{transmission_id}|{when}|{webhook_id}|{zlib.crc32(body)}".encode()


def wait_until_tried(event_type: str, order_id: str) -> None:
    """Wait until the newest event of this type for this order was tried, ten seconds at most."""
    for _ in range(100):
        newest = Delivery.objects.filter(event_type=event_type).order_by("-id")[:20]
        about = [delivery for delivery in newest if json.loads(bytes(delivery.body))["resource"]["id"] == order_id]
        if about and about[0].answer:
            return
        time.sleep(0.1)
