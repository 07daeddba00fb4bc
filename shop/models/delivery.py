"""Licenses and product releases."""

from __future__ import annotations

import hashlib
import zipfile
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files.storage import Storage, storages
from django.core.validators import FileExtensionValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedFileField
from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel, UUID7Field
from privacy.registry.declarations import Erasure, Retention, not_personal, personal_data
from privacy.registry.growth import STAFF, Pruned
from privacy.registry.purposes import Purpose
from privacy.web.markdown import MarkdownField

if TYPE_CHECKING:
    from . import Order


class LicenseQuerySet(models.QuerySet["License"]):
    def working(self) -> LicenseQuerySet:
        return self.filter(revoked_at=None)

    def revoked(self) -> LicenseQuerySet:
        return self.exclude(revoked_at=None)

    def newest_of(self, order: Order) -> License | None:
        """The active license, or else the last one; earlier ones were replaced and stay revoked."""
        return self.filter(order=order).order_by(F("revoked_at").desc(nulls_first=True), "-pk").first()


@personal_data(
    label="Your license keys",
    purpose=Purpose.ORDER,
    columns={"key": "license key"},
    other_columns="id order_id key_index issued_at revoked_at",
    found_by=("order__email_index",),
    retention=Retention(text="7 years, as the order it belongs to", since="issued_at", days=7 * 365),
    erasure=Erasure.DELETE,
    kept_usable="you want to keep using what you bought; nothing identifies you any more",
    source="created by this site when your payment arrived, or by the shop where you ordered",
    recipients="you",
)
class License(SealedModel):
    """At most one active license per order. Revoked ones are kept, so that buyer and staff see what happened."""

    order = models.ForeignKey("shop.Order", on_delete=models.PROTECT, related_name="licenses")
    key = SealedTextField("license key", max_length=100)  # of a former shop, in any form
    key_index = BlindIndexField("key", unique=True)
    issued_at = models.DateTimeField(default=timezone.now, db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = LicenseQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at"]
        permissions = [("reissue_license", "Can replace license keys")]
        indexes = [
            models.Index(fields=["issued_at"], condition=models.Q(revoked_at__isnull=False), name="revoked_licenses")
        ]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(revoked_at=None), name="one_active_license_per_order")
        ]

    def __str__(self) -> str:
        return f"license of {self.order}"

    @property
    def staff_label(self) -> str:
        return f"license of {self.order.staff_label}"


class ProductFileQuerySet(models.QuerySet["ProductFile"]):
    def released(self, now: datetime) -> ProductFileQuerySet:
        """Releases available to buyers, newest first."""
        return self.filter(released_at__lte=now).order_by("-released_at", "-id")


def protected_storage() -> Storage:
    """Storage without a public URL: only `shop.delivery.downloads` opens its files."""
    return storages["products"]


def _has_content_of(extension: str, file: FieldFile) -> bool:
    file.seek(0)
    matches = zipfile.is_zipfile(file.file) if extension == ".zip" else file.read(5) == b"%PDF-"
    file.seek(0)
    return matches


def _place_of(release: ProductFile, name: str) -> str:
    return f"{release.product.slug}/{uuid4()}{PurePath(name).suffix.lower()}"


@not_personal(
    "the releases of a product",
    "id product_id version content sha256 size_bytes notes released_at is_announced announced_at uploaded_at",
    growth=STAFF,
)
class ProductFile(models.Model):
    """One release. Its file never changes: a fixed one is a new version."""

    id = UUID7Field(primary_key=True)
    product = models.ForeignKey("shop.Product", on_delete=models.PROTECT, related_name="files")
    version = models.CharField(max_length=30, validators=[RegexValidator(r"\A[0-9A-Za-z][0-9A-Za-z.+-]*\Z")])
    content = ComputedFileField(
        "file",
        upload_to=_place_of,
        storage=protected_storage,
        max_length=200,
        validators=[FileExtensionValidator(["zip", "pdf"])],
    )
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    size_bytes = models.PositiveBigIntegerField("size in bytes", editable=False)
    notes = MarkdownField("release notes", blank=True, max_length=5000)
    released_at = models.DateTimeField(
        null=True,
        blank=True,
        default=timezone.now,
        help_text="Buyers can download it from this time; leave empty to withhold it.",
    )
    is_announced = models.BooleanField(
        "tell buyers who asked",
        default=True,
        help_text="They are told once, as soon as the release can be downloaded. Who has unsubscribed gets nothing.",
    )
    announced_at = models.DateTimeField(null=True, editable=False)  # to buyers: `shop.delivery.release_notices`
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ProductFileQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at"]
        verbose_name = "release"
        constraints = [models.UniqueConstraint(fields=["product", "version"], name="one_file_per_version")]

    def __str__(self) -> str:
        return f"{self.product} {self.version}"

    def clean(self) -> None:
        """Rejects a file whose content doesn't match its extension."""
        file = self.content
        if self._state.adding and file and not _has_content_of(PurePath(str(file.name)).suffix.lower(), file):
            raise ValidationError({"content": "The content of this file does not match its extension."})

    def save(self, **options: Any) -> None:
        if self._state.adding:
            self._measure()
        super().save(**options)

    def _measure(self) -> None:
        digest = hashlib.sha256()
        for chunk in self.content.chunks():
            digest.update(chunk)
        self.sha256, self.size_bytes = digest.hexdigest(), self.content.size

    @property
    def download_name(self) -> str:
        """The file name for the buyer; it doesn't identify the order."""
        return f"{self.product.slug}-{self.version}{PurePath(str(self.content.name)).suffix}"


@not_personal("which download links have been counted", "link_digest expires_at", growth=Pruned(since="expires_at"))
class CountedDownload(models.Model):
    """A download link that was used. Kept until the link expires, so that a resumed download counts once."""

    link_digest = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return "counted download"
