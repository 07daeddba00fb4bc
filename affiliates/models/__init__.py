"""Affiliates, the visits they bring, and the money they earn."""

from .adjustment import Adjustment
from .affiliate import CODE, Affiliate, AffiliateCode, AffiliateDiscount, Application, new_code
from .announcement import Announcement, AnnouncementNotice
from .balance import LEDGER, BalanceDelta, Total
from .click import REFERRAL_LIFE, Click
from .commission import Attribution, Commission, CommissionQuerySet
from .consent import ConsentMode, StorageNotAllowed, consent_mode, require_consent
from .creative import IMAGES, Creative
from .endpoint import CHOSEN, MOST_ENDPOINTS, Endpoint, EndpointAttempt, EndpointDelivery, EventKind
from .flag import Flag
from .group import AffiliateGroup
from .label import LONGEST_LABEL, MOST_LABELS, Label, LabelSales, UncountedSale
from .ledger import LedgerEntry, PayoutClaim
from .ledger_check import LedgerCheck
from .legal_details import LegalDetails
from .moved import LinkParameter, MovedAffiliate, OldLink
from .objection import Objection
from .payout import PayoutItem, PayoutRun, PayPalBatch
from .payout_email import PayoutEmailChange
from .payout_head import PayoutHead
from .rate import Rate, RateNotice, RateStep, StepPeriod, calculate_commission, format_rate
from .rollup import COUNTERS, DIMENSIONS, By, CommissionDay, DailyClicks, DailySales, HourlyClicks, PendingVisitCount
from .terms import TermsAcceptance, TermsVersion

__all__ = [
    "CHOSEN",
    "CODE",
    "COUNTERS",
    "DIMENSIONS",
    "IMAGES",
    "LEDGER",
    "LONGEST_LABEL",
    "MOST_ENDPOINTS",
    "MOST_LABELS",
    "REFERRAL_LIFE",
    "Adjustment",
    "Affiliate",
    "AffiliateCode",
    "AffiliateDiscount",
    "AffiliateGroup",
    "Announcement",
    "AnnouncementNotice",
    "Application",
    "Attribution",
    "By",
    "Click",
    "Commission",
    "Objection",
    "CommissionDay",
    "CommissionQuerySet",
    "ConsentMode",
    "Endpoint",
    "EndpointAttempt",
    "EndpointDelivery",
    "EventKind",
    "Flag",
    "Label",
    "LabelSales",
    "LedgerCheck",
    "Creative",
    "DailyClicks",
    "DailySales",
    "HourlyClicks",
    "LedgerEntry",
    "LegalDetails",
    "LinkParameter",
    "MovedAffiliate",
    "OldLink",
    "PayoutRun",
    "PayoutClaim",
    "PayoutEmailChange",
    "PayoutHead",
    "PayoutItem",
    "PayPalBatch",
    "Rate",
    "RateStep",
    "StepPeriod",
    "RateNotice",
    "BalanceDelta",
    "PendingVisitCount",
    "StorageNotAllowed",
    "TermsAcceptance",
    "TermsVersion",
    "Total",
    "UncountedSale",
    "consent_mode",
    "new_code",
    "format_rate",
    "calculate_commission",
    "require_consent",
]
