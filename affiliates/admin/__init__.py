"""The affiliate program's admin. Django imports this package; each module registers one subject."""

from . import (  # noqa: F401  (importing registers them)
    adjustments,
    affiliates,
    announcements,
    applications,
    commissions,
    creatives,
    discounts,
    flags,
    groups,
    ledger,
    objections,
    order_section,
    payouts,
    rates,
    terms,
)
