"""The affiliate program for staff. Django looks here for it; each subject has a module of its own."""

from . import affiliates, applications, commissions, creatives, flags, ledger, objections, payouts, rates, terms  # noqa: F401  (importing registers them)
