"""The staff's inbox and the services. Django looks here for them."""

from . import inquiries, services  # noqa: F401  (importing registers them)
