"""Each staff role's permissions in this app."""

from privacy.admin_base.staff_roles import Role, share

QUOTES = "view_quote add_quote change_quote send_quote"

share(
    "clients",
    {
        Role.MAIL: f"{QUOTES} view_agreement add_agreement change_agreement",
        Role.SHOP: QUOTES,
        Role.FINANCE: "view_quote",
        Role.OWNER: "delete_agreement",
    },
)
