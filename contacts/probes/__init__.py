"""Probes of correspondence.

- `writing`: who writes with the form; `incoming_mail`: who writes by email; `entering`: what staff enter;
  `look_alikes`: people whose addresses look alike
"""

from . import entering, incoming_mail, look_alikes, writing  # noqa: F401  (importing registers them)
