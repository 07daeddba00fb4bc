"""Probes of visits, affiliates and their money.

- `people`: affiliates with their own browsers, and applicants; `visits`: visitors who follow their links
- `typing`: what affiliates type into the portal; `portal`: what they can see
- `payouts`: what becomes of their sales; `doors`: access to other people's data
- `leaving`: everybody's data is deleted; `expiry`: the 30 days; `consent_modes`: what may be stored at all
"""

# In the order in which those of one stage are run; importing registers them.
# isort: off
from . import people, visits, portal_input, portal, payouts, unauthorized_access, erasure, expiry, consent_modes  # noqa: F401
