"""What the rehearsal tries with visits, affiliates and their money.

- `people`: affiliates, with their own browsers, and whoever applies; `visits`: those who come by their links
- `portal`: what affiliates get to see; `typing`: what they write there
"""

from . import people, portal, typing, visits  # noqa: F401  (importing registers them)
