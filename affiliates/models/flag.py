"""A reason to hold a commission pending manual review."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import BOOKS
from privacy.registry.purposes import Purpose

from .commission import Attribution


class FlagQuerySet(models.QuerySet["Flag"]):
    def open(self) -> FlagQuerySet:
        """Flags that nobody has decided yet."""
        return self.filter(state=Flag.State.OPEN)


@personal_data(
    label="Your sales that we reviewed",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"reason": "what our staff noted"},
    other_columns="id attribution_id kind dispute_id state raised_at decided_at decided_by_id",
    found_by=("attribution__affiliate__user__email_index",),
    retention=Retention(text="7 years, like the commission that it is about", since="raised_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="the review of a sale and its outcome are part of the accounting records",
    source="our staff; neither the addresses nor the accounts that were compared are kept",
    recipients="nobody",
    days_alone=True,
    withheld=frozenset({"reason"}),
    withheld_because="it may mention other people; ask us, and we tell you what concerns you",
    growth=BOOKS,
)
class Flag(SealedModel):
    """Holds a commission. Staff clear or confirm it, with a reason; a dispute's flag ends with the dispute."""

    class Kind(models.TextChoices):
        SAME_ACCOUNT = "same_account", "the buyer was signed in as the affiliate"
        SAME_EMAIL = "same_email", "the buyer's email address is the affiliate's"
        SAME_PAYOUT_EMAIL = "same_payout", "the buyer's email address is the affiliate's PayPal address"
        SAME_PAYER = "same_payer", "the order was paid from the affiliate's PayPal account"
        SAME_ADDRESS = "same_address", "several buyers' clicks and orders came from one network address"
        REFUND_RATE = "refund_rate", "the affiliate's refund rate is unusually high"
        PAYMENT_DISPUTE = "dispute", "the buyer disputes the payment at PayPal"
        REFUND_REQUEST = "refund", "the buyer requested a refund"
        BY_STAFF = "by_staff", "a member of staff wants to review it"

    ABOUT_BUYERS = (Kind.SAME_ADDRESS, Kind.PAYMENT_DISPUTE, Kind.REFUND_REQUEST)

    class State(models.TextChoices):
        OPEN = "open", "to be decided"
        CLEARED = "cleared", "cleared"
        CONFIRMED = "confirmed", "confirmed"

    attribution = models.ForeignKey(Attribution, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=12, choices=Kind)
    dispute_id = models.CharField("row of the dispute", max_length=36, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    # The database requires it for a decision, except for a dispute, which PayPal decides.
    reason = SealedTextField(max_length=300, null=True, blank=True)
    raised_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = FlagQuerySet.as_manager()

    database_triggers = ("no_update", "no_delete")

    class Meta:
        ordering = ["-raised_at"]
        indexes = [models.Index(fields=["state", "raised_at"], name="flags_by_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["attribution", "kind", "dispute_id"], condition=Q(state="open"), name="one_open_flag_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | Q(state__in=["cleared", "confirmed"], decided_at__isnull=False),
                name="flag_decision_date_required",
            ),
            models.CheckConstraint(
                condition=Q(kind="dispute") | Q(dispute_id=""), name="flag_dispute_id_only_for_disputes"
            ),
        ]

    @property
    def words(self) -> str:
        """The reason in words for the affiliate, without anything about buyers."""
        return "our staff have to review it" if self.kind in self.ABOUT_BUYERS else self.get_kind_display()

    @property
    def why(self) -> str:
        """The staff's note, or what ended the flag; empty if there is neither."""
        if self.reason is None and self.kind == self.Kind.PAYMENT_DISPUTE and self.decided_at:
            return "the dispute at PayPal has ended"
        return self.reason or ""

    @property
    def staff_label(self) -> str:
        return f"{self.attribution.order.reference}, {self.attribution.affiliate.staff_label}"

    def __str__(self) -> str:
        return f"flag {str(self.pk)[-8:]}"
