"""An affiliate's objection to a commission."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.deadlines import local_day
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import BOOKS
from privacy.registry.purposes import Purpose

from .commission import Commission


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def open(self) -> ObjectionQuerySet:
        return self.filter(state=Objection.State.OPEN)


@personal_data(
    label="Your objections to commissions",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"text": "what you wrote", "answer": "what we answered"},
    other_columns="id commission_id state opened_at due_at reminded_at answered_at answered_by_id",
    found_by=("commission__attribution__affiliate__user__email_index",),
    retention=Retention(text="2 years after you objected", since="opened_at", days=730),
    erasure=Erasure.REDACT,
    kept_because="the objection and its outcome are part of the accounting records",
    unlisted=frozenset({"reminded_at"}),
    source="your portal",
    recipients="nobody",
    growth=BOOKS,
)
class Objection(SealedModel):
    """Answered by staff, with a reason, by the end of `due_day`."""

    class State(models.TextChoices):
        OPEN = "open", "waiting for an answer"
        UPHELD = "upheld", "upheld"
        DECLINED = "declined", "declined"

    commission = models.ForeignKey(Commission, on_delete=models.PROTECT, related_name="objections")
    text = SealedTextField(max_length=4000, null=True)
    answer = SealedTextField(max_length=4000, null=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)  # when staff were last reminded
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        verbose_name = "objection"
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["commission"], condition=Q(state="open"), name="one_open_objection_per_commission"
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True) | ~Q(state="open") & Q(answered_at__isnull=False),
                name="objection_answer_date_required",
            ),
        ]

    @property
    def due_day(self) -> date:
        """The last day to answer, in the business's time zone, for affiliates and staff alike."""
        return local_day(self.due_at)

    @property
    def staff_label(self) -> str:
        return self.commission.staff_label

    @property
    def is_overdue(self) -> bool:
        return self.state == self.State.OPEN and timezone.now() > self.due_at
