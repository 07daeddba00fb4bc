"""The staff's inbox. Django looks here for it."""

from . import inquiries  # noqa: F401  (importing registers it)
