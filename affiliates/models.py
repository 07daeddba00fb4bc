"""Affiliates, the visits they bring, and the money they earn. Amounts are whole minor units (cents for USD)."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Upper
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.expiring import LiveManager
from privacy.keystore.day_keys import KeyDestroyed
from privacy.keystore.fields import DaySealedTextField
from privacy.purposes import Purpose
from privacy.registry import Erasure, Retention, not_personal, personal_data
from privacy.sealed_models import SealedModel, uuid7
from shop.models import Order, Refund
from shop.money import Money

REFERRAL_LIFE = timedelta(days=30)  # of the cookie, of the row, of the right to a commission


def new_code() -> str:
    """What stands in an affiliate's links: random, so that it says nothing about how many affiliates there are."""
    return "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(8))


@personal_data(
    label="Your application as an affiliate",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"name": "name", "email": "e-mail address", "website": "website", "message": "message"},
    other_columns="id email_index state terms_version applied_at decided_at decision",
    found_by=("email_index",),
    retention=Retention(text="2 years after you applied", since="applied_at", days=730),
    erasure=Erasure.DELETE,
    correctable={"name": "name", "website": "url"},
    source="the application form",
    recipients="nobody",
)
class Application(SealedModel):
    class State(models.TextChoices):
        OPEN = "open", "waiting for a decision"
        APPROVED = "approved", "approved"
        DECLINED = "declined", "declined"

    name = SealedTextField(max_length=150)
    email = SealedEmailField("e-mail address")
    email_index = BlindIndexField("email", normalise="email")
    website = SealedTextField(max_length=300)
    message = SealedTextField(max_length=4000, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    terms_version = models.CharField(max_length=20)
    applied_at = models.DateTimeField(default=timezone.now, db_index=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField("reason", max_length=300, blank=True)

    class Meta:
        ordering = ["-applied_at"]


class AffiliateQuerySet(models.QuerySet["Affiliate"]):
    def active(self) -> AffiliateQuerySet:
        return self.filter(state=Affiliate.State.ACTIVE)

    def with_code(self, code: str) -> Affiliate | None:
        """The active affiliate behind a code, however it is typed; None for anything else."""
        text = code.strip()
        return self.active().filter(code__iexact=text).first() if CODE.fullmatch(text) else None


CODE = re.compile(r"\A[A-Za-z0-9_-]{2,32}\Z")
is_a_code = RegexValidator(CODE.pattern, "Two to 32 letters, digits, hyphens or underscores.")


@personal_data(
    label="Your affiliate account",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"payout_email": "PayPal address for payouts", "website": "website"},
    other_columns="id user_id code state rate_percent joined_at terms_version payout_email_index",
    found_by=("user__email_index", "payout_email_index"),
    retention=Retention(text="as long as you are an affiliate"),
    erasure=Erasure.REDACT,
    redacted={"state": "closed"},
    correctable={"website": "url"},
    source="your application and your profile",
    recipients="PayPal, when it pays you",
)
class Affiliate(SealedModel):
    class State(models.TextChoices):
        ACTIVE = "active", "active"
        SUSPENDED = "suspended", "suspended"
        CLOSED = "closed", "closed"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="affiliate")
    code = models.CharField(max_length=32, unique=True, default=new_code, validators=[is_a_code])
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    rate_percent = models.DecimalField(
        "own rate in %", max_digits=5, decimal_places=2, null=True, blank=True, help_text="Empty: the program's rate."
    )
    payout_email = SealedEmailField("PayPal address", null=True)
    payout_email_index = BlindIndexField("payout_email", normalise="email", null=True)
    website = SealedTextField(max_length=300, blank=True, null=True)
    terms_version = models.CharField(max_length=20)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AffiliateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Upper("code"), name="one_affiliate_per_code"),
            models.CheckConstraint(
                condition=Q(rate_percent__isnull=True) | Q(rate_percent__range=(0, 100)), name="rate_is_a_percentage"
            ),
        ]

    def __str__(self) -> str:
        return f"affiliate {self.code}"

    @property
    def rate(self) -> Decimal:
        return settings.AFFILIATE_COMMISSION_PERCENT if self.rate_percent is None else self.rate_percent

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE


@personal_data(
    label="Your visit through an affiliate's link",
    purpose=Purpose.REFERRAL_TRACKING,
    columns={"address": "network address", "cookie_digest": "fingerprint of the cookie"},
    other_columns="id affiliate_id landing_path referring_domain sub clicked_at expires_at",
    found_by=("attribution__order__email_index",),
    retention=Retention(text="30 days after the click", since="expires_at"),
    erasure=Erasure.DELETE,
    source="your click on an affiliate's link",
    recipients="nobody; the affiliate sees a count, never a visitor",
    withheld=frozenset({"cookie_digest"}),
)
class Click(SealedModel):
    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="clicks")
    cookie_digest = models.CharField(max_length=64, unique=True)
    address = DaySealedTextField("network address", null=True, day_of="clicked_at")
    landing_path = models.CharField(max_length=300)
    referring_domain = models.CharField(max_length=253, blank=True)
    sub = models.CharField("campaign", max_length=64, blank=True)
    clicked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    objects = LiveManager()

    class Meta:
        ordering = ["-clicked_at"]
        indexes = [models.Index(fields=["affiliate", "clicked_at"])]

    def readable_address(self) -> str | None:
        """None when it was not known, or when the key of its day is destroyed."""
        try:
            address: str | None = self.address
        except KeyDestroyed:
            return None
        return address


@not_personal(
    "which affiliate brought an order, and by which rule; who bought stands in the order",
    "id order_id affiliate_id click_id route clicked_at rate_percent terms_version decided_at",
)
class Attribution(models.Model):
    """Who brought an order. Decided when the order is placed, never changed afterwards."""

    class Route(models.TextChoices):
        COOKIE = "cookie", "link"
        CODE = "code", "code typed at checkout"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="attribution")
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="attributions")
    click = models.ForeignKey(
        Click, on_delete=models.SET_NULL, null=True, related_name="attributions", related_query_name="attribution"
    )
    route = models.CharField(max_length=10, choices=Route)
    clicked_at = models.DateTimeField(null=True)
    rate_percent = models.DecimalField(max_digits=5, decimal_places=2)
    terms_version = models.CharField(max_length=20)
    decided_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"attribution of {self.order}"


class CommissionQuerySet(models.QuerySet["Commission"]):
    def approved(self) -> CommissionQuerySet:
        return self.filter(state=Commission.State.APPROVED)

    def in_payout(self) -> CommissionQuerySet:
        return self.filter(state=Commission.State.IN_PAYOUT)

    def past_hold(self, now: datetime) -> CommissionQuerySet:
        return self.filter(state=Commission.State.PENDING, hold_until__lte=now)


@not_personal(
    "an amount earned on an order; who bought stands in the order",
    "id attribution_id base_minor rate_percent amount_minor reversed_minor currency state reason hold_until created_at"
    " approved_at approved_by_id paid_at",
)
class Commission(models.Model):
    """What one order earns one affiliate: the base, the rate, the sum. Those three never change."""

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        APPROVED = "approved", "approved"
        IN_PAYOUT = "in_payout", "being paid"
        PAID = "paid", "paid"
        REJECTED = "rejected", "rejected"
        REVERSED = "reversed", "reversed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attribution = models.OneToOneField(Attribution, on_delete=models.PROTECT, related_name="commission")
    base_minor = models.PositiveIntegerField("base in cents")
    rate_percent = models.DecimalField("rate in %", max_digits=5, decimal_places=2)
    amount_minor = models.PositiveIntegerField("amount in cents")
    reversed_minor = models.PositiveIntegerField("taken back, in cents", default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = models.CharField(max_length=300, blank=True)
    hold_until = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    paid_at = models.DateTimeField(null=True)

    objects = CommissionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__lte=F("base_minor")), name="commission_within_base"),
            models.CheckConstraint(
                condition=Q(reversed_minor__lte=F("amount_minor")), name="reversal_within_commission"
            ),
        ]

    def __str__(self) -> str:
        return f"commission {str(self.pk)[-8:]}"

    @property
    def affiliate(self) -> Affiliate:
        return self.attribution.affiliate

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def base(self) -> Money:
        return Money(self.base_minor, self.currency)

    @property
    def remaining(self) -> Money:
        """What is left of it after refunds."""
        return Money(self.amount_minor - self.reversed_minor, self.currency)


@not_personal(
    "payout runs: their amounts and PayPal's numbers",
    "id state currency paypal_batch_id problem created_at prepared_by_id approved_at approved_by_id sent_at"
    " finished_at",
)
class PayoutBatch(models.Model):
    """One run that pays many affiliates at once. Its id is the key under which PayPal takes it once."""

    class State(models.TextChoices):
        PREPARED = "prepared", "waiting for approval"
        APPROVED = "approved", "to be sent"
        SENT = "sent", "at PayPal"
        FINISHED = "finished", "finished"
        DENIED = "denied", "refused by PayPal"
        CANCELLED = "cancelled", "cancelled"

    OPEN = (State.APPROVED, State.SENT)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.PREPARED)
    currency = models.CharField(max_length=3)
    paypal_batch_id = models.CharField("PayPal batch", max_length=64, unique=True, null=True)
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "payout run"

    def __str__(self) -> str:
        return f"payout run {str(self.pk)[-8:]}"

    @property
    def sender_batch_id(self) -> str:
        return f"aff-{self.pk}"

    @property
    def total(self) -> Money:
        return Money(self.items.aggregate(sum=Sum("amount_minor"))["sum"] or 0, self.currency)


@personal_data(
    label="Payouts to you",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"receiver": "PayPal address it was sent to"},
    other_columns="id batch_id affiliate_id amount_minor currency state paypal_item_id error created_at settled_at",
    found_by=("affiliate__user__email_index", "affiliate__payout_email_index"),
    retention=Retention(text="7 years, the time in which tax records are asked for", since="created_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="amounts and dates are kept for the tax records, without the address",
    source="made from your commissions",
    recipients="PayPal, which pays you",
)
class PayoutItem(SealedModel):
    """What one run pays one affiliate."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENT = "sent", "on its way"
        PAID = "paid", "paid"
        UNCLAIMED = "unclaimed", "not collected yet"
        HELD = "held", "held by PayPal"
        FAILED = "failed", "failed"
        RETURNED = "returned", "returned"
        BLOCKED = "blocked", "blocked"
        REVERSED = "reversed", "reversed"

    MOVING = (State.QUEUED, State.SENT, State.UNCLAIMED, State.HELD)
    CAME_BACK = (State.FAILED, State.RETURNED, State.BLOCKED, State.REVERSED)

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="items")
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="payouts")
    amount_minor = models.PositiveIntegerField("amount in cents")
    currency = models.CharField(max_length=3)
    receiver = SealedEmailField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    paypal_item_id = models.CharField("PayPal item", max_length=64, unique=True, null=True)
    error = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "payout"
        constraints = [
            models.UniqueConstraint(fields=["batch", "affiliate"], name="one_payout_per_run"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_above_zero"),
        ]

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)

    def commissions(self) -> CommissionQuerySet:
        """The commissions that this payout pays, also through an earlier payout that came back."""
        entries = LedgerEntry.objects.filter(claim__payout=self)
        found = set(entries.filter(kind=LedgerEntry.Kind.COMMISSION).values_list("commission", flat=True))
        for returned in PayoutItem.objects.filter(ledger__in=entries.filter(kind=LedgerEntry.Kind.RETURN)):
            found |= set(returned.commissions().values_list("pk", flat=True))
        return Commission.objects.filter(pk__in=found)


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def unclaimed(self) -> LedgerQuerySet:
        """Entries that no payout has taken up yet."""
        return self.filter(claim__isnull=True)

    def balance(self, currency: str) -> Money:
        return Money(self.filter(currency=currency).aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency)


@not_personal(
    "amounts credited and debited to an affiliate's account",
    "id affiliate_id kind amount_minor currency commission_id refund_id payout_id created_at",
)
class LedgerEntry(models.Model):
    """One line of an affiliate's account, written once. The balance is the sum of the lines."""

    class Kind(models.TextChoices):
        COMMISSION = "commission", "commission"
        REVERSAL = "reversal", "taken back after a refund"
        PAYOUT = "payout", "payout"
        RETURN = "return", "payout that came back"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="ledger")
    kind = models.CharField(max_length=10, choices=Kind)
    amount_minor = models.IntegerField("amount in cents")
    currency = models.CharField(max_length=3)
    commission = models.ForeignKey(Commission, on_delete=models.PROTECT, null=True, related_name="ledger")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="+")
    payout = models.ForeignKey(PayoutItem, on_delete=models.PROTECT, null=True, related_name="ledger")
    created_at = models.DateTimeField(default=timezone.now)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "ledger line"
        verbose_name_plural = "ledger"
        constraints = [
            models.UniqueConstraint(
                fields=["commission"], condition=Q(kind="commission"), name="a_commission_is_credited_once"
            ),
            models.UniqueConstraint(
                fields=["commission", "refund"], condition=Q(kind="reversal"), name="a_refund_is_taken_back_once"
            ),
            models.UniqueConstraint(
                fields=["payout", "kind"], condition=Q(payout__isnull=False), name="a_payout_is_booked_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["commission", "return"], amount_minor__gt=0)
                | Q(kind__in=["reversal", "payout"], amount_minor__lt=0),
                name="each_kind_has_its_sign",
            ),
        ]

    def __str__(self) -> str:
        return f"ledger line {str(self.pk)[-8:]}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, self.currency)


@not_personal("which payout took up which ledger line", "id entry_id payout_id")
class PayoutClaim(models.Model):
    """A payout takes up ledger lines. The database lets each line be taken up once, however many runs race for it."""

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="claim")
    payout = models.ForeignKey(PayoutItem, on_delete=models.CASCADE, related_name="claims")

    def __str__(self) -> str:
        return f"claim {self.pk}"
