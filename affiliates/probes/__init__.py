"""What the rehearsal tries with visits, affiliates and their money.

- `people`: affiliates, with their own browsers, and whoever applies; `visits`: those who come by their links
- `typing`: what affiliates write on the portal; `portal`: what they get to see
- `payouts`: what becomes of their sales; `doors`: ways into what is another's
- `leaving`: everybody is deleted; `expiry`: 30 days
"""

# In the order in which those of one stage are run; importing registers them.
# isort: off
from . import people, visits, portal_input, portal, payouts, unauthorized_access, erasure, expiry  # noqa: F401
