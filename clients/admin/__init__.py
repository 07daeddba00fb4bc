"""The pages of the staff for quotes and agreements. Django looks here for them."""

from . import agreements, order_section, quotes  # noqa: F401  (importing registers them)
