"""Products."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from privacy.encryption.computed_fields import ComputedCharField
from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF
from privacy.web.markdown import MarkdownField
from shop.money import CURRENCIES, Money, program_currency
from shop.money_fields import MinorUnitsField

from .delivery import ProductFile


class ProductQuerySet(models.QuerySet["Product"]):
    def active(self) -> ProductQuerySet:
        return self.filter(is_active=True)

    def services(self) -> Product:
        """What orders of accepted quotes are for. Created when the first quote is made, so that a rate can be set."""
        columns = {"slug": "services-by-quote", "name": "Services", "summary": "Work that is agreed in a quote."}
        return self.get_or_create(is_service=True, defaults={**columns, "is_active": False, "issues_license": False})[0]

    def with_delivery(self) -> ProductQuerySet:
        """Loads what `is_download` needs together with the products."""
        releases = ProductFile.objects.released(timezone.now()).filter(product=OuterRef("pk"))
        return self.annotate(has_release=Exists(releases))


@not_personal(
    "what the shop sells",
    "id slug name headline summary description requirements sites_per_license updates_and_support fulfillment"
    " install_steps documentation_url price_minor currency is_active issues_license asks_phone asks_address is_service"
    " position",
    growth=STAFF,
)
class Product(models.Model):
    """What the shop sells. The texts of its page are written by staff, in Markdown where they are long."""

    id = UUID7Field(primary_key=True)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    headline = models.CharField(
        max_length=120, blank=True, help_text="What it does for the buyer, in one line above the summary."
    )
    summary = models.CharField(max_length=300, help_text="One or two sentences. Search engines show them too.")
    description = MarkdownField(blank=True, max_length=20_000)
    requirements = MarkdownField(blank=True, max_length=5000)
    sites_per_license = models.CharField(max_length=120, blank=True, help_text="For example: 3 sites of one owner.")
    updates_and_support = MarkdownField("updates and support", blank=True, max_length=5000)
    fulfillment = MarkdownField(
        "after the payment",
        blank=True,
        max_length=3000,
        help_text="How the buyer gets what isn't downloaded, such as a service. Shown before and after the purchase.",
    )
    install_steps = MarkdownField(
        "installation steps",
        blank=True,
        help_text="Buyers read it on their order page.",
    )
    documentation_url = models.URLField("documentation", blank=True)
    price_minor = MinorUnitsField("price", null=True, blank=True)
    currency = ComputedCharField(max_length=3, default=program_currency, choices=[(code, code) for code in CURRENCIES])
    is_active = models.BooleanField("on sale", default=True)
    issues_license = models.BooleanField("comes with a license key", default=True)
    asks_phone = models.BooleanField(
        "asks for a phone number", default=False, help_text="Only if the order can't be fulfilled without it."
    )
    asks_address = models.BooleanField(
        "asks for a postal address", default=False, help_text="Only if something is delivered there."
    )
    # The one product that stands for work done under quotes. Affiliates earn on it only at a rate set for it.
    is_service = models.BooleanField("sold by quotes", default=False, editable=False)
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest comes first in the catalog.")

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="price_above_zero"),
            models.CheckConstraint(
                condition=Q(is_service=False) | Q(is_active=False, price_minor__isnull=True, issues_license=False),
                name="services_are_not_in_the_shop",
                violation_error_message="Services are sold by quotes: they have no price and no license, and aren't on"
                " sale in the shop.",
            ),
            models.UniqueConstraint(
                fields=["is_service"], condition=Q(is_service=True), name="one_product_stands_for_services"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:product", args=[self.slug])

    @property
    def price(self) -> Money | None:
        """None if the page offers a quote instead."""
        return None if self.price_minor is None else Money(self.price_minor, self.currency)

    @cached_property
    def is_download(self) -> bool:
        """Whether there is a file for buyers."""
        loaded: bool | None = getattr(self, "has_release", None)
        return self.files.released(timezone.now()).exists() if loaded is None else loaded

    @property
    def is_for_sale(self) -> bool:
        """Whether it can be bought: it has a price, and something that the buyer gets."""
        return self.is_active and self.price_minor is not None and bool(self.is_download or self.fulfillment)
