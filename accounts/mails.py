"""The messages of this app."""

from privacy.mail.sending import mail_kind
from privacy.registry.purposes import Purpose

# Asked for a moment ago by somebody who typed the address; a closed account gets none.
PASSWORD_RESET = mail_kind(
    "accounts/password_reset",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="accounts.User",
    transactional=True,
    because="somebody wants to sign in and waits for it",
    live=lambda user: user.is_active,
    despite_opt_out=True,
    holds_link=True,
)

# Whoever gets into an account must not be able to keep its owner from hearing of it.
SECURITY_NOTICE = mail_kind(
    "accounts/security_notice",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="accounts.User",
    transactional=True,
    because="the owner has to know who uses the account",
    live=lambda user: user.is_active,
    despite_opt_out=True,
)
# To the address before, where alone a takeover would be noticed.
EMAIL_CHANGED = mail_kind(
    "accounts/email_changed",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="accounts.User",
    transactional=True,
    because="it says that the account is signed in to with another address",
    despite_opt_out=True,
)
