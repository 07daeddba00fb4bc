"""Models: versions of the privacy policy, and the notice to each affected person."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fingerprints import FingerprintField
from privacy.encryption.models import SealedModel, UUID7Field
from privacy.registry.declarations import Erasure, Retention, not_personal, personal_data
from privacy.registry.growth import STAFF
from privacy.registry.policy_diff import PolicyDifference, differences
from privacy.registry.policy_gate import NOTHING
from privacy.registry.policy_snapshot import Snapshot, hash_of
from privacy.registry.purposes import Purpose


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def in_effect(self) -> PolicyVersion | None:
        return self.filter(state=PolicyVersion.State.IN_EFFECT).first()

    def in_effect_snapshot(self) -> Snapshot | None:
        return self.filter(state=PolicyVersion.State.IN_EFFECT).values_list("snapshot", flat=True).first()

    def announced(self) -> PolicyVersionQuerySet:
        """The announced version; there is at most one."""
        return self.filter(state=PolicyVersion.State.NOTICES)

    def public(self) -> PolicyVersionQuerySet:
        """All versions except drafts."""
        return self.exclude(state=PolicyVersion.State.DRAFT)


@not_personal(
    "the policy's text and data declarations",
    "id number state summary additions snapshot registry_hash tells effective_on written_at notices_began_at"
    " in_effect_at ended_at",
    growth=STAFF,
)
class PolicyVersion(models.Model):
    """One version of the policy. Once announced, the database refuses changes to its content."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        NOTICES = "notices", "sending notices"
        IN_EFFECT = "in_effect", "in effect"
        SUPERSEDED = "superseded", "superseded"
        WITHDRAWN = "withdrawn", "withdrawn"

    id = UUID7Field(primary_key=True)
    number = models.PositiveIntegerField("version", unique=True)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    summary = models.TextField("summary of changes", max_length=5000)
    additions = models.TextField("additional text", max_length=20_000, blank=True)
    snapshot = models.JSONField("snapshot of the registry")
    registry_hash = models.CharField("hash of the registry", max_length=64)
    tells = models.BooleanField("notify everyone first", default=True)
    effective_on = models.DateField("takes effect on")
    written_at = models.DateTimeField("created", default=timezone.now)
    notices_began_at = models.DateTimeField("notices started", null=True, blank=True)
    in_effect_at = models.DateTimeField("in effect since", null=True, blank=True)
    ended_at = models.DateTimeField("superseded or withdrawn", null=True, blank=True)

    objects = PolicyVersionQuerySet.as_manager()

    database_triggers = ("no_insert", "no_update", "no_delete")

    class Meta:
        ordering = ["-number"]
        verbose_name = "policy version"
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="in_effect"), name="one_policy_in_effect"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="notices"), name="one_policy_announced"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="draft"), name="one_policy_draft"),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_announced(self) -> bool:
        return self.state == self.State.NOTICES

    @property
    def is_unmodified(self) -> bool:
        """Whether the snapshot matches its hash."""
        return self.registry_hash == hash_of(self.snapshot)

    def take(self, snapshot: Snapshot) -> None:
        self.snapshot, self.registry_hash = snapshot, hash_of(snapshot)

    def predecessor(self) -> PolicyVersion | None:
        """The previous version that was in effect."""
        earlier = PolicyVersion.objects.filter(number__lt=self.number, in_effect_at__isnull=False)
        return earlier.order_by("-number").first()

    def changes(self) -> list[PolicyDifference]:
        """Differences from the previous version; none for the first."""
        before = self.predecessor()
        if before is None and self.in_effect_at:
            return []
        return differences(before.snapshot if before else NOTHING, self.snapshot)

    @property
    def widens(self) -> bool:
        return any(difference.widens for difference in self.changes())


class PolicyNoticeQuerySet(models.QuerySet["PolicyNotice"]):
    def not_notified(self) -> PolicyNoticeQuerySet:
        return self.exclude(state__in=PolicyNotice.SETTLED)

    def for_staff(self) -> PolicyNoticeQuerySet:
        return self.filter(state=PolicyNotice.State.UNREACHABLE)


@personal_data(
    label="Notices of changes of this policy",
    purpose=Purpose.POLICY_NOTICE,
    columns={"fingerprint": "a sealed fingerprint of your address"},
    other_columns=(
        "id version_id person_index contact_model contact_id state reason mail_id listed_at settled_at handled_by_id"
    ),
    found_by=("person_index",),
    retention=Retention(text="2 years after the change was announced", since="listed_at", days=730),
    erasure=Erasure.DELETE,
    unlisted=frozenset({"contact_model"}),
    source="created by us when this policy changes",
    recipients="nobody",
)
class PolicyNotice(SealedModel):
    """The notice of one version to one person. Contains no address; `contact` is the row that does."""

    class State(models.TextChoices):
        WAITING = "waiting", "pending"
        MAILED = "mailed", "email queued"
        DELIVERED = "delivered", "notified by email"
        UNREACHABLE = "unreachable", "unreachable by email: call or write"
        CALLED = "called", "notified by phone"
        WRITTEN = "written", "notified by letter"
        LEFT_OUT = "left_out", "opted out of all contact: left out"

    SETTLED = (State.DELIVERED, State.CALLED, State.WRITTEN, State.LEFT_OUT)

    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="notices", db_index=False)
    fingerprint = FingerprintField()
    person_index = BlindIndexField("fingerprint", normalize="email_fingerprint")
    contact_model = models.CharField("kind of row", max_length=60)
    contact_id = models.UUIDField("row with the address")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    reason = models.CharField("why email failed", max_length=200, blank=True)
    mail_id = models.UUIDField("mail", null=True)
    listed_at = models.DateTimeField("listed", default=timezone.now, db_index=True)
    settled_at = models.DateTimeField("notified", null=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = PolicyNoticeQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = "policy notice"
        constraints = [
            models.UniqueConstraint(fields=["version", "person_index"], name="one_notice_per_person_and_version")
        ]
        indexes = [
            models.Index(fields=["version", "state"]),
            models.Index(fields=["version", "id"]),
            models.Index(fields=["state", "id"]),
        ]

    def contact(self) -> Any:
        """The row with the person's address; None if it was deleted."""
        return apps.get_model(self.contact_model)._base_manager.filter(pk=self.contact_id).first()
