"""What an affiliate sees: figures, lines and payouts of one's own, never another's, and never a customer."""

from .totals import Overview, overview_of

__all__ = ["Overview", "overview_of"]
