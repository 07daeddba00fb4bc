"""Probes of what is agreed with clients.

- `quotes`: a quote and its private link
- `accepting`: its acceptance on the page and by letter, and the payment of its installments
"""

from . import accepting, quotes  # noqa: F401  (importing registers them)
