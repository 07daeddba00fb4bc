"""Mail kinds of this app."""

from privacy.mail.sending import mail_kind
from privacy.registry.mail_variables import mail_variables
from privacy.registry.purposes import Purpose

# Someone who entered the address just requested it; closed accounts get none.
PASSWORD_RESET = mail_kind(
    "accounts/password_reset",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="accounts.User",
    transactional=True,
    because="someone wants to sign in and is waiting for it",
    live=lambda user: user.is_active,
    despite_opt_out=True,
    holds_link=True,
)

# For a colleague who has no password yet. The link is as good as one.
INVITATION = mail_kind(
    "accounts/invitation",
    purpose=Purpose.STAFF_ACCOUNT,
    about="accounts.User",
    transactional=True,
    because="a colleague invited you to the team",
    live=lambda user: user.is_active and user.is_staff and not user.has_usable_password(),
    names_colleague=True,
    holds_link=True,
)

# An intruder must not be able to keep the owner from being notified.
SECURITY_NOTICE = mail_kind(
    "accounts/security_notice",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="accounts.User",
    transactional=True,
    because="the owner has to know who uses the account",
    live=lambda user: user.is_active,
    despite_opt_out=True,
)
# Sent to the previous address, the only place where the owner would notice a takeover.
EMAIL_CHANGED = mail_kind(
    "accounts/email_changed",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="accounts.User",
    transactional=True,
    because="it says that the account's email address has changed",
    despite_opt_out=True,
)

mail_variables(
    "accounts",
    {
        "block advice": ("advice", "If this was you, you don't need to do anything."),
        "block introduction": ("introduction", "Use this link to set a new password."),
        "block otherwise": ("otherwise", "If you didn't request this, ignore this email."),
        "block roles": ("roles", ", in the role Mail"),
        "inviter": ("inviter", "Dana"),
        'link "accounts:password_reset"': ("new_link", ""),
        'link "accounts:password_set" uid token': ("password", ""),
        "notice.sentence": ("event", "Your password was changed."),
        "notice.subject": ("headline", "Your password was changed"),
    },
    required="event",
)
