"""Affiliates, the visits they bring, and the money they earn."""

from .affiliate import CODE, Affiliate, AffiliateCode, Application, new_code
from .balance import LEDGER, RunningSum, Total
from .click import REFERRAL_LIFE, Click
from .commission import Attribution, Commission, CommissionQuerySet
from .creative import IMAGES, Creative
from .flag import Flag
from .label import LONGEST_LABEL, MOST_LABELS, Label, LabelSales, UncountedSale
from .ledger import LedgerEntry, PayoutClaim
from .ledger_check import LedgerCheck
from .objection import CommissionDispute
from .payout import PayoutBatch, PayoutItem, PayoutParcel
from .payout_email import PayoutEmailChange
from .rate import Rate, rate_in_words, reckon
from .rollup import COUNTERS, By, DailyClicks, DailySales, Tally
from .terms import TermsAcceptance, TermsVersion

__all__ = [
    "CODE",
    "COUNTERS",
    "IMAGES",
    "LEDGER",
    "LONGEST_LABEL",
    "MOST_LABELS",
    "REFERRAL_LIFE",
    "Affiliate",
    "AffiliateCode",
    "Application",
    "Attribution",
    "By",
    "Click",
    "Commission",
    "CommissionDispute",
    "CommissionQuerySet",
    "Flag",
    "Label",
    "LabelSales",
    "LedgerCheck",
    "Creative",
    "DailyClicks",
    "DailySales",
    "LedgerEntry",
    "PayoutBatch",
    "PayoutClaim",
    "PayoutEmailChange",
    "PayoutItem",
    "PayoutParcel",
    "Rate",
    "RunningSum",
    "Tally",
    "TermsAcceptance",
    "TermsVersion",
    "Total",
    "UncountedSale",
    "new_code",
    "rate_in_words",
    "reckon",
]
