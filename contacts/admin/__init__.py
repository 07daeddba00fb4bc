"""The staff's inbox, the saved replies and the services. Django looks here for them."""

from . import inquiries, saved_replies, services  # noqa: F401  (importing registers them)
