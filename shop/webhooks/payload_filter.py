"""Filters webhook payloads before they are stored for debugging.

An allowlist names the fields to keep. Everything else is dropped, including fields that PayPal may add: the payer's
name, email and postal address, the merchant's, notes and messages of a dispute.
"""

from __future__ import annotations

import json
from typing import Any

from shop.paypal.types import WebhookEvent

KEPT = frozenset(
    """
    id status reason amount value currency_code currency create_time update_time links href rel
    supplementary_data related_ids order_id capture_id custom_id invoice_id status_details final_capture intent
    seller_payable_breakdown seller_receivable_breakdown gross_amount net_amount paypal_fee total_refunded_amount
    purchase_units reference_id payments captures refunds
    dispute_id disputed_transactions seller_transaction_id transaction_status dispute_amount dispute_outcome
    outcome_code amount_refunded dispute_state dispute_life_cycle_stage dispute_channel seller_response_due_date
    batch_header payout_batch_id batch_status payout_item_id transaction_id sender_batch_id
    """.split()  # noqa: SIM905 (a column of names reads better than a list of strings)
)
LONGEST = 200  # characters per text, far more than any PayPal id or URL


def filter_payload(event: WebhookEvent) -> str:
    """The event's resource as JSON, reduced to the allowed fields."""
    return json.dumps(_kept(event.resource), ensure_ascii=False, separators=(",", ":"))


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _kept(inner) for name, inner in value.items() if name in KEPT}
    if isinstance(value, list):
        return [_kept(inner) for inner in value]
    return value[:LONGEST] if isinstance(value, str) else value
