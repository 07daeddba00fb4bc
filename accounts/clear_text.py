"""The readable columns of this app."""

from privacy.registry.clear_text import DIGEST, PASSWORD, clear_text

clear_text(DIGEST, "accounts_recoverycode.code_digest")
clear_text(PASSWORD, "accounts_user.password")
