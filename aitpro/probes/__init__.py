"""What the rehearsal tries with the site as a whole.

- `elsewhere`: whether a page, or the server itself, tells anything to somebody else
- `served`: the site as it is really started, and what its server writes down
"""

from . import elsewhere, served  # noqa: F401  (importing registers them)
