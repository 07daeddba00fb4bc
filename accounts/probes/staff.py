"""The staff: somebody of each role, whose account the owner makes in the admin, each signed in as the site demands.

Other probes take them from `staff(rehearsal)`: by the role's name, `OWNER` for the first account (a superuser), and
`NO_ROLE` for staff without any.
"""

from __future__ import annotations

import secrets
from base64 import b32decode
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from django_otp.oath import TOTP

from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import NO_ROLE, OWNER, STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser

STEP = timedelta(seconds=31)  # a code of the app works once, and the next one comes after 30 seconds


@dataclass
class Member:
    """Somebody with an account: what they know, and the browser in which they are signed in."""

    role: str
    address: str
    password: str
    browser: SiteBrowser
    secret: bytes = b""  # of the authenticator app, where one is demanded

    def sign_in(self) -> SiteBrowser:
        """Again, in the same browser: after days have passed, or after a sign-out."""
        self.browser.open("/accounts/login/")
        self.browser.submit("Sign in", email=self.address, password=self.password)
        if settings.STAFF_SECOND_FACTOR:
            self._give_code()
        self.browser.open("/admin/")
        Rehearsal.expect(self.browser.status == 200, f"{self.role} can sign in")
        return self.browser

    def _give_code(self) -> None:
        """The first time the app is set up, and gets the secret from the page."""
        if self.secret:
            self.browser.rehearsal.time_passes(STEP)
            self.browser.submit("Sign in", code=self._code())
        else:
            shown = self.browser.page.select_one("main code")
            Rehearsal.expect(shown, "the second factor can be set up")
            self.secret = b32decode(shown.get_text().replace(" ", "")) if shown else b""
            self.browser.submit("Set it up", code=self._code())
            self.browser.submit("I have kept them")

    def _code(self) -> str:
        totp = TOTP(self.secret)
        totp.time = timezone.now().timestamp()
        return f"{totp.token():06d}"


def staff(rehearsal: Rehearsal) -> dict[str, Member]:
    """Everybody, by role. Raises `KeyError` where setting them up failed."""
    everybody: dict[str, Member] = rehearsal.things[STAFF]
    return everybody


@probe("correspondence-private", stage=Stage.SET_UP)
def the_owner_signs_in(rehearsal: Rehearsal) -> None:
    """The first account is made by command, as on a new site; its password is set through a mailed link."""
    address = rehearsal.address(OWNER)
    call_command("createsuperuser", email=address, interactive=False, verbosity=0)
    rehearsal.things[STAFF] = {OWNER: joined(rehearsal, OWNER, address)}
    browser = staff(rehearsal)[OWNER].browser
    browser.open("/admin/accounts/user/")
    own = browser.page.select_one("#result_list tbody th a")
    browser.open(urljoin(browser.url, str(own["href"])) if own else "")
    browser.submit("Save", name=rehearsal.canary(OWNER, "name"))
    rehearsal.expect("was changed successfully" in browser.text, "the owner can change their name")


@probe("correspondence-private", stage=Stage.SET_UP)
def somebody_of_each_role_signs_in(rehearsal: Rehearsal) -> None:
    owner = staff(rehearsal)[OWNER].browser
    for role in [*Role, NO_ROLE]:
        address, name = rehearsal.address(role), rehearsal.canary(role, "name")
        page = owner.open("/admin/accounts/user/add/")
        groups = [option["value"] for option in page.select("[name=groups] option") if option.get_text() == role]
        owner.submit("Save", email=address, name=name, is_staff="on", groups=groups)
        rehearsal.expect("was added successfully" in owner.text, "the owner can make accounts")
        staff(rehearsal)[role] = joined(rehearsal, role, address)


def joined(rehearsal: Rehearsal, role: str, address: str) -> Member:
    """Sets the password by the mailed link, and signs in."""
    browser, password = rehearsal.browser(role), secrets.token_urlsafe(16)
    if not any(rehearsal.mails(address)):
        browser.open("/accounts/password/")
        browser.submit("Send me the link", email=address)
    browser.open(rehearsal.link_in(rehearsal.mail(address, "Set your password")))
    browser.submit("Save the password", new_password1=password, new_password2=password)
    member = Member(role, address, password, browser)
    member.sign_in()
    return member
