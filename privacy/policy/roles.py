"""Role permissions for policy versions and notices."""

from privacy.admin_base.staff_roles import Role, share

share(
    "policy",
    {
        Role.PRIVACY_OFFICER: "view_policyversion add_policyversion change_policyversion delete_policyversion"
        " view_policynotice change_policynotice",
    },
)
