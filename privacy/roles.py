"""Role permissions for mail, opt-outs, privacy requests and the audit log."""

from .admin_base.staff_roles import Role, share

share(
    "privacy",
    {
        Role.OWNER: "view_mailtext change_mailtext",
        Role.MAIL: "view_outgoingmail view_mailtally view_mailtext view_undeliverableaddress"
        " delete_undeliverableaddress view_suppression add_suppression add_privacyrequest",
        Role.PRIVACY_OFFICER: "view_privacyrequest add_privacyrequest change_privacyrequest answer_privacyrequest"
        " view_suppression add_suppression view_mailtally view_addresschange delete_addresschange",
    },
)
share("audit", {Role.PRIVACY_OFFICER: "view_auditentry"})
