"""Why PayPal refuses a refund, in words for staff."""

from __future__ import annotations

from collections.abc import Iterable

REASONS = {
    "CAPTURE_FULLY_REFUNDED": "All of this payment went back already.",
    "REFUND_AMOUNT_EXCEEDED": "That is more than what is left of this payment at PayPal.",
    "PENDING_CAPTURE": "The payment has not arrived at PayPal yet. Try again when it has.",
    "REFUND_TIME_LIMIT_EXCEEDED": "PayPal refunds a payment only within 180 days. Send the money another way.",
    "TRANSACTION_DISPUTED": "The payment is disputed. Answer the dispute at PayPal: the refund is made there.",
    "REFUND_FAILED_INSUFFICIENT_FUNDS": "There is not enough money in the PayPal account. Add some and try again.",
}


def refusal_text(issues: Iterable[str]) -> str:
    """One sentence for each of PayPal's codes, and the code itself for those who ask PayPal about it."""
    return " ".join(f"{REASONS.get(issue, 'PayPal refused the refund.')} ({issue})" for issue in issues) or (
        "PayPal refused the refund."
    )
