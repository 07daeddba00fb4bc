"""Who sees how many visits there were."""

from privacy.admin_base.staff_roles import Role, share

share("traffic", {Role.AFFILIATES: "view_domainday"})
