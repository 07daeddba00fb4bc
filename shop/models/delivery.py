"""What a buyer gets: a licence key of their own, and the releases of the product."""

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
from privacy.registry.purposes import Purpose

if TYPE_CHECKING:
    from . import Order


class LicenceQuerySet(models.QuerySet["Licence"]):
    def working(self) -> LicenceQuerySet:
        return self.filter(revoked_at=None)

    def revoked(self) -> LicenceQuerySet:
        return self.exclude(revoked_at=None)

    def newest_of(self, order: Order) -> Licence | None:
        """The one that works, or else the last that did: those before it were replaced, and never work again."""
        return self.filter(order=order).order_by(F("revoked_at").desc(nulls_first=True), "-pk").first()


@personal_data(
    label="Your license keys",
    purpose=Purpose.ORDER,
    columns={"key": "license key"},
    other_columns="id order_id key_index issued_at revoked_at",
    found_by=("order__email_index",),
    retention=Retention(text="7 years, as the order it belongs to", since="issued_at", days=7 * 365),
    erasure=Erasure.DELETE,
    kept_usable="you want to go on using what you bought; nothing says any more that it was you",
    source="made by this site when your payment arrived",
    recipients="you",
)
class Licence(SealedModel):
    """At most one that works for each order. A revoked one stays, so that its buyer and staff see what became of it."""

    order = models.ForeignKey("shop.Order", on_delete=models.PROTECT, related_name="licences")
    key = SealedTextField("licence key", max_length=29)
    key_index = BlindIndexField("key", unique=True)
    issued_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = LicenceQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at"]
        permissions = [("reissue_licence", "Can replace license keys")]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(revoked_at=None), name="one_working_licence_per_order"
            )
        ]


class ProductFileQuerySet(models.QuerySet["ProductFile"]):
    def released(self, now: datetime) -> ProductFileQuerySet:
        """What buyers are offered, the newest first."""
        return self.filter(released_at__lte=now).order_by("-released_at", "-id")


def protected_storage() -> Storage:
    """Where no address of the site leads: only `shop.delivery.downloads` opens what lies there."""
    return storages["products"]


def _has_content_of(extension: str, file: FieldFile) -> bool:
    file.seek(0)
    matches = zipfile.is_zipfile(file.file) if extension == ".zip" else file.read(5) == b"%PDF-"
    file.seek(0)
    return matches


def _place_of(release: ProductFile, name: str) -> str:
    return f"{release.product.slug}/{uuid4()}{PurePath(name).suffix.lower()}"


@not_personal(
    "the releases of a product", "id product_id version content sha256 size_bytes notes released_at uploaded_at"
)
class ProductFile(models.Model):
    """One release. Its file never changes: a mended one is a new version."""

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
    notes = models.TextField("what is new", blank=True, max_length=5000)
    released_at = models.DateTimeField(
        null=True, blank=True, default=timezone.now, help_text="From then on buyers can download it; empty: they can't."
    )
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ProductFileQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at"]
        verbose_name = "release"
        constraints = [models.UniqueConstraint(fields=["product", "version"], name="one_file_per_version")]

    def __str__(self) -> str:
        return f"{self.product} {self.version}"

    def clean(self) -> None:
        """Rejects a file whose content doesn't match its extension, before buyers download it."""
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
        """What the buyer's browser calls the file: nothing in it tells whose copy it is."""
        return f"{self.product.slug}-{self.version}{PurePath(str(self.content.name)).suffix}"
