"""Data that must survive restoring a backup: day keys, tombstones of erased people, copies of opt-outs, and when
housekeeping last trusted the clock."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fingerprints import FingerprintField, normal_form_field
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, not_personal, personal_data
from privacy.registry.growth import Bounded, Kept
from privacy.registry.purposes import Purpose


@not_personal(
    "the keys that seal a day's referrals",
    "day key_id wrapped minted_at destroyed_at",
    growth=Kept("a day whose key was destroyed must never get another; one row a day, without the key"),
)
class DayKey(models.Model):
    """The key of one day. A destroyed key leaves its row behind, so that the day never gets another key."""

    day = models.DateField(primary_key=True)
    key_id = models.BinaryField(max_length=4, unique=True)
    wrapped = models.BinaryField(null=True)
    minted_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    database_triggers = ("no_update", "no_delete")

    class Meta:
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=False, destroyed_at__isnull=True)
                | Q(wrapped__isnull=True, destroyed_at__isnull=False),
                name="a_key_is_there_or_destroyed",
            )
        ]

    def __str__(self) -> str:
        return f"key of {self.day}"


@personal_data(
    label="Deletion marker",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={"fingerprint": "a sealed fingerprint of your address"},
    other_columns="id email_index keeps_usable erased_at confirmed_at normal_form",
    found_by=("email_index",),
    retention=Retention(
        text=f"{settings.BACKUP_DAYS} days, as long as backups are kept", since="erased_at", days=settings.BACKUP_DAYS
    ),
    erasure=Erasure.KEEP,
    kept_because="otherwise restoring an older backup would bring your data back",
    circumstances={"keeps_usable": "what you bought keeps working", "erased_at": "deleted"},
    unlisted=frozenset({"confirmed_at"}),
    expiry=Erasure.DELETE,
    source="your deletion",
    recipients="nobody",
)
class Tombstone(SealedModel):
    """A person was erased. Stored here because the main database may be restored from an older backup.

    Written before the erasure and confirmed after it: an unconfirmed one belongs to an interrupted erasure.
    """

    fingerprint = FingerprintField()
    email_index = BlindIndexField("fingerprint", normalize="email_fingerprint")
    keeps_usable = models.BooleanField(default=False)  # their purchases keep working
    erased_at = models.DateTimeField(default=timezone.now, db_index=True)
    confirmed_at = models.DateTimeField(null=True)
    normal_form = normal_form_field()

    class Meta:
        ordering = ["erased_at"]


@personal_data(
    label="Backup copies of do-not-contact entries",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={"fingerprint": "a sealed fingerprint of your address or number"},
    other_columns="id point_index point channel purpose source created_at copied_at normal_form",
    found_by=("point_index",),
    retention=Retention(
        text=f"{settings.BACKUP_DAYS} days, as long as backups are kept", since="copied_at", days=settings.BACKUP_DAYS
    ),
    erasure=Erasure.KEEP,
    copies="privacy_suppression",
    unlisted=frozenset({"point"}),
    kept_because="otherwise we could contact you again after restoring an older backup",
    expiry=Erasure.DELETE,
    source="your opt-out, or your deletion",
    recipients="nobody",
)
class OptOutCopy(SealedModel):
    """A copy of an opt-out, with the same ID, in case the main database is restored from an older backup."""

    fingerprint = FingerprintField()
    point_index = BlindIndexField("fingerprint", normalize="email_fingerprint")
    point = models.CharField(max_length=20)  # the field of `privacy.Suppression` that contains the fingerprint
    channel = models.CharField(max_length=10)
    purpose = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    copied_at = models.DateTimeField(default=timezone.now, db_index=True)
    normal_form = normal_form_field()

    class Meta:
        verbose_name = "copy of an opt-out"
        verbose_name_plural = "copies of opt-outs"


@not_personal("when housekeeping last ran", "id at", growth=Bounded("one row"))
class HousekeepingTime(models.Model):
    """A single row, the counterpart of the main database's heartbeat: `privacy.keystore.clock` reads both."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return "when housekeeping last ran"
