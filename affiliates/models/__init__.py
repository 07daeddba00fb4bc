"""Affiliates, the visits they bring, and the money they earn."""

from .affiliate import CODE, Affiliate, Application, new_code
from .click import REFERRAL_LIFE, Click
from .commission import Attribution, Commission, CommissionQuerySet
from .ledger import LedgerEntry, PayoutClaim
from .payout import PayoutBatch, PayoutItem
from .rollup import COUNTERS, By, DailyClicks, DailySales, Tally

__all__ = [
    "CODE",
    "COUNTERS",
    "REFERRAL_LIFE",
    "Affiliate",
    "Application",
    "Attribution",
    "By",
    "Click",
    "Commission",
    "CommissionQuerySet",
    "DailyClicks",
    "DailySales",
    "LedgerEntry",
    "PayoutBatch",
    "PayoutClaim",
    "PayoutItem",
    "Tally",
    "new_code",
]
