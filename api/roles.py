"""Each staff role's permissions in this app. Everybody manages their own tokens without one."""

from privacy.admin_base.staff_roles import Role, share

share("api", {Role.OWNER: "view_apitoken"})
