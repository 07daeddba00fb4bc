"""Audit log entries: who did what with which row, and when. Each contains the hash of the previous one."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.db import models
from django.db.models import Q

from privacy.encryption.keys import length_prefixed
from privacy.registry.declarations import not_personal
from privacy.registry.growth import Bounded, Kept

GENESIS = "0" * 64  # the hash before the first entry


class Head(NamedTuple):
    """The end of the chain: number and hash (hexadecimal) of its last entry."""

    number: int
    hash: str


START = Head(0, GENESIS)


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def head(self) -> Head:
        """The current end of the chain; `START` if there are no entries."""
        newest = self.order_by("-number").values_list("number", "hash").first()
        return Head(*newest) if newest else START

    def following(self, number: int, limit: int) -> AuditEntryQuerySet:
        """The entries after a number, in order."""
        return self.filter(number__gt=number).order_by("number")[:limit]


@not_personal(
    "who did what with which row, by ID only; the data behind an ID is in the row itself and is erased with it",
    "number at actor action object_model object_id previous_hash hash",
    growth=Kept("each entry contains the hash of the one before: without the first ones, nobody could verify the rest"),
)
class AuditEntry(models.Model):
    """One audited event. Written only by `privacy.audit.trail`; the database refuses changes."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField("when")
    # No foreign keys: entries outlive the account and the row they refer to.
    actor = models.UUIDField("who (user id; empty: the program)", null=True)
    action = models.CharField("what", max_length=60, db_index=True)
    object_model = models.CharField("kind of row", max_length=60, blank=True)
    object_id = models.CharField("row", max_length=40, blank=True, db_index=True)
    previous_hash = models.CharField("hash before", max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    objects = AuditEntryQuerySet.as_manager()

    database_triggers = ("no_insert", "no_update", "no_delete")

    class Meta:
        ordering = ["-number"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit"
        indexes = [models.Index(fields=["at", "number"], name="audit_entries_by_time")]
        constraints = [models.CheckConstraint(condition=Q(number__gte=1), name="audit_counts_from_one")]

    def __str__(self) -> str:
        return f"entry {self.number}"

    @classmethod
    def after(
        cls, head: Head, *, at: datetime, actor: UUID | None, action: str, object_model: str, object_id: str
    ) -> AuditEntry:
        """The unsaved entry that follows `head`."""
        entry = cls(
            number=head.number + 1,
            at=at,
            actor=actor,
            action=action,
            object_model=object_model,
            object_id=object_id,
            previous_hash=head.hash,
        )
        entry.hash = entry.computed_hash()
        return entry

    @property
    def head(self) -> Head:
        """The head if this is the last entry."""
        return Head(self.number, self.hash)

    def computed_hash(self, number: int | None = None) -> str:
        """SHA-256, in hexadecimal, over all fields and the previous hash; with `number`, as if it had that number."""
        fields = (
            "audit entry 1",
            str(self.number if number is None else number),
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            str(self.actor or ""),
            self.action,
            self.object_model,
            self.object_id,
            self.previous_hash,
        )
        return sha256(length_prefixed(*(text.encode() for text in fields))).hexdigest()


@not_personal(
    "the site's own public keys",
    "number key_id public_key first_used_at signed_by signature",
    growth=Bounded("one row per root key"),
)
class SigningKey(models.Model):
    """A public key for audit heads and evidence, signed with the previous key.

    Written only by `privacy.audit.signing`; the database refuses changes.
    """

    number = models.PositiveIntegerField(primary_key=True)
    key_id = models.CharField(max_length=8, unique=True)
    public_key = models.TextField()
    first_used_at = models.DateTimeField()
    signed_by = models.CharField("key id of the one before", max_length=8, blank=True)
    signature = models.CharField(max_length=88, blank=True)

    database_triggers = ("no_replace", "no_update", "no_delete")

    def __str__(self) -> str:
        return f"public key {self.key_id}"
