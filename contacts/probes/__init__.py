"""Probes of correspondence.

- `writing`: who writes; `look_alikes`: people whose addresses look alike
"""

from . import look_alikes, writing  # noqa: F401  (importing registers them)
