"""Products."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from privacy.encryption.computed_fields import ComputedCharField
from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from shop.money import CURRENCIES, Money, program_currency


@not_personal(
    "what the shop sells",
    "id slug name summary description install_steps documentation_url price_minor currency is_active issues_license"
    " asks_phone asks_address",
)
class Product(models.Model):
    id = UUID7Field(primary_key=True)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    summary = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    install_steps = models.TextField(
        "installation steps", blank=True, help_text="Markdown. Buyers read it on their order page."
    )
    documentation_url = models.URLField("documentation", blank=True)
    price_minor = models.PositiveIntegerField("price in minor units")
    currency = ComputedCharField(max_length=3, default=program_currency, choices=[(code, code) for code in CURRENCIES])
    is_active = models.BooleanField("on sale", default=True)
    issues_license = models.BooleanField("comes with a license key", default=True)
    asks_phone = models.BooleanField(
        "asks for a phone number", default=False, help_text="Only if the order can't be fulfilled without it."
    )
    asks_address = models.BooleanField(
        "asks for a postal address", default=False, help_text="Only if something is delivered there."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(price_minor__gt=0), name="price_above_zero")]

    def __str__(self) -> str:
        return self.name

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)
