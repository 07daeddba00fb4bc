"""Changes of a balance that staff make by hand, each with a reason and a second person. Amounts are minor units."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedCharField
from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.encryption.readable_codes import random_code
from privacy.registry.declarations import Erasure, Retention, Use, personal_data
from privacy.registry.growth import BOOKS
from privacy.registry.purposes import Audience, Purpose
from shop.models import Product
from shop.money import Money
from shop.money_fields import MinorUnitsField, SignedMinorUnitsField

from .affiliate import Affiliate
from .commission import ONE_KIND_OF_RATE, Commission
from .rate import Rate, RateStep, format_rate

ADJUSTMENT_SHAPE = (
    Q(kind="bonus", amount_minor__gt=0, base_minor__isnull=True, reverses__isnull=True, commission__isnull=True)
    | Q(kind="correction", base_minor__isnull=True, reverses__isnull=True) & ~Q(amount_minor=0)
    | Q(
        kind="sale",
        amount_minor__gte=0,
        base_minor__gt=0,
        product__isnull=False,
        sold_on__isnull=False,
        reverses__isnull=True,
        commission__isnull=True,
    )
    & ONE_KIND_OF_RATE
    | Q(kind="reversal", amount_minor__lte=0, base_minor__gt=0, reverses__isnull=False, commission__isnull=True)
)


def new_adjustment_number() -> str:
    """Random, so that it doesn't reveal how many there are."""
    return "A" + random_code(9)


class AdjustmentQuerySet(models.QuerySet["Adjustment"]):
    def waiting(self) -> AdjustmentQuerySet:
        """Those that nobody has approved or declined yet."""
        return self.filter(state=Adjustment.State.PREPARED)

    def booked(self) -> AdjustmentQuerySet:
        return self.filter(state=Adjustment.State.BOOKED)

    def sales(self) -> AdjustmentQuerySet:
        """Booked sales outside the shop that were not fully reversed."""
        back = Sum("reversals__base_minor", filter=Q(reversals__state="booked"))
        sales = self.booked().filter(kind=Adjustment.Kind.SALE).annotate(back=back)
        return sales.filter(Q(back__isnull=True) | Q(back__lt=F("base_minor")))


@personal_data(
    label="Bonuses, corrections and sales outside the shop",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"reason": "reason", "reference": "number of the sale in our bookkeeping"},
    other_columns="id affiliate_id number kind state amount_minor currency product_id base_minor rate_id step_id"
    " step_sales rate_percent rate_flat_minor sold_on reference_index reverses_id commission_id created_at"
    " prepared_by_id decided_at decided_by_id decided_alone",
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="7 years, as required for tax records", since="created_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="amounts and dates are kept for tax records, without any text",
    source="written by our staff",
    recipients="nobody",
    uses=(
        Use(
            purpose=Purpose.ORDER,
            audience=Audience.STAFF,
            told="our staff are shown what was sold of a product outside the shop before they delete the product",
        ),
    ),
    days_alone=True,
    growth=BOOKS,
)
class Adjustment(SealedModel):
    """What one member of staff prepares and another one books as a ledger entry.

    Only a decision changes it, once; the database refuses anything else but removing the texts.
    """

    class Kind(models.TextChoices):
        BONUS = "bonus", "bonus"
        CORRECTION = "correction", "correction"
        SALE = "sale", "sale outside the shop"
        REVERSAL = "reversal", "reversal of a sale outside the shop"

    class State(models.TextChoices):
        PREPARED = "prepared", "waiting for a second person"
        BOOKED = "booked", "booked"
        DECLINED = "declined", "declined"

    number = ComputedCharField(max_length=12, unique=True, default=new_adjustment_number, editable=False)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="adjustments")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.PREPARED)
    amount_minor = SignedMinorUnitsField("amount")
    currency = models.CharField(max_length=3)
    reason = SealedTextField(max_length=300, null=True, blank=True)  # the affiliate sees it
    # Of a sale outside the shop; of a reversal, `base_minor` is what the buyer got back.
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, related_name="+")
    base_minor = MinorUnitsField("base", null=True)
    rate = models.ForeignKey(Rate, on_delete=models.PROTECT, null=True, related_name="+")  # None: settings
    step = models.ForeignKey(RateStep, on_delete=models.PROTECT, null=True, related_name="+")
    step_sales = models.PositiveIntegerField(null=True)
    rate_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    rate_flat_minor = MinorUnitsField("flat rate", null=True)
    sold_on = models.DateField(null=True)
    reference = SealedTextField("number in the bookkeeping", max_length=64, null=True, blank=True)
    reference_index = BlindIndexField("reference", normalize="code_fingerprint", null=True)
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="reversals")
    commission = models.ForeignKey(Commission, on_delete=models.PROTECT, null=True, related_name="+")  # it corrects
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_alone = models.BooleanField("booked by the person who prepared it, as the only one who may", default=False)

    objects = AdjustmentQuerySet.as_manager()

    database_triggers = ("no_update", "no_delete")

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["affiliate", "kind", "decided_at"], name="adjustments_of_affiliate")]
        constraints = [
            models.CheckConstraint(condition=ADJUSTMENT_SHAPE, name="adjustment_shape_by_kind"),
            models.CheckConstraint(
                condition=~Q(prepared_by=F("decided_by")) | Q(decided_alone=True) | Q(state="declined"),
                name="adjustment_booked_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state="prepared", decided_at__isnull=True)
                | Q(state__in=["booked", "declined"], decided_at__isnull=False),
                name="adjustment_decision_date_required",
            ),
            # So that no sale is credited twice, whoever enters it in whatever spelling.
            models.UniqueConstraint(
                fields=["reference_index"], condition=~Q(state="declined"), name="one_adjustment_per_sale"
            ),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(state="prepared"), name="one_waiting_reversal_per_sale"
            ),
        ]

    def __str__(self) -> str:
        return f"adjustment {self.number}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def base(self) -> Money | None:
        return None if self.base_minor is None else Money(self.base_minor, self.currency)

    @property
    def terms(self) -> str:
        """The rate of a sale outside the shop in words; empty for other kinds."""
        if self.rate_percent is None and self.rate_flat_minor is None:
            return ""
        flat = None if self.rate_flat_minor is None else Money(self.rate_flat_minor, self.currency)
        return format_rate(self.rate_percent, flat)

    @property
    def day(self) -> date:
        """The day of the sale, or else the one on which it was prepared, in UTC."""
        return self.sold_on or self.created_at.date()

    @property
    def staff_label(self) -> str:
        return f"{self.total}, {self.get_kind_display()}, {self.affiliate.staff_label}"
