"""The pages of the staff for quotes and agreements. Django looks here for them."""

from . import agreements  # noqa: F401  (importing registers them)
