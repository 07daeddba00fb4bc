"""The lines of a quote, and the terms under which it is offered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel, UUID7Field
from privacy.registry.declarations import Erasure, Retention, not_personal, personal_data
from privacy.registry.growth import DeletedWith
from privacy.registry.purposes import Purpose
from shop.models import ShopTerms
from shop.money import Money
from shop.money_fields import SignedMinorUnitsField

from .quote import AMOUNTS_STAY, Quote

AS_THE_QUOTE = Retention(text="as long as the quote they belong to")
MOST = Decimal("99999.99")  # of one line: hours, pages, licenses


class OfLiveQuotes(models.Manager[Any]):
    """For rows that belong to a quote: they expire with it. The purge uses `_base_manager`."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(quote__keep_until__gt=timezone.now())


@personal_data(
    label="Lines of your quotes",
    purpose=Purpose.QUOTE,
    also_for=(Purpose.ORDER,),
    columns={"description": "description"},
    other_columns="id quote_id position quantity unit_price_minor",
    found_by=("quote__email_index",),
    retention=AS_THE_QUOTE,
    erasure=Erasure.REDACT,
    kept_because=AMOUNTS_STAY,
    circumstances={"quantity": "quantity", "unit_price_minor": "price of one"},
    source="written by our staff",
    recipients="you",
    growth=DeletedWith("quote"),
)
class QuoteLine(SealedModel):
    """What is offered, how much of it, and the price of one. A discount is a line with a negative price."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    description = SealedTextField(max_length=1000, null=True)
    quantity = models.DecimalField(
        max_digits=7,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(MOST)],
    )
    unit_price_minor = SignedMinorUnitsField("price of one")

    objects = OfLiveQuotes()

    database_triggers = ("no_insert", "no_update")

    class Meta:
        ordering = ["position", "id"]
        verbose_name = "line"

    @property
    def purpose(self) -> Purpose:
        return self.quote.purpose

    @property
    def currency(self) -> str:
        return self.quote.currency

    @property
    def unit_price(self) -> Money:
        return Money(self.unit_price_minor, self.currency)

    @property
    def amount(self) -> Money:
        """Rounded half up to the minor unit."""
        return self.unit_price.percent(self.quantity * 100)


@not_personal(
    "which versions of the shop's terms a quote is offered under",
    "id quote_id document version_id",
    despite_link="part of the offer; the page of the quote links each version",
    growth=DeletedWith("quote"),
)
class QuoteTerms(models.Model):
    """One version of each document, fixed when the quote is sent."""

    id = UUID7Field(primary_key=True)
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="offered_terms")
    document = models.CharField(max_length=10, choices=ShopTerms.Document)
    version = models.ForeignKey(ShopTerms, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "document"], name="clients_one_version_of_each_document"),
        ]

    def __str__(self) -> str:
        return f"terms {str(self.pk)[-8:]}"
