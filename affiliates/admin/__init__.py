"""The affiliate program's admin. Django imports this package; each module registers one subject."""

from . import (
    affiliates,
    applications,
    commissions,
    creatives,
    flags,
    ledger,
    objections,
    order_section,
    payouts,
    rates,
    terms,
)  # noqa: F401  (importing registers them)
