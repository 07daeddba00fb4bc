"""This app's clear-text columns, with the reason for each."""

from privacy.registry.clear_text import DIGEST, PROGRAM, clear_text

clear_text(DIGEST, "api_apitoken.digest")
clear_text(PROGRAM, "api_apitoken.scopes")
