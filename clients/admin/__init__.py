"""The pages of the staff for quotes and agreements. Django looks here for them."""

from . import agreements, quotes  # noqa: F401  (importing registers them)
