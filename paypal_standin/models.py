"""The stand-in's persistent state."""

from decimal import Decimal

from django.db import models
from django.db.models import Sum


class Row(models.Model):
    """Base class of all models."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class Setting(Row):
    """A setting that may change at run time."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.TextField()

    @classmethod
    def read(cls, name: str, default: str) -> str:
        found = cls.objects.filter(name=name).values_list("value", flat=True).first()
        return default if found is None else found

    @classmethod
    def write(cls, name: str, value: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"value": value})


class Token(Row):
    """An issued bearer token."""

    key = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField()


class Order(Row):
    """An order as requested, and its state."""

    class Status(models.TextChoices):
        CREATED = "CREATED"
        PAYER_ACTION_REQUIRED = "PAYER_ACTION_REQUIRED"
        APPROVED = "APPROVED"
        COMPLETED = "COMPLETED"

    class Outcome(models.TextChoices):
        """The outcome at capture, chosen by the payer."""

        COMPLETED = "completed", "Captured at once"
        PENDING = "pending", "Pending until you decide on the overview page"
        PENDING_COMPLETES = "pending-completes", "Pending, completed after a few seconds"
        PENDING_DENIED = "pending-denied", "Pending, denied after a few seconds"
        REFUSED = "refused", "The order completes, but its capture is declined"
        CARD_DECLINED = "card-declined", "The card is declined; the payer has to choose another"

    id = models.CharField(max_length=20, primary_key=True)
    request = models.JSONField()
    status = models.CharField(max_length=30, choices=Status)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.COMPLETED)
    payer = models.JSONField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class Capture(Row):
    """A capture of one purchase unit."""

    class Status(models.TextChoices):
        COMPLETED = "COMPLETED"
        PENDING = "PENDING"
        DECLINED = "DECLINED"
        PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
        REFUNDED = "REFUNDED"

    id = models.CharField(max_length=20, primary_key=True)
    order = models.ForeignKey(Order, models.CASCADE, related_name="captures")
    unit = models.PositiveSmallIntegerField()
    amount = models.DecimalField(max_digits=20, decimal_places=2)
    currency = models.CharField(max_length=3)
    invoice_id = models.CharField(max_length=127, blank=True, db_index=True)
    custom_id = models.CharField(max_length=127, blank=True)
    status = models.CharField(max_length=20, choices=Status)
    settles_at = models.DateTimeField(null=True)
    settles_as = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def refunded(self) -> Decimal:
        """The total refunded so far."""
        kept = self.refunds.exclude(status__in=(Refund.Status.FAILED, Refund.Status.CANCELLED))
        total: Decimal | None = kept.aggregate(total=Sum("amount"))["total"]
        return total or Decimal(0)

    def remaining(self) -> Decimal:
        """The amount that can still be refunded."""
        return self.amount - self.refunded()


class Refund(Row):
    """A refund; `total` is the cumulative refunded amount of the capture."""

    class Status(models.TextChoices):
        COMPLETED = "COMPLETED"
        PENDING = "PENDING"
        FAILED = "FAILED"
        CANCELLED = "CANCELLED"

    id = models.CharField(max_length=20, primary_key=True)
    capture = models.ForeignKey(Capture, models.CASCADE, related_name="refunds")
    dispute = models.ForeignKey("Dispute", models.CASCADE, null=True, related_name="refunds")
    amount = models.DecimalField(max_digits=20, decimal_places=2)
    total = models.DecimalField(max_digits=20, decimal_places=2)
    request = models.JSONField()
    status = models.CharField(max_length=12, choices=Status, default=Status.COMPLETED)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()


class Dispute(Row):
    """A dispute about a capture; an empty outcome means that it is open."""

    class Outcome(models.TextChoices):
        BUYER = "RESOLVED_BUYER_FAVOUR"
        SELLER = "RESOLVED_SELLER_FAVOUR"
        PAYOUT = "RESOLVED_WITH_PAYOUT"
        CANCELED = "CANCELED_BY_BUYER"
        ACCEPTED = "ACCEPTED"
        DENIED = "DENIED"
        NONE = "NONE"

    id = models.CharField(max_length=20, primary_key=True)
    capture = models.ForeignKey(Capture, models.CASCADE, related_name="disputes")
    outcome = models.CharField(max_length=40, choices=Outcome, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()


class Batch(Row):
    """A payout batch."""

    class Status(models.TextChoices):
        PENDING = "PENDING"
        PROCESSING = "PROCESSING"
        SUCCESS = "SUCCESS"
        DENIED = "DENIED"

    id = models.CharField(max_length=20, primary_key=True)
    sender_batch_id = models.CharField(max_length=256, blank=True, db_index=True)
    header = models.JSONField()
    status = models.CharField(max_length=12, choices=Status)
    denied = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)


class Item(Row):
    """One payment in a batch."""

    class Status(models.TextChoices):
        PENDING = "PENDING"
        SUCCESS = "SUCCESS"
        UNCLAIMED = "UNCLAIMED"
        RETURNED = "RETURNED"
        FAILED = "FAILED"
        ONHOLD = "ONHOLD"
        BLOCKED = "BLOCKED"
        REFUNDED = "REFUNDED"
        REVERSED = "REVERSED"

    id = models.CharField(max_length=20, primary_key=True)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    request = models.JSONField()
    amount = models.DecimalField(max_digits=20, decimal_places=2)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    transaction_id = models.CharField(max_length=20, blank=True)
    processed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("batch", "position")


class Replay(Row):
    """An operation under a PayPal-Request-Id; no status means that it is still running."""

    operation = models.CharField(max_length=300)
    key = models.CharField(max_length=108)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    started_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("operation", "key"), name="one_answer_per_key"),)


class Delivery(Row):
    """A transmission of a webhook event; `done` means accepted, given up, or without a URL."""

    event_id = models.CharField(max_length=60, db_index=True)
    event_type = models.CharField(max_length=60)
    transmission_id = models.CharField(max_length=40, unique=True)
    body = models.BinaryField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=60, blank=True)
    spoiled = models.BooleanField(default=False)
    done = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index(fields=("done", "due_at"), name="delivery_due"),)

    @property
    def accepted(self) -> bool:
        """Whether the shop accepted it."""
        return self.answer.startswith("HTTP 2")


class Fault(Row):
    """An injected fault that occurs `times` more."""

    kind = models.CharField(max_length=40)
    path_contains = models.CharField(max_length=200, blank=True)
    times = models.PositiveIntegerField(default=1)
    seconds = models.FloatField(default=0)
    issue = models.CharField(max_length=80, blank=True)
