"""The installments in which a quote is paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.deadlines import local_day
from privacy.registry.declarations import Erasure, personal_data
from privacy.registry.growth import DeletedWith
from privacy.registry.purposes import Purpose
from shop.models import Order
from shop.money import Money
from shop.money_fields import BigMinorUnitsField, MinorUnitsField

from .quote import AMOUNTS_STAY, Quote
from .quote_line import AS_THE_QUOTE, OfLiveQuotes


@personal_data(
    label="Installments of your quotes",
    purpose=Purpose.QUOTE,
    also_for=(Purpose.ORDER,),
    columns={"label": "what the installment is for"},
    other_columns=(
        "id quote_id position percent fixed_minor amount_minor due due_on released_at order_id reminders reminded_at"
    ),
    found_by=("quote__email_index",),
    retention=AS_THE_QUOTE,
    erasure=Erasure.REDACT,
    kept_because=AMOUNTS_STAY,
    circumstances={"amount_minor": "amount", "due_on": "day on which it is due", "released_at": "when it became due"},
    source="written by our staff",
    recipients="you",
    growth=DeletedWith("quote"),
)
class Installment(SealedModel):
    """A part of the total: a percentage of it, a fixed amount, or (without either) the rest.

    `amount_minor` is what it comes to; the amounts of a sent quote add up to its total. Acceptance makes one order of
    each.
    """

    class Due(models.TextChoices):
        ACCEPTANCE = "acceptance", "on acceptance"
        DATE = "date", "on a date"
        RELEASE = "release", "when we say that it is due"

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="installments")
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    label = SealedTextField("for", max_length=150, null=True)
    percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(100))],
    )
    fixed_minor = MinorUnitsField("or amount", null=True, blank=True)
    amount_minor = BigMinorUnitsField("amount", default=0, editable=False)
    due = models.CharField(max_length=10, choices=Due, default=Due.ACCEPTANCE)
    due_on = models.DateField("date", null=True, blank=True)
    released_at = models.DateTimeField("due since", null=True, editable=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, null=True, editable=False, related_name="installment")
    reminders = models.PositiveSmallIntegerField("reminders sent", default=0, editable=False)
    reminded_at = models.DateTimeField(null=True, editable=False)

    objects = OfLiveQuotes()

    database_triggers = ("no_insert", "no_update")

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(fixed_minor__isnull=True),
                name="clients_installment_percent_or_amount",
            ),
            models.CheckConstraint(
                condition=Q(due="date", due_on__isnull=False) | ~Q(due="date") & Q(due_on__isnull=True),
                name="clients_installment_date_if_due_on_one",
            ),
        ]

    @property
    def purpose(self) -> Purpose:
        return self.quote.purpose

    @property
    def currency(self) -> str:
        return self.quote.currency

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def due_day(self) -> date | None:
        """The day on which it is due, in the business's time zone; None while nobody knows it."""
        if self.due_on:
            return self.due_on
        return local_day(self.released_at) if self.released_at else None
