"""This app's clear-text columns, with the reason for each."""

from privacy.registry.clear_text import DIGEST, PASSWORD, clear_text

clear_text(DIGEST, "accounts_recoverycode.code_digest")
clear_text(PASSWORD, "accounts_user.password")
