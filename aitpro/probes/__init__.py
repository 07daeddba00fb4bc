"""What the rehearsal tries with the site as a whole.

- `elsewhere`: whether a page, or the server itself, tells anything to somebody else
"""

from . import elsewhere  # noqa: F401  (importing registers them)
