"""Who reads the audit."""

from privacy.staff_roles import Role, share

share("audit", {Role.PRIVACY_OFFICER: "view_auditentry"})
