"""Affiliates, the visits they bring, and the money they earn."""

from .affiliate import CODE, Affiliate, Application, new_code
from .click import REFERRAL_LIFE, Click
from .commission import Attribution, Commission, CommissionQuerySet
from .ledger import LedgerEntry, PayoutClaim
from .payout import PayoutBatch, PayoutItem

__all__ = [
    "CODE",
    "REFERRAL_LIFE",
    "Affiliate",
    "Application",
    "Attribution",
    "Click",
    "Commission",
    "CommissionQuerySet",
    "LedgerEntry",
    "PayoutBatch",
    "PayoutClaim",
    "PayoutItem",
    "new_code",
]
