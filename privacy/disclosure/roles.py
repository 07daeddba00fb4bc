"""Who records orders of authorities, approves them and makes their exports; a second person approves."""

from privacy.admin_base.staff_roles import Role, share

share(
    "disclosure",
    {Role.PRIVACY_OFFICER: "view_disclosure add_disclosure approve_disclosure export_disclosure"},
)
