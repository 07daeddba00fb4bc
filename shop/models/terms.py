"""Terms in versions: drafts until they are published, which the database then protects from any change.

`VersionedTerms` is the mechanism, for the terms of the shop and of the affiliate program.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import BOOKS, STAFF
from privacy.web.markdown import MarkdownField, render_markdown

from .order import Order


class TermsQuerySet(models.QuerySet[Any]):
    def published(self) -> TermsQuerySet:
        return self.filter(effective_from__isnull=False)

    def in_force(self, now: datetime) -> Any:
        """The current version; None if none was ever published."""
        return self.filter(effective_from__lte=now).order_by("-effective_from", "-number").first()

    def next_number(self) -> int:
        return (self.aggregate(last=Max("number"))["last"] or 0) + 1


class VersionedTerms(models.Model):
    """One version of a document. `shop.terms.publishing` publishes it."""

    id = UUID7Field(primary_key=True)
    number = models.PositiveSmallIntegerField(editable=False)
    text = MarkdownField(
        max_length=50_000,
        help_text="Markdown: an empty line between paragraphs, # in front of a heading.",
    )
    changes = models.TextField(
        "what changes", max_length=2000, blank=True, help_text="In two or three sentences. Readers see it first."
    )
    effective_from = models.DateTimeField("effective from", null=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)

    objects = TermsQuerySet.as_manager()

    database_triggers = ("no_replace", "no_update", "no_delete")

    class Meta:
        abstract = True
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_from__isnull=True, published_at__isnull=True)
                | Q(effective_from__isnull=False, published_at__isnull=False),
                name="%(app_label)s_terms_publication_date_required",
            ),
        ]

    @property
    def is_draft(self) -> bool:
        return self.effective_from is None

    @property
    def html(self) -> SafeString:
        return render_markdown(self.text)

    @property
    def versions(self) -> TermsQuerySet:
        """All versions of the same document."""
        return type(self).objects.all()

    @property
    def obstacle(self) -> str:
        """Why this text can't be published; empty if it can."""
        return ""


@not_personal(
    "the terms of the shop and their versions",
    "id document number text changes effective_from published_at",
    growth=STAFF,
)
class ShopTerms(VersionedTerms):
    """A version of what a buyer accepts at checkout."""

    class Document(models.TextChoices):
        """The value is the document's address below /terms/."""

        SALE = "sale", "Terms of sale"
        REFUNDS = "refunds", "Refund policy"
        LICENSE = "license", "License terms"

    document = models.CharField(max_length=10, choices=Document, editable=False)

    class Meta(VersionedTerms.Meta):
        ordering = ["document", "-number"]
        verbose_name = "version of the shop's terms"
        verbose_name_plural = "shop terms"
        permissions = [("publish_shopterms", "Can publish versions of the shop's terms")]
        constraints = [
            *VersionedTerms.Meta.constraints,
            models.UniqueConstraint(fields=["document", "number"], name="shop_terms_numbered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_document_display()}, version {self.number}"

    def get_absolute_url(self) -> str:
        return f"{reverse('shop:terms_document', args=[self.document])}?version={self.number}"

    @property
    def versions(self) -> TermsQuerySet:
        return type(self).objects.filter(document=self.document)

    @property
    def obstacle(self) -> str:
        """Checkout, order page and commissions go by `REFUND_DAYS`: the refund policy has to say the same."""
        window = f"{settings.REFUND_DAYS} days"
        if self.document != self.Document.REFUNDS or window in self.text:
            return ""
        return f"Orders can be refunded for {window} (setting REFUND_DAYS), but this text doesn't say “{window}”."


def current_shop_terms() -> list[ShopTerms]:
    """The current version of each document, in the order of `Document`. Documents never published are left out."""
    oldest_first = ShopTerms.objects.filter(effective_from__lte=timezone.now()).order_by("effective_from", "number")
    current = {version.document: version for version in oldest_first}
    return [current[document] for document in ShopTerms.Document.values if document in current]


@not_personal(
    "which versions of the shop's terms an order was placed under",
    "id order_id document version_id accepted_at",
    despite_link="part of the contract; the order page links each version",
    growth=BOOKS,
)
class AcceptedTerms(models.Model):
    """Written once with the order: one version of each document, which the database checks was in effect."""

    id = UUID7Field(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="accepted_terms")
    document = models.CharField(max_length=10, choices=ShopTerms.Document)
    version = models.ForeignKey(ShopTerms, on_delete=models.PROTECT, related_name="acceptances")
    accepted_at = models.DateTimeField(default=timezone.now)

    database_triggers = ("no_replace", "no_insert", "no_update", "no_delete")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "document"], name="one_version_of_each_document_per_order"),
        ]

    def __str__(self) -> str:
        return f"acceptance {str(self.pk)[-8:]}"
