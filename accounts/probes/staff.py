"""The staff: somebody of each role, made by the owner in the admin."""

from __future__ import annotations

import secrets

from accounts.models import User
from privacy.rehearsal.probes import Stage, probe
from privacy.rehearsal.rehearsing import Rehearsal

OWNER = "superuser"


@probe("correspondence-private", stage=Stage.SET_UP)
def the_owner_signs_in(rehearsal: Rehearsal) -> None:
    """The first account is made by command, as on a new site."""
    address, password = rehearsal.address(OWNER), secrets.token_urlsafe(16)
    User.objects.create_superuser(address, password, name=rehearsal.canary(OWNER, "name"))
    browser = rehearsal.browser(OWNER)
    browser.open("/accounts/login/")
    browser.submit("Sign in", email=address, password=password)
    browser.open("/admin/")
    rehearsal.expect(browser.status == 200, "the owner can sign in")
    rehearsal.things[OWNER] = browser
