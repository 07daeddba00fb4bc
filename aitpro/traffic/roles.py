"""Each staff role's permissions in this app."""

from privacy.admin_base.staff_roles import Role, share

share("traffic", {Role.AFFILIATES: "view_domainday"})
