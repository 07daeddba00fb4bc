"""Writes events for endpoints, in the transaction of what they tell of: neither can be stored without the other.

What an affiliate learns is what the portal shows: numbers, amounts and days. A program would keep the second of each
event, so those about commissions are sent after the end of their day (in UTC), each within the hour that follows. The
place in that hour depends on the commission's number alone, which is random, so the events of one commission keep their
order.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from affiliates.models import Commission, Endpoint, EndpointDelivery, EventKind, PayoutItem
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Purpose

from .delivery import send_delivery

EventData = Mapping[str, str | int]

SPREAD = 3600  # seconds after midnight
reads_endpoints = reads("affiliates_endpoint", purpose=Purpose.AFFILIATE_ACCOUNT)


@reads_endpoints
def announce_commission(kind: EventKind, commission: Commission) -> None:
    """Call it in the transaction of the change, with the commission as it is after it."""
    endpoints = Endpoint.objects.of_any([commission.attribution.affiliate_id], kind)
    if not endpoints:
        return
    data: EventData = {
        "number": commission.number,
        "state": commission.state,
        "amount_minor": commission.amount_minor,
        "reversed_minor": commission.reversed_minor,
        "currency": commission.currency,
        "day": commission.day.isoformat(),
    }
    midnight = datetime.combine(timezone.now().astimezone(UTC), time.min, UTC) + timedelta(days=1)
    place = zlib.crc32(commission.number.encode()) % SPREAD
    _store(kind, data, endpoints, due_at=midnight + timedelta(seconds=place))


@reads_endpoints
def announce_payouts(kind: EventKind, payouts: Iterable[PayoutItem]) -> None:
    """Call it in the transaction of the change, with the payouts as they are after it. One query finds the endpoints
    of all of them."""
    items, found = list(payouts), dict[UUID, list[Endpoint]]()
    for endpoint in Endpoint.objects.of_any({item.affiliate_id for item in items}, kind):
        found.setdefault(endpoint.affiliate_id, []).append(endpoint)
    for item in items:
        if endpoints := found.get(item.affiliate_id):
            data: EventData = {
                "id": str(item.pk),
                "state": item.state,
                "amount_minor": item.amount_minor,
                "currency": item.currency,
                "day": item.created_at.astimezone(UTC).date().isoformat(),
            }
            _send(_store(kind, data, endpoints, due_at=timezone.now()))


@transaction.atomic
def send_test(endpoint: Endpoint) -> bool:
    """At once, also after a failure. False if the test before hasn't ended: two are never on their way."""
    endpoint = Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
    if endpoint.deliveries.filter(kind=EventKind.TEST).exclude(state__in=EndpointDelivery.ENDED).exists():
        return False
    Endpoint.objects.filter(pk=endpoint.pk).update(quiet_until=timezone.now())
    _send(_store(EventKind.TEST, {"id": str(endpoint.pk)}, [endpoint], due_at=timezone.now()))
    return True


def _store(
    kind: EventKind, data: EventData, endpoints: Iterable[Endpoint], *, due_at: datetime
) -> list[EndpointDelivery]:
    """The same event for each endpoint, under one id. It says on which day it happened, as the start of that day."""
    day, event_id = timezone.now().astimezone(UTC).date(), uuid4()
    event = {"type": kind.value, "timestamp": f"{day.isoformat()}T00:00:00Z", "data": data}
    body = json.dumps(event, separators=(",", ":"))
    return [
        EndpointDelivery.objects.create(
            endpoint=endpoint, event_id=event_id, kind=kind, body=body, day=day, due_at=due_at
        )
        for endpoint in endpoints
    ]


def _send(deliveries: Iterable[EndpointDelivery]) -> None:
    for delivery in deliveries:
        send_delivery.enqueue(str(delivery.pk))
