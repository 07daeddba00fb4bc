"""Each staff role's permissions for content."""

from privacy.admin_base.staff_roles import Role, share

share(
    "pages",
    {
        Role.SHOP: "view_page add_page change_page delete_page view_frontpage change_frontpage"
        " view_frontpagesection add_frontpagesection change_frontpagesection delete_frontpagesection"
        " view_sitequestion add_sitequestion change_sitequestion delete_sitequestion"
    },
)
share("redirects", {Role.SHOP: "view_redirect add_redirect change_redirect delete_redirect"})
