"""Probes of accounts: `staff` signs in a member of each role; `password_links` tries to get other people's links."""

from . import password_links, staff  # noqa: F401  (importing registers them)
