"""The versions of the program's terms, and which affiliate accepted which version when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal

from .affiliate import Affiliate


class Block(NamedTuple):
    """A paragraph of the terms, or a heading."""

    text: str
    is_heading: bool


class TermsVersionQuerySet(models.QuerySet["TermsVersion"]):
    def published(self) -> TermsVersionQuerySet:
        return self.filter(effective_from__isnull=False)

    def in_force(self, now: datetime) -> TermsVersion | None:
        """The current version; None if none was ever published."""
        return self.filter(effective_from__lte=now).order_by("-effective_from", "-number").first()


@not_personal(
    "the terms of the program and their versions",
    "id number text changes effective_from published_at",
)
class TermsVersion(models.Model):
    """A draft until it is published with a date; from then on the database refuses any change."""

    id = UUID7Field(primary_key=True)
    number = models.PositiveSmallIntegerField(unique=True, editable=False)
    text = models.TextField(
        max_length=50_000, help_text="Separate paragraphs by an empty line. A line that starts with # is a heading."
    )
    changes = models.TextField(
        "what changes", max_length=2000, blank=True, help_text="In two or three sentences. Affiliates see it first."
    )
    effective_from = models.DateTimeField("effective from", null=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)

    objects = TermsVersionQuerySet.as_manager()

    database_triggers = ("no_replace", "no_update", "no_delete")

    class Meta:
        ordering = ["-number"]
        verbose_name = "version of the terms"
        verbose_name_plural = "versions of the terms"
        permissions = [("publish_termsversion", "Can publish versions of the terms")]
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_from__isnull=True, published_at__isnull=True)
                | Q(effective_from__isnull=False, published_at__isnull=False),
                name="terms_publication_date_required",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of the terms"

    @property
    def is_draft(self) -> bool:
        return self.effective_from is None

    @property
    def blocks(self) -> Iterator[Block]:
        """The paragraphs and headings for a template, in order."""
        for text in self.text.replace("\r\n", "\n").split("\n\n"):
            if text.strip():
                yield Block(text.strip().lstrip("# "), is_heading=text.strip().startswith("#"))


@not_personal(
    "which version of the terms an affiliate accepted, and when: the contract behind each payout",
    "id affiliate_id version_id accepted_at",
    despite_link="the contract with an affiliate, who sees it in the profile; it is kept with the ledger",
)
class TermsAcceptance(models.Model):
    """Written once and kept with the ledger."""

    id = UUID7Field(primary_key=True)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="acceptances")
    version = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, related_name="acceptances")
    accepted_at = models.DateTimeField(default=timezone.now)

    database_triggers = ("no_replace", "no_update", "no_delete")

    class Meta:
        ordering = ["accepted_at"]
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "version"], name="terms_version_accepted_once"),
        ]

    def __str__(self) -> str:
        return f"acceptance {str(self.pk)[-8:]}"
