"""The readable columns of this app."""

from privacy.readable import DIGEST, PASSWORD, clear_text

clear_text(DIGEST, "accounts_recoverycode.code_digest")
clear_text(PASSWORD, "accounts_user.password")
