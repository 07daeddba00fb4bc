"""Services that the business offers by quote: the words of the services page and the home page."""

from __future__ import annotations

from django.db import models

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF
from privacy.web.markdown import MarkdownField


class ServiceQuerySet(models.QuerySet["Service"]):
    def offered(self) -> ServiceQuerySet:
        return self.filter(is_offered=True)


@not_personal(
    "what the business offers by quote, public on the site",
    "id slug name icon summary commitment text position is_offered",
    growth=STAFF,
)
class Service(models.Model):
    class Icon(models.TextChoices):
        DESIGN = "design", "a page layout"
        HARDENING = "hardening", "a shield"
        CLEANUP = "cleanup", "a magnifying glass"
        MAINTENANCE = "maintenance", "arrows around a clock"

    id = UUID7Field(primary_key=True)
    slug = models.SlugField("address", unique=True, help_text="For links: /services/#address.")
    name = models.CharField(max_length=80)
    icon = models.CharField(max_length=12, choices=Icon, blank=True)
    summary = models.CharField(max_length=200, help_text="One or two sentences for the home page.")
    commitment = models.CharField(
        max_length=120, blank=True, help_text="What clients can hold you to; it stands out on both pages."
    )
    text = MarkdownField(help_text="Markdown, for the services page.")
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest number comes first.")
    is_offered = models.BooleanField("offered", default=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name
