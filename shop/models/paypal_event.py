"""Stored PayPal webhook events."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from privacy.encryption.computed_fields import ComputedDateTimeField
from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.expiring import is_due
from privacy.registry.growth import Pruned
from privacy.registry.purposes import Purpose

PAYLOAD_KEPT = 30  # days: longer than PayPal retries, long enough to debug a failed payment
WORKER_TIME = timedelta(minutes=5)  # before housekeeping handles an event that the worker hasn't
TRY_FOR = timedelta(days=3)  # as long as PayPal retries


class PayPalEventQuerySet(models.QuerySet["PayPalEvent"]):
    def open(self) -> PayPalEventQuerySet:
        return self.filter(handled_at=None)

    def handled(self) -> PayPalEventQuerySet:
        return self.exclude(handled_at=None)

    def due(self, now: datetime) -> PayPalEventQuerySet:
        return self.open().filter(is_due("due_at", now), received_at__gt=now - TRY_FOR).order_by("due_at")

    def given_up(self, now: datetime) -> PayPalEventQuerySet:
        """Events that failed for three days and wait for staff."""
        return self.open().filter(received_at__lte=now - TRY_FOR)


def first_due() -> datetime:
    return timezone.now() + WORKER_TIME


@personal_data(
    label="PayPal notifications about your payments",
    purpose=Purpose.ORDER,
    columns={"payload": "what PayPal reported: ids, amounts, states and times"},
    other_columns="id event_id event_type resource_id order_id capture_id payment_id received_at handled_at attempts"
    " due_at",
    found_by=("payment__order__email_index",),
    retention=Retention(
        text=f"{PAYLOAD_KEPT} days, to investigate payment problems", since="received_at", days=PAYLOAD_KEPT
    ),
    erasure=Erasure.REDACT,
    unlisted=frozenset({"event_id", "resource_id", "attempts", "due_at", "handled_at"}),
    kept_because="the event id stays, so that no event is processed twice",
    source="PayPal, when a payment changes; names and addresses in the notification are dropped before it is stored",
    recipients="nobody: it comes from PayPal, and only staff see it",
    growth=Pruned(since="received_at", days=365, rows="handled", why="so that none is processed twice"),
)
class PayPalEvent(SealedModel):
    """A verified webhook event: it triggers a lookup, but is never a source of facts."""

    event_id = models.CharField(max_length=255, unique=True)
    event_type = models.CharField(max_length=255)
    resource_id = models.CharField(max_length=128, blank=True)
    order_id = models.CharField("PayPal order", max_length=128, blank=True)
    capture_id = models.CharField("PayPal capture", max_length=128, blank=True)
    payment = models.ForeignKey("shop.Payment", on_delete=models.SET_NULL, null=True, related_name="events")
    payload = SealedTextField(null=True, editable=False)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = ComputedDateTimeField("next attempt", default=first_due)

    objects = PayPalEventQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["received_at"], condition=models.Q(handled_at=None), name="open_events"),
            # For the purge, which empties the payload and keeps the event.
            models.Index(fields=["received_at"], condition=models.Q(payload__isnull=False), name="events_with_payload"),
            models.Index(fields=["event_type", "received_at"], name="events_by_type"),
        ]
        verbose_name = "PayPal webhook event"
        verbose_name_plural = "PayPal webhook events"

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"
