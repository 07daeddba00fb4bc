"""The versions of the program's terms, and which affiliate accepted which version when."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF, Kept
from shop.models.terms import VersionedTerms

from .affiliate import Affiliate


@not_personal(
    "the terms of the program and their versions", "id number text changes effective_from published_at", growth=STAFF
)
class TermsVersion(VersionedTerms):
    class Meta(VersionedTerms.Meta):
        verbose_name = "version of the affiliate terms"
        verbose_name_plural = "affiliate terms"
        permissions = [("publish_termsversion", "Can publish versions of the terms")]
        constraints = [
            *VersionedTerms.Meta.constraints,
            models.UniqueConstraint(fields=["number"], name="terms_numbered_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of the terms"


@not_personal(
    "which version of the terms an affiliate accepted, and when: the contract behind each payout",
    "id affiliate_id version_id accepted_at",
    despite_link="the contract with an affiliate, who sees it in the profile; it is kept with the ledger",
    growth=Kept("the contract behind each payout"),
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
