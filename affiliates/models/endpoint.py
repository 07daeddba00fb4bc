"""Endpoints: addresses of affiliates' own programs, to which the site posts events, and what became of each event.

Nothing here tells the time of a sale: events about commissions wait for the end of their day, and the ids that an
affiliate sees are random.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel, UUID7Field
from privacy.registry.declarations import Erasure, Retention, not_personal, personal_data
from privacy.registry.expiring import is_due
from privacy.registry.growth import DeletedWith
from privacy.registry.purposes import Purpose
from privacy.web.public_https import LONGEST_URL

from .affiliate import Affiliate

MOST_ENDPOINTS = 5  # per affiliate
KEPT_DAYS = 30  # deliveries, delivered or not


class EventKind(models.TextChoices):
    """Names that affiliates' programs rely on."""

    COMMISSION_CREATED = "commission.created", "Commission created"
    COMMISSION_APPROVED = "commission.approved", "Commission approved"
    COMMISSION_REJECTED = "commission.rejected", "Commission rejected"
    COMMISSION_REVERSED = "commission.reversed", "Commission reversed, in full or in part"
    COMMISSION_RESTORED = "commission.restored", "Commission restored after a reverted refund"
    PAYOUT_SENT = "payout.sent", "Payout sent to PayPal"
    PAYOUT_PAID = "payout.paid", "Payout paid"
    PAYOUT_FAILED = "payout.failed", "Payout failed or returned"
    TEST = "endpoint.test", "Test"


CHOSEN = [kind for kind in EventKind if kind is not EventKind.TEST]  # a test is sent whatever is chosen


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def of_any(self, affiliates: Collection[UUID], kind: EventKind) -> list[Endpoint]:
        """The endpoints of these affiliates that get events of this kind; an inactive one gets them later.

        Locked, so that none is deleted before the caller's transaction has written its events.
        """
        locked = self.select_for_update(of=("self",), no_key=True).filter(affiliate__in=affiliates).order_by("pk")
        return [endpoint for endpoint in locked if kind in endpoint.kinds.split()]

    def ready(self, now: datetime) -> EndpointQuerySet:
        """Active ones that did not fail a moment ago."""
        return self.filter(is_due("quiet_until", now), state=Endpoint.State.ACTIVE)


@personal_data(
    label="Your webhook endpoints",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={
        "url": "address of your server",
        "secret": "secret that signs what we send there",
        "previous_secret": "secret before it, for a day",
    },
    other_columns="id affiliate_id kinds state previous_until failures failing_since quiet_until created_at",
    circumstances={"kinds": "events that you chose", "state": "whether it is active"},
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="until you delete it, or until your account is closed"),
    erasure=Erasure.DELETE,
    withheld=frozenset({"secret", "previous_secret"}),
    withheld_because="whoever has it can send your server events in our name; you can replace it in the portal",
    unlisted=frozenset({"previous_until", "failures", "failing_since", "quiet_until"}),
    source="your portal; we create the secret",
    recipients="nobody; the server at that address gets the events that you chose",
    growth=DeletedWith("affiliate"),
)
class Endpoint(SealedModel):
    """One address that gets events. While it isn't active, its events wait."""

    class State(models.TextChoices):
        ACTIVE = "active", "active"
        PAUSED = "paused", "paused"
        DISABLED = "disabled", "disabled after failures"

    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="endpoints")
    url = SealedTextField("address", max_length=LONGEST_URL)
    secret = SealedTextField(max_length=100)
    previous_secret = SealedTextField(max_length=100, null=True)
    previous_until = models.DateTimeField(null=True)
    kinds = models.CharField(max_length=300)  # separated by spaces
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    failures = models.PositiveIntegerField(default=0)  # in a row
    failing_since = models.DateTimeField(null=True)
    quiet_until = models.DateTimeField(default=timezone.now)  # after a failure nothing is sent until then
    created_at = models.DateTimeField(default=timezone.now)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        verbose_name = "webhook endpoint"
        constraints = [
            models.CheckConstraint(
                condition=Q(previous_secret__isnull=True, previous_until__isnull=True)
                | Q(previous_secret__isnull=False, previous_until__isnull=False),
                name="previous_secret_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"endpoint {str(self.pk)[-8:]}"

    @property
    def chosen(self) -> list[EventKind]:
        return [EventKind(kind) for kind in self.kinds.split()]

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE


class EndpointDeliveryQuerySet(models.QuerySet["EndpointDelivery"]):
    def due(self, now: datetime) -> EndpointDeliveryQuerySet:
        return self.filter(is_due("due_at", now), state=EndpointDelivery.State.WAITING)

    def dead(self) -> EndpointDeliveryQuerySet:
        return self.filter(state=EndpointDelivery.State.DEAD)

    def without_tests(self) -> EndpointDeliveryQuerySet:
        return self.exclude(kind=EventKind.TEST)


@personal_data(
    label="Events for your webhook endpoints",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"body": "what we send to your server"},
    other_columns="id endpoint_id event_id kind day state attempts due_at created_at",
    circumstances={"kind": "kind of event", "state": "whether it was delivered"},
    found_by=("endpoint__affiliate__user__email_index",),
    retention=Retention(text=f"{KEPT_DAYS} days after the event", since="created_at", days=KEPT_DAYS),
    erasure=Erasure.DELETE,
    unlisted=frozenset({"event_id", "attempts", "due_at"}),
    source="your commissions and payouts",
    recipients="the server whose address you entered",
    days_alone=True,
)
class EndpointDelivery(SealedModel):
    """One event for one endpoint. `event_id` is the same at every attempt, and at all endpoints of an affiliate."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        SENDING = "sending", "being sent"
        DELIVERED = "delivered", "delivered"
        DEAD = "dead", "failed"

    ENDED = (State.DELIVERED, State.DEAD)

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.UUIDField(default=uuid4)  # random: the time in a version 7 would be that of a sale
    kind = models.CharField(max_length=30, choices=EventKind)
    body = SealedTextField()
    day = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)  # since the event, or since it was sent again
    due_at = models.DateTimeField(default=timezone.now)  # of an attempt in progress, its start
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = EndpointDeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "-event_id"]  # nothing within a day tells the order of sales
        indexes = [
            models.Index(fields=["state", "due_at"], name="endpoint_deliveries_due"),
            models.Index(fields=["endpoint", "-day", "-event_id"], name="deliveries_of_endpoint"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="one_delivery_per_endpoint_and_event")
        ]

    def __str__(self) -> str:
        return f"delivery {str(self.event_id)[-8:]}"

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def message_id(self) -> str:
        """Its `webhook-id`."""
        return f"msg_{self.event_id.hex}"


@not_personal(
    "attempts to post an event to an affiliate's server: a status code and a duration",
    "id delivery_id started_at outcome status milliseconds",
    despite_link="how a server answered; nothing of the answer itself is kept, and what was sent is another table's",
    growth=DeletedWith("delivery"),
)
class EndpointAttempt(models.Model):
    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "accepted"
        REFUSED = "refused", "another status code than 2xx; redirects are not followed"
        NOT_PUBLIC = "not_public", "no public address was found for the server's name"
        CERTIFICATE = "certificate", "no valid certificate for the server's name"
        TIMED_OUT = "timed_out", "no answer in time"
        NO_ANSWER = "no_answer", "the connection failed, or the answer was not HTTP"

    id = UUID7Field(primary_key=True)
    delivery = models.ForeignKey(EndpointDelivery, on_delete=models.CASCADE, related_name="tries")
    started_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome)
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["started_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["accepted", "refused"], status__isnull=False)
                | Q(~Q(outcome__in=["accepted", "refused"]), status__isnull=True),
                name="answered_attempt_has_its_status",
            )
        ]

    def __str__(self) -> str:
        return f"attempt {str(self.pk)[-8:]}"
