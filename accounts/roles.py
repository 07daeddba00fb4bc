"""Role permissions for user accounts."""

from privacy.admin_base.staff_roles import Role, share

share("accounts", {Role.OWNER: "view_user add_user change_user"})
share("auth", {Role.OWNER: "view_group"})
