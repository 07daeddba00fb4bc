"""PayPal's reasons for refusing a refund, in words for staff."""

from __future__ import annotations

from collections.abc import Iterable

REASONS = {
    "CAPTURE_FULLY_REFUNDED": "This payment was already fully refunded.",
    "REFUND_AMOUNT_EXCEEDED": "The amount exceeds what can still be refunded at PayPal.",
    "PENDING_CAPTURE": "The payment is still pending at PayPal. Try again once it has completed.",
    "REFUND_TIME_LIMIT_EXCEEDED": "PayPal allows refunds only within 180 days. Return the money another way.",
    "TRANSACTION_DISPUTED": "The payment is disputed. Respond to the dispute at PayPal: the refund is made there.",
    "REFUND_FAILED_INSUFFICIENT_FUNDS": "The PayPal balance is insufficient. Add funds and try again.",
}


def refusal_text(issues: Iterable[str]) -> str:
    """One sentence per issue code, followed by the code for PayPal support."""
    return " ".join(f"{REASONS.get(issue, 'PayPal refused the refund.')} ({issue})" for issue in issues) or (
        "PayPal refused the refund."
    )
