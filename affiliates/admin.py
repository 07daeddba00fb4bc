"""The affiliate program for staff. Django looks here for it; each subject stands in an `admin_*.py`."""

from . import (  # noqa: F401  (importing registers them)
    admin_affiliates,
    admin_applications,
    admin_commissions,
    admin_creatives,
    admin_disputes,
    admin_flags,
    admin_ledger,
    admin_payouts,
    admin_rates,
    admin_terms,
)
