"""Names in `rehearsal.things` of people shared by probes of apps that may not import each other."""

STAFF = "staff"  # staff members by role, each with `browser`
OWNER, NO_ROLE = "superuser", "staff without a role"
