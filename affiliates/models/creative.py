"""Banners, logos and texts that staff offer to affiliates."""

from __future__ import annotations

from pathlib import PurePath
from uuid import uuid4

from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.computed_fields import ComputedImageField
from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF

IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
# No SVG: it can contain scripts, which would run on this site's own origin.


def _upload_path(creative: Creative, name: str) -> str:
    return f"creatives/{uuid4()}{PurePath(name).suffix.lower()}"


class CreativeQuerySet(models.QuerySet["Creative"]):
    def offered(self) -> CreativeQuerySet:
        return self.filter(is_offered=True)


@not_personal(
    "banners and texts for affiliates",
    "id name image width height words body landing is_offered position created_at",
    growth=STAFF,
)
class Creative(models.Model):
    """A banner or logo if it has an image, with `words` as its alternative text; a text to paste if it has a `body`;
    otherwise a text link with these words."""

    id = UUID7Field(primary_key=True)
    name = models.CharField(max_length=80)
    image = ComputedImageField(
        upload_to=_upload_path,
        width_field="width",
        height_field="height",
        max_length=100,
        blank=True,
        validators=[FileExtensionValidator([suffix.lstrip(".") for suffix in IMAGES])],
        help_text="PNG, JPEG, GIF or WebP. Leave it empty for a text.",
    )
    width = models.PositiveIntegerField(null=True, editable=False)
    height = models.PositiveIntegerField(null=True, editable=False)
    words = models.CharField(
        max_length=200, help_text="The image's alternative text, the text of the link, or the email's subject."
    )
    body = models.TextField(
        "text to paste",
        max_length=4000,
        blank=True,
        help_text="Such as an email. Write {link} where the affiliate's link belongs.",
    )
    landing = models.CharField(
        "links to", max_length=200, default="/", help_text="The path of a page, such as /products/bps-pro/."
    )
    is_offered = models.BooleanField(
        "offered", default=True, help_text="A banner that is no longer offered still shows on sites that use it."
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest comes first.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CreativeQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(image="", width__isnull=True) | ~Q(image="") & Q(width__isnull=False, height__isnull=False),
                name="creative_dimensions_required",
            )
        ]

    def __str__(self) -> str:
        return self.name
