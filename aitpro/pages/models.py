"""What staff write for the public pages. The pages of products are in `shop`, the services in `contacts`."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.urls import reverse
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF
from privacy.web.markdown import MarkdownField
from shop.models.product_page import PositionedRow, Question


class PageQuerySet(models.QuerySet["Page"]):
    def published(self, now: datetime) -> PageQuerySet:
        return self.filter(is_published=True, published_from__lte=now)


@not_personal(
    "a page that staff wrote, public on the site",
    "id title slug summary text place position is_published published_from changed_at",
    growth=STAFF,
)
class Page(models.Model):
    """A page at an address of one part, such as /guide/. Before `published_from`, and as a draft, it is a 404."""

    class Place(models.TextChoices):
        MENU = "menu", "in the menu"
        FOOTER = "footer", "in the footer"
        NOWHERE = "nowhere", "only where other pages link to it"

    id = UUID7Field(primary_key=True)
    title = models.CharField(max_length=80)
    slug = models.SlugField("address", max_length=80, unique=True)
    summary = models.CharField(
        max_length=300, help_text="One or two sentences below the title. Search engines show them too."
    )
    text = MarkdownField(
        max_length=50_000,
        help_text="Markdown: a line that starts with # is a heading, one with - a point of a list, and [text](address)"
        " is a link.",
    )
    place = models.CharField("shown", max_length=8, choices=Place, default=Place.NOWHERE)
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest comes first.")
    is_published = models.BooleanField("published", default=False, help_text="Otherwise it is a draft.")
    published_from = models.DateTimeField(default=timezone.now, help_text="A published page appears at this time.")
    changed_at = models.DateTimeField(auto_now=True, editable=False)

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("pages:page", args=[self.slug])

    @property
    def is_public(self) -> bool:
        return self.is_published and self.published_from <= timezone.now()


@not_personal(
    "the texts of a front page, public on the site",
    "name headline introduction section_heading section_text contact_heading contact_text",
    growth=STAFF,
)
class FrontPage(models.Model):
    """What staff changed of a front page. An empty text is the one that `front_texts` ships."""

    class Name(models.TextChoices):
        HOME = "home", "Home"
        SERVICES = "services", "Services"
        ABOUT = "about", "About us"
        SUPPORT = "support", "Support"

    name = models.CharField("page", max_length=8, choices=Name, primary_key=True)
    headline = models.CharField(max_length=120, blank=True)
    introduction = models.CharField(max_length=500, blank=True, help_text="The text below the headline.")
    section_heading = models.CharField("heading", max_length=120, blank=True)
    section_text = MarkdownField("text", max_length=5000, blank=True, help_text="Markdown.")
    contact_heading = models.CharField("heading", max_length=120, blank=True)
    contact_text = models.CharField("text", max_length=500, blank=True)

    class Meta:
        verbose_name = "front page"

    def __str__(self) -> str:
        return self.get_name_display()

    def get_absolute_url(self) -> str:
        return reverse(f"site:{self.name}")


@not_personal("a section that staff added to a front page", "id front_page_id heading text position", growth=STAFF)
class FrontPageSection(PositionedRow):
    front_page = models.ForeignKey(FrontPage, on_delete=models.CASCADE, related_name="sections")
    heading = models.CharField(max_length=120)
    text = MarkdownField(max_length=10_000, help_text="Markdown.")

    class Meta(PositionedRow.Meta):
        verbose_name = "section"

    def __str__(self) -> str:
        return self.heading


@not_personal("a question that the support page answers", "id question answer position", growth=STAFF)
class SiteQuestion(Question):
    class Meta(Question.Meta):
        verbose_name = "question and answer"
        verbose_name_plural = "questions and answers"
