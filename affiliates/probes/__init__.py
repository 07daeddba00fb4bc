"""What the rehearsal tries with visits, affiliates and their money.

- `people`: affiliates, with their own browsers, and whoever applies; `visits`: those who come by their links
"""

from . import people, visits  # noqa: F401  (importing registers them)
