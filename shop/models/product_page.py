"""The parts of a product's page: features, pictures, questions."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF
from privacy.web.markdown import MarkdownField

from .product import Product


class PositionedRow(models.Model):
    id = UUID7Field(primary_key=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest comes first.")

    class Meta:
        abstract = True
        ordering = ["position", "id"]


@not_personal("the features that a product's page names", "id product_id heading text position", growth=STAFF)
class ProductFeature(PositionedRow):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="features")
    heading = models.CharField(max_length=80)
    text = MarkdownField(max_length=2000)

    class Meta(PositionedRow.Meta):
        verbose_name = "feature"

    def __str__(self) -> str:
        return self.heading


class Question(PositionedRow):
    """A question that a page answers; `shop/_questions.html` shows them, `faq_data` tells search engines."""

    question = models.CharField(max_length=200)
    answer = MarkdownField(max_length=3000, help_text="Markdown.")

    class Meta(PositionedRow.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.question


@not_personal("the questions that a product's page answers", "id product_id question answer position", growth=STAFF)
class ProductQuestion(Question):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="questions")

    class Meta(Question.Meta):
        verbose_name = "question"


class ProductPictureQuerySet(models.QuerySet["ProductPicture"]):
    def without_content(self) -> ProductPictureQuerySet:
        """For pages that only link to the pictures."""
        return self.defer("large", "small")


@not_personal(
    "the pictures of a product's page",
    "id product_id large small digest width height alt caption position",
    growth=STAFF,
)
class ProductPicture(PositionedRow):
    """A WebP picture in two widths, written by this site (ADR 46). The first of a product is the one beside its name.

    `width` and `height` are those of the large one, in pixels.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pictures")
    large = models.BinaryField()
    small = models.BinaryField()
    digest = models.CharField(max_length=64, editable=False, db_index=True)
    width = models.PositiveSmallIntegerField(editable=False)
    height = models.PositiveSmallIntegerField(editable=False)
    alt = models.CharField(
        "description", max_length=300, help_text="What it shows, for people who can't see it and for search engines."
    )
    caption = models.CharField(max_length=200, blank=True)

    objects = ProductPictureQuerySet.as_manager()

    class Meta(PositionedRow.Meta):
        verbose_name = "picture"

    def __str__(self) -> str:
        return self.alt

    @cached_property
    def url(self) -> str:
        return reverse("shop:picture", args=[self.digest, "large"])

    @cached_property
    def small_url(self) -> str:
        return reverse("shop:picture", args=[self.digest, "small"])
