"""Updates payouts when PayPal sends a webhook about them."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from affiliates.models import PayPalBatch
from affiliates.purposes import reads_for_commissions
from shop.signals import paypal_event_received

from .sending import follow_batch


@receiver(paypal_event_received)
@reads_for_commissions
def on_paypal_event(*, event_type: str, resource_id: str, **kwargs: Any) -> None:
    """Fetches the state of the whole batch that the webhook, or the payout it names, belongs to."""
    batch = None
    if event_type.startswith("PAYMENT.PAYOUTSBATCH."):
        batch = PayPalBatch.objects.filter(paypal_batch_id=resource_id).first()
    elif event_type.startswith("PAYMENT.PAYOUTS-ITEM."):
        batch = PayPalBatch.objects.filter(items__paypal_item_id=resource_id).first()
    if batch is not None:
        follow_batch(batch=batch)
