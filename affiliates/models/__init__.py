"""Affiliates, the visits they bring, and the money they earn."""

from .affiliate import CODE, Affiliate, Application, new_code
from .click import REFERRAL_LIFE, Click
from .commission import Attribution, Commission, CommissionQuerySet
from .dispute import CommissionDispute
from .flag import Flag
from .ledger import LedgerEntry, PayoutClaim
from .ledger_check import LedgerCheck
from .payout import PayoutBatch, PayoutItem
from .rate import Rate, rate_in_words, reckon
from .rollup import COUNTERS, By, DailyClicks, DailySales, Tally
from .running_sum import LEDGER, RunningSum, Total

__all__ = [
    "CODE",
    "COUNTERS",
    "LEDGER",
    "REFERRAL_LIFE",
    "Affiliate",
    "Application",
    "Attribution",
    "By",
    "Click",
    "Commission",
    "CommissionDispute",
    "CommissionQuerySet",
    "Flag",
    "LedgerCheck",
    "DailyClicks",
    "DailySales",
    "LedgerEntry",
    "PayoutBatch",
    "PayoutClaim",
    "PayoutItem",
    "Rate",
    "RunningSum",
    "Tally",
    "Total",
    "new_code",
    "rate_in_words",
    "reckon",
]
