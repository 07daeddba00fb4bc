"""What an affiliate does with endpoints: adds, pauses and deletes them, replaces a secret, sends events again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from affiliates.models import MOST_ENDPOINTS, Affiliate, Endpoint, EndpointAttempt, EndpointDelivery, EventKind
from affiliates.models.endpoint import EndpointDeliveryQuerySet, EndpointQuerySet
from privacy.audit.trail import record

from .delivery import MINUTE, OF_EACH, send_delivery
from .signing import new_secret

if TYPE_CHECKING:
    from accounts.models import User

State = EndpointDelivery.State
BOTH_SECRETS_FOR = timedelta(days=1)
AT_ONCE = 500  # deliveries that are sent again by one click


class EndpointRefused(Exception):
    """It can't be added. The text says why, for the affiliate."""


@transaction.atomic
def add_endpoint(*, affiliate: Affiliate, url: str, kinds: Iterable[EventKind]) -> Endpoint:
    """`url` is a result of `clean_url`. Concurrent calls are serialized. Raises `EndpointRefused`, `NotInEffect`."""
    affiliate = Affiliate.objects.select_for_update(of=("self",)).select_related("user").get(pk=affiliate.pk)
    existing = list(Endpoint.objects.filter(affiliate=affiliate))
    if not affiliate.is_active:
        raise EndpointRefused("Endpoints can be added only while your account is active.")
    if any(endpoint.url == url for endpoint in existing):
        raise EndpointRefused("You already have an endpoint with this address.")
    if len(existing) >= MOST_ENDPOINTS:
        raise EndpointRefused(f"You have {MOST_ENDPOINTS} endpoints, which is the maximum. Delete one first.")
    endpoint: Endpoint = Endpoint.objects.create(
        affiliate=affiliate, url=url, secret=new_secret(), kinds=" ".join(kinds)
    )
    record(action="affiliates.endpoint.added", about=endpoint, actor=affiliate.user)
    return endpoint


@transaction.atomic
def replace_secret(endpoint: Endpoint, *, now: datetime) -> str:
    """The new secret. For a day, events are signed with the one before, too."""
    endpoint = Endpoint.objects.select_for_update(of=("self",)).select_related("affiliate__user").get(pk=endpoint.pk)
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + BOTH_SECRETS_FOR
    endpoint.secret = new_secret()
    endpoint.save(update_fields=["secret", "previous_secret", "previous_until"])
    record(action="affiliates.endpoint.secret_replaced", about=endpoint, actor=endpoint.affiliate.user)
    return str(endpoint.secret)


def pause(endpoint: Endpoint) -> None:
    Endpoint.objects.filter(pk=endpoint.pk, state=Endpoint.State.ACTIVE).update(state=Endpoint.State.PAUSED)


def resume(endpoint: Endpoint, *, now: datetime) -> None:
    """What has waited is sent by the next housekeeping run."""
    inactive = Endpoint.objects.filter(pk=endpoint.pk).exclude(state=Endpoint.State.ACTIVE)
    inactive.update(state=Endpoint.State.ACTIVE, failures=0, failing_since=None, quiet_until=now)


def failed_just_now(endpoint: Endpoint, *, now: datetime) -> bool:
    """Whether an attempt of the last minute failed: until it has passed, nothing is sent at anyone's wish, so that the
    site can't be made to flood a server."""
    latest = EndpointAttempt.objects.filter(delivery__endpoint=endpoint, started_at__gt=now - MINUTE)
    return latest.exclude(outcome=EndpointAttempt.Outcome.ACCEPTED).exists()


@transaction.atomic
def send_again(deliveries: EndpointDeliveryQuerySet, endpoint: Endpoint, *, now: datetime) -> int:
    """Sends deliveries of the endpoint that have ended again, under the same ids, with all their attempts. Returns how
    many. The endpoint is not left alone any longer because of earlier failures."""
    ended = deliveries.filter(endpoint=endpoint, state__in=EndpointDelivery.ENDED)
    chosen = list(ended.order_by("due_at", "pk").values_list("pk", flat=True)[:AT_ONCE])
    again = EndpointDelivery.objects.filter(pk__in=chosen, state__in=EndpointDelivery.ENDED)
    count = again.update(state=State.WAITING, attempts=0, due_at=now)
    if count:
        Endpoint.objects.filter(pk=endpoint.pk).update(quiet_until=now)
    for delivery_id in chosen[:OF_EACH]:  # the others by housekeeping, so that other affiliates have their turn
        send_delivery.enqueue(str(delivery_id))
    return count


@transaction.atomic
def delete_endpoints(endpoints: EndpointQuerySet, *, actor: User) -> None:
    """With all of their events. Locked first, so that nothing is added meanwhile."""
    for endpoint in endpoints.select_for_update(of=("self",)).order_by("pk"):
        record(action="affiliates.endpoint.deleted", about=endpoint, actor=actor)
        endpoint.delete()
