"""Changes of the payout address: each waits 72 hours, in which the affiliate can stop it. Replaced addresses are
remembered for 90 days, so that they can be warned of further changes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.purposes import Purpose

from .affiliate import Affiliate

REMEMBERED = timedelta(days=90)


class PayoutEmailChangeQuerySet(models.QuerySet["PayoutEmailChange"]):
    def waiting(self) -> PayoutEmailChangeQuerySet:
        return self.filter(state=PayoutEmailChange.State.WAITING)

    def due(self, now: datetime) -> PayoutEmailChangeQuerySet:
        return self.waiting().filter(takes_effect_at__lte=now)

    def replaced(self, now: datetime) -> PayoutEmailChangeQuerySet:
        """Addresses in use within the last 90 days that were replaced since (or are in use again)."""
        used = [PayoutEmailChange.State.DONE, PayoutEmailChange.State.REPLACED]
        return self.filter(state__in=used, asked_at__gt=now - REMEMBERED)

    def stoppable(self, digest: str, now: datetime) -> PayoutEmailChange | None:
        """The change that the link with this digest can still stop."""
        return self.waiting().filter(stop_digest=digest, takes_effect_at__gt=now).first()


@personal_data(
    label="Changes of your payout address",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"email": "PayPal address"},
    other_columns="id affiliate_id email_index state stop_digest asked_at takes_effect_at ended_at",
    found_by=("affiliate__user__email_index", "email_index"),
    retention=Retention(
        text="90 days after you requested the change, or after the address was replaced", since="asked_at", days=90
    ),
    erasure=Erasure.DELETE,
    source="your profile",
    recipients="nobody",
)
class PayoutEmailChange(SealedModel):
    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        DONE = "done", "in use"
        STOPPED = "stopped", "stopped by you"
        WITHDRAWN = "withdrawn", "withdrawn"
        REPLACED = "replaced", "replaced"

    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="payout_email_changes")
    email = SealedEmailField("PayPal address", null=True)  # None: the address is removed
    email_index = BlindIndexField("email", normalize="email", null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    stop_digest = models.CharField(max_length=64, unique=True, null=True)
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)
    takes_effect_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = PayoutEmailChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["affiliate"], condition=Q(state="waiting"), name="one_pending_payout_email_per_affiliate"
            ),
        ]
