"""What speaks against paying a commission, until a person has looked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.purposes import Purpose

from .commission import Attribution


class FlagQuerySet(models.QuerySet["Flag"]):
    def open(self) -> FlagQuerySet:
        """Nobody has decided yet."""
        return self.filter(state=Flag.State.OPEN)


@personal_data(
    label="Your sales that we looked into",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"reason": "what our staff noted"},
    other_columns="id attribution_id kind dispute_id state raised_at decided_at decided_by_id",
    found_by=("attribution__affiliate__user__email_index",),
    retention=Retention(text="7 years, as the commission that it is about", since="raised_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="that a sale was looked into, and how that ended, belongs to the account of the money",
    source="our staff; neither the addresses nor the accounts that were compared are kept",
    recipients="nobody",
    days_alone=True,
    withheld=frozenset({"reason"}),
    withheld_because="it may speak of somebody else; ask us, and we tell you what concerns you",
)
class Flag(SealedModel):
    """Holds a commission. A person clears or confirms it, with a reason; a dispute's flag ends with the dispute."""

    class Kind(models.TextChoices):
        SAME_ACCOUNT = "same_account", "the buyer was signed in as the affiliate"
        SAME_EMAIL = "same_email", "the buyer's e-mail address is the affiliate's"
        SAME_PAYOUT_EMAIL = "same_payout", "the buyer's e-mail address is the affiliate's at PayPal"
        SAME_PAYER = "same_payer", "the order was paid from the affiliate's account at PayPal"
        SAME_ADDRESS = "same_address", "several buyers' clicks and orders came from one network address"
        REFUND_RATE = "refund_rate", "unusually many of the affiliate's sales are refunded"
        PAYMENT_DISPUTE = "dispute", "the buyer disputes the payment at PayPal"
        BY_STAFF = "by_staff", "a member of staff wants to look into it"

    ABOUT_BUYERS = (Kind.SAME_ADDRESS, Kind.PAYMENT_DISPUTE)

    class State(models.TextChoices):
        OPEN = "open", "to be decided"
        CLEARED = "cleared", "cleared"
        CONFIRMED = "confirmed", "confirmed"

    attribution = models.ForeignKey(Attribution, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=12, choices=Kind)
    dispute_id = models.CharField("row of the dispute", max_length=36, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    # The database asks for it with a decision, but for that of a dispute, which PayPal decides.
    reason = SealedTextField(max_length=300, null=True, blank=True)
    raised_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = FlagQuerySet.as_manager()

    database_triggers = ("no_update", "no_delete")

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["attribution", "kind", "dispute_id"], condition=Q(state="open"), name="one_open_flag_of_a_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | Q(state__in=["cleared", "confirmed"], decided_at__isnull=False),
                name="a_decided_flag_has_its_day",
            ),
            models.CheckConstraint(condition=Q(kind="dispute") | Q(dispute_id=""), name="only_a_dispute_names_one"),
        ]

    @property
    def words(self) -> str:
        """Why, as the affiliate may read it: nothing about buyers, whose matter it is."""
        return "somebody of our staff has to look at it" if self.kind in self.ABOUT_BUYERS else self.get_kind_display()

    @property
    def why(self) -> str:
        """What staff noted, or what ended it; empty where nobody noted anything."""
        if self.reason is None and self.kind == self.Kind.PAYMENT_DISPUTE and self.decided_at:
            return "the dispute at PayPal has ended"
        return self.reason or ""

    def __str__(self) -> str:
        return f"flag {str(self.pk)[-8:]}"
