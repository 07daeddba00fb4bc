"""Whom the probes of several apps meet, of whom some may not import each other: the names in `rehearsal.things`."""

STAFF = "staff"  # everybody by role, each with `browser`
OWNER, NO_ROLE = "superuser", "staff without a role"
