"""Probes of correspondence.

- `writing`: who writes; `entering`: what staff enter; `look_alikes`: people whose addresses look alike
"""

from . import entering, look_alikes, writing  # noqa: F401  (importing registers them)
