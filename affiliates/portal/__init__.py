"""The affiliate's portal: their own statistics, commissions and payouts, never another affiliate's, and never a
customer."""

from .totals import Overview, overview_of

__all__ = ["Overview", "overview_of"]
