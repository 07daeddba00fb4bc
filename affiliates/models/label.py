"""Campaign labels: the values an affiliate may use for `sub=` in a link, and the sales under each of them. A label and
the page that its link leads to are a saved link in the portal."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, not_personal, personal_data
from privacy.registry.growth import DeletedWith, Queue
from privacy.registry.purposes import Purpose

from .affiliate import Affiliate
from .commission import Commission

MOST_LABELS = 50  # in use per affiliate
LONGEST_LABEL = 32  # characters


class LabelQuerySet(models.QuerySet["Label"]):
    def in_use(self) -> LabelQuerySet:
        return self.filter(archived_at=None)


@personal_data(
    label="Your campaign labels",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"name": "label"},
    other_columns="id affiliate_id name_index page added_at archived_at",
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="as long as you are an affiliate"),
    erasure=Erasure.DELETE,
    circumstances={"page": "page that its link leads to"},
    source="your portal",
    recipients="visitors who follow your links see the label in the address",
    growth=DeletedWith("affiliate"),
)
class Label(SealedModel):
    """The only place that stores a label's name: clicks and statistics refer to its id. An archived label is no longer
    counted."""

    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="labels", db_index=False)
    name = SealedTextField(max_length=LONGEST_LABEL)  # lowercase
    name_index = BlindIndexField("name", db_index=False)
    page = models.CharField(max_length=200, default="/")  # of the saved link; a link to any other page counts as well
    added_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True)

    objects = LabelQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["affiliate", "name_index"], name="label_unique_per_affiliate")]


@not_personal(
    "the totals of at least three buyers' orders under a campaign label",
    "id label_id currency orders sales_minor earned_minor",
    despite_link="the statistics of an affiliate's work; no order is included without those of two other buyers",
    growth=DeletedWith("label"),
)
class LabelSales(models.Model):
    """Counted once, and not changed by later refunds (ADR 25). Amounts are minor units."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="sales")
    currency = models.CharField(max_length=3)
    orders = models.PositiveIntegerField(default=0)
    sales_minor = models.BigIntegerField(default=0)
    earned_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["label", "currency"], name="label_sales_per_currency")]

    def __str__(self) -> str:
        return f"sales of {self.label}"


@not_personal(
    "sales that are not counted by label yet; only the visit contains the label",
    "commission_id was_seen",
    despite_link="it only says that a commission is recent, and is deleted when counted",
    growth=Queue("sales counted by label"),
)
class UncountedSale(models.Model):
    """A sale of an affiliate with labels, until it is counted under its label or under none."""

    commission = models.OneToOneField(Commission, on_delete=models.CASCADE, primary_key=True, related_name="uncounted")
    was_seen = models.BooleanField(default=False)  # by an earlier round, which could not count it yet

    def __str__(self) -> str:
        return f"uncounted {self.commission}"
