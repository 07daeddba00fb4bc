"""Who sees how many visits there were."""

from privacy.staff_roles import Role, share

share("traffic", {Role.AFFILIATES: "view_domainday"})
