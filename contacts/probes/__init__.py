"""Probes of correspondence.

- `writing`: who writes with the form; `incoming_mail`: who writes by email; `look_alikes`: people whose addresses look
  alike
"""

from . import incoming_mail, look_alikes, writing  # noqa: F401  (importing registers them)
