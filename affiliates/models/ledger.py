"""An affiliate's ledger: entries that are written once, and the payout that claimed each. Amounts are minor units."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, not_personal, personal_data
from privacy.registry.growth import BOOKS
from privacy.registry.purposes import Purpose
from shop.models import Refund
from shop.money import Money
from shop.money_fields import SignedMinorUnitsField

from .adjustment import Adjustment
from .affiliate import Affiliate
from .commission import Commission, CommissionQuerySet
from .payout import PayoutItem

LEDGER_ENTRY_SHAPE = (
    Q(kind="commission", commission__isnull=False, refund__isnull=True, payout__isnull=True, reason__isnull=True)
    | Q(
        kind__in=["reversal", "restored"],
        commission__isnull=False,
        refund__isnull=False,
        payout__isnull=True,
        reason__isnull=True,
    )
    | Q(
        kind__in=["payout", "return"],
        commission__isnull=True,
        refund__isnull=True,
        payout__isnull=False,
        reason__isnull=True,
    )
    | Q(kind="adjustment", refund__isnull=True, payout__isnull=True)
    | Q(kind="opening", commission__isnull=True, refund__isnull=True, payout__isnull=True)
)


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def unclaimed(self) -> LedgerQuerySet:
        """Entries that no payout has claimed yet."""
        return self.filter(claim__isnull=True)

    def payable(self) -> LedgerQuerySet:
        """Unclaimed entries that a payout may claim: all but the unpaid money of commissions that a flag holds.

        A reversal of a commission that was already paid always counts, whether or not a flag holds it.
        """
        held = Commission.objects.held()
        if not held.exists():
            return self.unclaimed()
        without_held = self.unclaimed().exclude(
            kind__in=LedgerEntry.OF_COMMISSIONS, commission__in=_commissions_with_unclaimed_credit(held)
        )
        return without_held.exclude(pk__in=_return_entries_of(held.approved()))

    def withheld_from(self, affiliate: Affiliate) -> LedgerQuerySet:
        """The affiliate's other unclaimed entries."""
        return self._withheld(Commission.objects.held().filter(attribution__affiliate=affiliate))

    def withheld(self) -> LedgerQuerySet:
        """All unclaimed entries that aren't `payable`."""
        return self._withheld(Commission.objects.held())

    def _withheld(self, held: CommissionQuerySet) -> LedgerQuerySet:
        """Starts from held commissions, which are few in any ledger."""
        lines = self.unclaimed().filter(
            kind__in=LedgerEntry.OF_COMMISSIONS, commission__in=_commissions_with_unclaimed_credit(held)
        )
        found = {*lines.values_list("pk", flat=True), *_return_entries_of(held.approved())}
        return self.unclaimed().filter(pk__in=found)

    def balance(self, currency: str) -> Money:
        return Money(self.filter(currency=currency).aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency)


def _commissions_with_unclaimed_credit(held: CommissionQuerySet) -> models.QuerySet[LedgerEntry, Any]:
    """The commissions among these whose credit no payout has claimed."""
    lines = LedgerEntry.objects.unclaimed().filter(kind=LedgerEntry.Kind.COMMISSION, commission__in=held)
    return lines.order_by().values("commission")


def _return_entries_of(commissions: CommissionQuerySet) -> set[UUID]:
    """The return entries that hold the money of these commissions after one or more returned payouts."""
    entries = set(
        LedgerEntry.objects.filter(kind=LedgerEntry.Kind.COMMISSION, commission__in=commissions).values_list(
            "pk", flat=True
        )
    )
    found: set[UUID] = set()
    while entries:
        payouts = PayoutClaim.objects.filter(entry__in=entries).values("payout")
        returns = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.RETURN, payout__in=payouts)
        entries = set(returns.values_list("pk", flat=True))
        found |= entries
    return found


@personal_data(
    label="Your affiliate ledger",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"reason": "reason for the adjustment or opening balance"},
    other_columns="id affiliate_id kind amount_minor currency commission_id refund_id payout_id adjustment_id"
    " created_at",
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="7 years, as required for tax records", since="created_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="amounts and dates are kept for tax records, without any text",
    source="calculated from your commissions and payouts; an adjustment's reason is written by our staff",
    recipients="nobody",
    days_alone=True,
    growth=BOOKS,
)
class LedgerEntry(SealedModel):
    """An entry in an affiliate's ledger. The balance is the sum of the entries. The database refuses any change but
    removing a reason."""

    class Kind(models.TextChoices):
        COMMISSION = "commission", "commission"
        REVERSAL = "reversal", "reversal after a refund"
        PAYOUT = "payout", "payout"
        RETURN = "return", "returned payout"
        ADJUSTMENT = "adjustment", "adjustment"
        RESTORED = "restored", "restored after a reverted refund"
        OPENING = "opening", "opening balance"  # owed by the program that moved here

    OF_COMMISSIONS = (Kind.COMMISSION, Kind.REVERSAL, Kind.RESTORED)

    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="ledger", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    amount_minor = SignedMinorUnitsField("amount")
    currency = models.CharField(max_length=3)
    commission = models.ForeignKey(Commission, on_delete=models.PROTECT, null=True, related_name="ledger")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="+")
    payout = models.ForeignKey(PayoutItem, on_delete=models.PROTECT, null=True, related_name="ledger")
    adjustment = models.OneToOneField(Adjustment, on_delete=models.PROTECT, null=True, related_name="entry")
    # Required for an adjustment and an opening balance, by the database; the audit log says who made it.
    reason = SealedTextField(max_length=300, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = LedgerQuerySet.as_manager()

    database_triggers = ("no_replace", "no_insert", "no_update", "no_delete", "insert_balance_delta")

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger"
        indexes = [
            models.Index(fields=["affiliate", "created_at"], name="ledger_of_affiliate"),
            models.Index(fields=["kind", "created_at"], name="ledger_by_kind"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["commission"], condition=Q(kind="commission"), name="commission_credited_once"
            ),
            models.UniqueConstraint(fields=["refund"], condition=Q(kind="reversal"), name="refund_reversed_once"),
            models.UniqueConstraint(fields=["refund"], condition=Q(kind="restored"), name="refund_restored_once"),
            models.UniqueConstraint(
                fields=["affiliate", "currency"], condition=Q(kind="opening"), name="ledger_opened_once"
            ),
            models.UniqueConstraint(
                fields=["payout", "kind"], condition=Q(payout__isnull=False), name="payout_booked_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["commission", "restored", "return", "opening"], amount_minor__gt=0)
                | Q(kind__in=["reversal", "payout"], amount_minor__lt=0)
                | Q(kind="adjustment") & ~Q(amount_minor=0),
                name="ledger_entry_sign_by_kind",
            ),
            models.CheckConstraint(condition=LEDGER_ENTRY_SHAPE, name="ledger_entry_shape_by_kind"),
            models.CheckConstraint(
                condition=Q(kind="adjustment") | Q(adjustment__isnull=True), name="adjustment_of_its_kind_of_entry"
            ),
        ]

    def __str__(self) -> str:
        return f"ledger entry {str(self.pk)[-8:]}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def staff_label(self) -> str:
        return f"{self.total}, {self.get_kind_display()}, {self.affiliate.staff_label}"


@not_personal(
    "which payout claimed which ledger entry",
    "id entry_id payout_id",
    despite_link="two ids; what they join is the affiliate's ledger, which the portal shows",
    growth=BOOKS,
)
class PayoutClaim(models.Model):
    """A payout claims ledger entries. The database allows each entry to be claimed once, however many runs compete for
    it."""

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="claim")
    payout = models.ForeignKey(PayoutItem, on_delete=models.CASCADE, related_name="claims")

    database_triggers = ("no_replace", "no_update", "no_delete")

    def __str__(self) -> str:
        return f"claim {self.pk}"
