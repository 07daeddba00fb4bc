"""Quotes for clients, with their lines and installments."""

from __future__ import annotations

from .installment import Installment
from .quote import QUOTE_REFERENCE, Quote, QuoteQuerySet, new_quote_reference
from .quote_line import QuoteLine, QuoteTerms

__all__ = [
    "Installment",
    "QUOTE_REFERENCE",
    "Quote",
    "QuoteLine",
    "QuoteQuerySet",
    "QuoteTerms",
    "new_quote_reference",
]
