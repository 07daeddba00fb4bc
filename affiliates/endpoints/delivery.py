"""Delivers events to endpoints, at least once each: claims one, posts it in no transaction, and stores the outcome.

A failed delivery is tried again with growing delays for about three days, then it is dead until the affiliate sends it
again. After a failure, the whole endpoint is left alone for a while, so that one that never answers costs the worker
little; one that fails for days is disabled, and its affiliate emailed.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from secrets import SystemRandom
from time import monotonic
from uuid import UUID

from django.db import transaction
from django.db.models import F, Min
from django.utils import timezone
from django_tasks import task

from affiliates.mails import ENDPOINT_DISABLED
from affiliates.models import Endpoint, EndpointAttempt, EndpointDelivery, EventKind
from privacy.audit.trail import record
from privacy.databases.outages import through_outages
from privacy.databases.tasks import commits_by_itself
from privacy.mail.sending import notify
from privacy.registry.expiring import is_due
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose
from privacy.web.public_https import NotPublic, post

from .signing import signed_headers

State, Outcome = EndpointDelivery.State, EndpointAttempt.Outcome
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# After the first attempt, the second, …: 72 hours together.
WAITS = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 20 * HOUR)
JITTER = 0.2  # of a wait, more or less
ANSWER_WITHIN = 10  # seconds for connection, request and status together
STUCK_AFTER = timedelta(minutes=10)  # then the worker is considered dead, and the delivery is tried again
DISABLED_AFTER = timedelta(days=5)  # of failures without a success
LONGEST_QUIET = HOUR
GONE = 410  # by which a server says, as the standard has it, that it wants no more events
AT_ONCE, OF_EACH = 100, 20  # endpoints, and deliveries of each, per housekeeping run
RANDOM = SystemRandom()


@dataclass(frozen=True)
class Answer:
    started_at: datetime
    outcome: EndpointAttempt.Outcome
    status: int | None
    milliseconds: int

    @property
    def is_success(self) -> bool:
        return self.outcome is Outcome.ACCEPTED


@task(priority=-10)  # mail, payments and payouts come first
@commits_by_itself
@acts_for(Purpose.AFFILIATE_ACCOUNT)
def send_delivery(delivery_id: str) -> None:
    """One attempt, if the delivery is due and no other worker has it."""
    delivery = _claim(UUID(delivery_id), now=timezone.now())
    if delivery is not None:
        # What became of it is known only here.
        through_outages(partial(_record_attempt, delivery, _post(delivery)))


def _claim(delivery_id: UUID, *, now: datetime) -> EndpointDelivery | None:
    """Claims by a condition on the delivery's own row, which two workers can't both meet."""
    waiting = EndpointDelivery.objects.due(now).filter(pk=delivery_id)
    ready = waiting.filter(endpoint__in=Endpoint.objects.ready(now)).exists()
    if not ready or not waiting.update(state=State.SENDING, attempts=F("attempts") + 1, due_at=now):
        return None
    return EndpointDelivery.objects.select_related("endpoint").filter(pk=delivery_id).first()


def _post(delivery: EndpointDelivery) -> Answer:
    """The one attempt on the network, in no transaction."""
    now, began = timezone.now(), monotonic()
    body, status = delivery.body.encode(), None
    headers = {"Content-Type": "application/json", "User-Agent": "affiliate-webhooks/1"}
    headers |= signed_headers(
        message_id=delivery.message_id,
        timestamp=int(now.timestamp()),
        body=body,
        secrets=_secrets_of(delivery.endpoint, now),
    )
    try:
        status = post(delivery.endpoint.url, body, headers, seconds=ANSWER_WITHIN)
        outcome = Outcome.ACCEPTED if 200 <= status < 300 else Outcome.REFUSED
    except NotPublic:
        outcome = Outcome.NOT_PUBLIC
    except ssl.SSLCertVerificationError:
        outcome = Outcome.CERTIFICATE
    except TimeoutError:
        outcome = Outcome.TIMED_OUT
    except OSError:
        outcome = Outcome.NO_ANSWER
    return Answer(now, outcome, status, round((monotonic() - began) * 1000))


def _secrets_of(endpoint: Endpoint, now: datetime) -> Iterator[str]:
    yield endpoint.secret
    if endpoint.previous_secret and endpoint.previous_until and endpoint.previous_until > now:
        yield endpoint.previous_secret


@transaction.atomic
def _record_attempt(delivery: EndpointDelivery, answer: Answer) -> None:
    """Does nothing if the delivery was deleted meanwhile, or given to another worker because this one took too long."""
    locked = Endpoint.objects.select_for_update(of=("self",)).select_related("affiliate__user")
    endpoint = locked.filter(pk=delivery.endpoint_id).first()
    mine = EndpointDelivery.objects.filter(pk=delivery.pk, state=State.SENDING, due_at=delivery.due_at)
    if endpoint is None or not mine.update(**_outcome_of(delivery, answer)):
        return
    EndpointAttempt.objects.create(
        delivery=delivery,
        started_at=answer.started_at,
        outcome=answer.outcome,
        status=answer.status,
        milliseconds=answer.milliseconds,
    )
    now = timezone.now()
    if delivery.kind != EventKind.TEST or answer.is_success:
        _record_on_endpoint(endpoint, answer, now=now)
    else:  # a test disables nothing
        endpoint.quiet_until = max(endpoint.quiet_until, now + MINUTE)
        endpoint.save(update_fields=["quiet_until"])


def _outcome_of(delivery: EndpointDelivery, answer: Answer) -> dict[str, object]:
    if answer.is_success:
        return {"state": State.DELIVERED}
    if delivery.kind == EventKind.TEST or delivery.attempts > len(WAITS):
        return {"state": State.DEAD}
    wait = WAITS[delivery.attempts - 1] * RANDOM.uniform(1 - JITTER, 1 + JITTER)
    return {"state": State.WAITING, "due_at": timezone.now() + wait}


def _record_on_endpoint(endpoint: Endpoint, answer: Answer, *, now: datetime) -> None:
    if answer.is_success:
        endpoint.failures, endpoint.failing_since, endpoint.quiet_until = 0, None, now
    else:
        endpoint.failures += 1
        endpoint.failing_since = endpoint.failing_since or now
        endpoint.quiet_until = now + min(MINUTE * 2 ** min(endpoint.failures - 1, 10), LONGEST_QUIET)
    endpoint.save(update_fields=["failures", "failing_since", "quiet_until"])
    is_failing = endpoint.failing_since is not None and now - endpoint.failing_since >= DISABLED_AFTER
    if endpoint.is_active and (is_failing or answer.status == GONE):
        endpoint.state, user = Endpoint.State.DISABLED, endpoint.affiliate.user
        endpoint.save(update_fields=["state"])
        record(action="affiliates.endpoint.disabled", about=endpoint, actor=None)
        notify(ENDPOINT_DISABLED, to=user.email, about=endpoint, context={"name": user.get_short_name()})


def deliver_due(*, now: datetime) -> int:
    """Enqueues the deliveries that are due, frees those of dead workers, and forgets replaced secrets. Returns how many
    it enqueued."""
    Endpoint.objects.filter(previous_until__lte=now).update(previous_secret=None, previous_until=None)
    _free_stuck(now)
    due = EndpointDelivery.objects.due(now)
    ready = due.filter(endpoint__in=Endpoint.objects.ready(now)).order_by()
    longest_first = ready.values_list("endpoint").annotate(oldest=Min("due_at")).order_by("oldest")
    enqueued = 0
    for endpoint, _ in longest_first[:AT_ONCE]:
        for delivery in due.filter(endpoint=endpoint).order_by("due_at", "pk")[:OF_EACH]:
            send_delivery.enqueue(str(delivery.pk))
            enqueued += 1
    return enqueued


def _free_stuck(now: datetime) -> None:
    """Such an attempt may have arrived: the event is sent again, under its id."""
    stuck = EndpointDelivery.objects.filter(is_due("due_at", now - STUCK_AFTER), state=State.SENDING)
    stuck.filter(attempts__gt=len(WAITS)).update(state=State.DEAD)
    stuck.update(state=State.WAITING, due_at=now)
