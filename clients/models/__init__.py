"""What is agreed with clients: quotes with their lines and installments, and agreements with a period."""

from __future__ import annotations

from .agreement import Agreement
from .installment import Installment
from .quote import QUOTE_REFERENCE, Quote, QuoteQuerySet, new_quote_reference
from .quote_line import QuoteLine, QuoteTerms

__all__ = [
    "Agreement",
    "Installment",
    "QUOTE_REFERENCE",
    "Quote",
    "QuoteLine",
    "QuoteQuerySet",
    "QuoteTerms",
    "new_quote_reference",
]
