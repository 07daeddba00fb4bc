"""What staff write about an order and its refunds: free text about a buyer, so it is sealed and erased with them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.purposes import Purpose

from .order import Order
from .payment import Refund


@personal_data(
    label="Our notes on your orders",
    purpose=Purpose.ORDER,
    columns={"text": "note"},
    other_columns="id order_id written_by_id written_at",
    found_by=("order__email_index",),
    retention=Retention(text="2 years after it was written", since="written_at", days=730),
    erasure=Erasure.DELETE,
    source="written by our staff",
    recipients="nobody",
)
class OrderNote(SealedModel):
    """An internal note on an order. Never edited: a second one corrects the first."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="notes")
    text = SealedTextField("note", max_length=2000)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-written_at"]

    def __str__(self) -> str:
        return f"note on {self.order}"


@personal_data(
    label="Why we refunded your orders",
    purpose=Purpose.ORDER,
    columns={"text": "reason"},
    other_columns="id refund_id is_mailed written_at",
    found_by=("refund__payment__order__email_index",),
    retention=Retention(text="2 years after the refund", since="written_at", days=730),
    erasure=Erasure.DELETE,
    circumstances={"is_mailed": "mailed to you with the refund"},
    source="written by our staff",
    recipients="nobody",
)
class RefundReason(SealedModel):
    """Why staff refunded; the buyer reads it in the refund's mail if staff chose so."""

    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, related_name="reason")
    text = SealedTextField("reason", max_length=2000)
    is_mailed = models.BooleanField("mailed to the buyer", default=False)
    written_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"reason of {self.refund}"
