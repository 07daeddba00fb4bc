"""Who has the answer box of a message open."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.purposes import Purpose

from .inquiry import Inquiry

PRESENT_FOR = timedelta(minutes=5)  # after opening the page or saving a draft


class PresenceQuerySet(models.QuerySet["Presence"]):
    def now(self, now: datetime) -> PresenceQuerySet:
        return self.filter(seen_at__gt=now - PRESENT_FOR)


@personal_data(
    label="Messages that you, as one of our staff, have open to answer them",
    purpose=Purpose.STAFF_ACCOUNT,
    columns={},
    circumstances={"seen_at": "last opened"},
    other_columns="id inquiry_id user_id seen_at",
    found_by=("user__email_index",),
    retention=Retention(text="1 day after it was last opened", since="seen_at", days=1),
    erasure=Erasure.DELETE,
    source="opening a message in the inbox",
    recipients="nobody",
)
class Presence(models.Model):
    id = UUID7Field(primary_key=True)
    inquiry = models.ForeignKey(Inquiry, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = PresenceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["inquiry", "user"], name="contacts_present_once")]

    def __str__(self) -> str:
        return f"presence {str(self.pk)[-8:]}"
