"""Probes of visits, affiliates and their money.

- `people`: affiliates with their own browsers, and applicants; `moving_in`: one from another program
- `visits`: visitors who follow their links
- `portal_input`: what affiliates type into the portal; `endpoints`: their own programs; `portal`: what they can see
- `by_hand`: what staff change for them; `payouts`: what becomes of their sales
- `legal_details`: their names and addresses for the tax office
- `unauthorized_access`: who reaches for other people's data
- `erasure`: everybody's data is deleted; `expiry`: the 30 days; `consent_modes`: what may be stored at all
"""

# In the order in which those of one stage are run; importing registers them.
# isort: off
from . import people, moving_in, visits, portal_input, endpoints, portal, by_hand, payouts  # noqa: F401
from . import legal_details  # noqa: F401
from . import unauthorized_access, erasure, expiry, consent_modes  # noqa: F401
