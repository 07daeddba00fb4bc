"""Role permissions for the disclosure register. A second person has to approve."""

from privacy.admin_base.staff_roles import Role, share

share(
    "disclosure",
    {Role.PRIVACY_OFFICER: "view_disclosure add_disclosure approve_disclosure export_disclosure"},
)
