"""What each role of staff may do in the inbox."""

from privacy.admin_base.staff_roles import Role, share

share("contacts", {Role.MAIL: "view_inquiry change_inquiry view_reply add_reply"})
