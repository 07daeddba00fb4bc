"""The pages of the staff for quotes and agreements. Django looks here for them."""

from . import quotes  # noqa: F401  (importing registers them)
