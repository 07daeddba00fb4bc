"""Each staff role's permissions in this app."""

from privacy.admin_base.staff_roles import Role, share

share(
    "clients",
    {
        Role.MAIL: "view_agreement add_agreement change_agreement",
        Role.OWNER: "delete_agreement",
    },
)
