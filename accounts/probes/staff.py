"""Staff members of each role, invited by the owner and signed in with everything the site requires.

Other probes get them from `staff(rehearsal)` by role name, `OWNER` for the first account (a superuser), or `NO_ROLE`.
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

STEP = timedelta(seconds=31)  # a TOTP code works once; the next one comes after 30 seconds


@dataclass
class Member:
    """A staff member: credentials and signed-in browser."""

    role: str
    address: str
    password: str
    browser: SiteBrowser
    secret: bytes = b""  # of the authenticator app, if required

    def sign_in(self) -> SiteBrowser:
        """Signs in again in the same browser, for example after days have passed."""
        self.browser.open("/accounts/login/")
        self.browser.submit("Sign in", email=self.address, password=self.password)
        if settings.STAFF_SECOND_FACTOR:
            self._give_code()
        self.browser.open("/admin/")
        Rehearsal.expect(self.browser.status == 200, f"{self.role} can sign in")
        return self.browser

    def _give_code(self) -> None:
        """Enters a code; the first time, sets up the app with the secret from the page."""
        if self.secret:
            self.browser.rehearsal.time_passes(STEP)
            self.browser.submit("Sign in", code=self._code())
        else:
            shown = self.browser.page.select_one("main code")
            Rehearsal.expect(shown, "the second factor can be set up")
            self.secret = b32decode(shown.get_text().replace(" ", "")) if shown else b""
            self.browser.submit("Turn on", code=self._code())
            self.browser.submit("I have saved them")

    def _code(self) -> str:
        totp = TOTP(self.secret)
        totp.time = timezone.now().timestamp()
        return f"{totp.token():06d}"


def staff(rehearsal: Rehearsal) -> dict[str, Member]:
    """All staff members by role. Raises `KeyError` if setting them up failed."""
    everybody: dict[str, Member] = rehearsal.things[STAFF]
    return everybody


@probe("correspondence-private", stage=Stage.SET_UP)
def the_owner_signs_in(rehearsal: Rehearsal) -> None:
    """Creates the first account by command, as on a new site; its password is set with an emailed link."""
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
def a_member_of_each_role_signs_in(rehearsal: Rehearsal) -> None:
    owner = staff(rehearsal)[OWNER].browser
    for role in Role:
        address, name = rehearsal.address(role), rehearsal.canary(role, "name")
        page = owner.open("/admin/accounts/user/team/")
        labels = page.select("label:has([name=roles])")
        roles = [box["value"] for label in labels if role in label.get_text() for box in label.select("input")]
        owner.submit("Send the invitation", email=address, name=name, roles=roles[:1])
        rehearsal.expect("is invited" in owner.text, "the owner can invite colleagues")
        staff(rehearsal)[role] = joined(rehearsal, role, address)
    address, name = rehearsal.address(NO_ROLE), rehearsal.canary(NO_ROLE, "name")
    owner.open("/admin/accounts/user/add/")
    owner.submit("Save", email=address, name=name, is_staff="on")
    rehearsal.expect("was added successfully" in owner.text, "the owner can make accounts")
    staff(rehearsal)[NO_ROLE] = joined(rehearsal, NO_ROLE, address)


def joined(rehearsal: Rehearsal, role: str, address: str) -> Member:
    """Sets the password with the emailed link, and signs in."""
    browser, password = rehearsal.browser(role), secrets.token_urlsafe(16)
    subject = "Your invitation"
    if not any(rehearsal.mails(address)):
        browser.open("/accounts/password/")
        browser.submit("Send me the link", email=address)
        subject = "Set your password"
    browser.open(rehearsal.link_in(rehearsal.mail(address, subject)))
    browser.submit("Save the password", new_password1=password, new_password2=password)
    member = Member(role, address, password, browser)
    member.sign_in()
    return member
