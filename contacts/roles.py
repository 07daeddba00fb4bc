"""Each staff role's permissions in this app."""

from privacy.admin_base.staff_roles import Role, share

share(
    "contacts",
    {
        Role.MAIL: "view_inquiry add_inquiry change_inquiry view_incomingmail change_incomingmail"
        " view_savedreply add_savedreply change_savedreply delete_savedreply",
        Role.SHOP: "view_service add_service change_service",
        Role.OWNER: "delete_service",
    },
)
