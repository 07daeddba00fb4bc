"""Probes of what is agreed with clients.

- `quotes`: a quote and its private link
"""

from . import quotes  # noqa: F401  (importing registers them)
