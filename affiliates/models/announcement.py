"""What staff announce to affiliates in the portal and, if they allow it, by email."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF, DeletedWith

from .affiliate import Affiliate


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def current(self, now: datetime) -> AnnouncementQuerySet:
        """Shown now: from `shown_from` (inclusive) until `shown_until` (exclusive)."""
        return self.filter(Q(shown_until__isnull=True) | Q(shown_until__gt=now), shown_from__lte=now)


@not_personal("announcements to affiliates", "id title text shown_from shown_until is_mailed created_at", growth=STAFF)
class Announcement(models.Model):
    id = UUID7Field(primary_key=True)
    title = models.CharField(max_length=80)
    text = models.TextField(max_length=4000, help_text="Markdown.")
    shown_from = models.DateTimeField(default=timezone.now, db_index=True)
    shown_until = models.DateTimeField(null=True, blank=True, help_text="Empty: until you enter a time here.")
    is_mailed = models.BooleanField(
        "also by email",
        default=False,
        help_text="Once, to the active affiliates who chose to get announcements, when it is first shown.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        ordering = ["-shown_from", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(shown_until__isnull=True) | Q(shown_until__gt=F("shown_from")),
                name="announcement_end_after_start",
            )
        ]

    def __str__(self) -> str:
        return self.title


@not_personal(
    "which affiliate was emailed which announcement",
    "id affiliate_id announcement_id created_at",
    despite_link="ids of an affiliate and of a text that all affiliates may read",
    growth=DeletedWith("announcement"),
)
class AnnouncementNotice(models.Model):
    """The database allows one per affiliate and announcement."""

    id = UUID7Field(primary_key=True)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="announcement_notices")
    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="notices")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["affiliate", "announcement"], name="announcement_mailed_once")]

    def __str__(self) -> str:
        return f"notice {str(self.pk)[-8:]}"
