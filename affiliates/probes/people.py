"""Two affiliates who applied, were approved and signed in; and an applicant who is still waiting."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from accounts.probes.staff import staff
from privacy.evidence.rehearsal.cast import OWNER
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser

AFFILIATE, RIVAL = "affiliate", "other affiliate"
APPLICANT = "applicant"


@dataclass(frozen=True)
class Partner:
    """An affiliate with an account. `browser` is signed in, and stays on the portal."""

    who: str
    browser: SiteBrowser
    address: str
    password: str
    code: str


@probe("encrypted", "referral-for-commission-only", stage=Stage.SET_UP)
def affiliates_join(rehearsal: Rehearsal) -> None:
    for who in (AFFILIATE, RIVAL):
        rehearsal.things[who] = join(rehearsal, who)


@probe("encrypted", "email-for-asked-contact-only", stage=Stage.PLANT)
def somebody_applies_and_waits(rehearsal: Rehearsal) -> None:
    rehearsal.things[APPLICANT] = apply(rehearsal, rehearsal.browser(APPLICANT), rehearsal.address(APPLICANT))
    rehearsal.tried()


def join(rehearsal: Rehearsal, who: str) -> Partner:
    """The whole way: the form, the emailed link, the approval in the admin, the first password."""
    browser = rehearsal.browser(who)
    address = apply(rehearsal, browser, rehearsal.address(who))
    browser.open(rehearsal.link_in(rehearsal.mail(address, "please confirm your address")))
    browser.submit("Yes, I applied")
    rehearsal.expect(approve(rehearsal, address), "the owner can approve an application")
    welcome, password = rehearsal.mail(address, "Welcome to our affiliate program"), secrets.token_urlsafe(16)
    browser.open(rehearsal.link_in(welcome, "/accounts/password/"))
    browser.submit("Save the password", new_password1=password, new_password2=password)
    browser.open("/accounts/login/?next=/affiliates/portal/")
    browser.submit("Sign in", email=address, password=password)
    rehearsal.expect("Getting started" in browser.text, "an affiliate can sign in")
    browser.open("/affiliates/portal/profile/payouts/")
    browser.submit("Pay me at this address", email=address)
    rehearsal.expect("Your payouts go to this address" in browser.html, "an affiliate can enter a PayPal address")
    browser.open("/affiliates/portal/")
    return Partner(who, browser, address, password, rehearsal.link_in(welcome, "/go/").split("/")[-2])


def apply(rehearsal: Rehearsal, browser: SiteBrowser, address: str) -> str:
    """Fills in the form with canaries. Returns the address."""
    who = browser.who
    browser.open("/affiliates/apply/")
    website = f"https://{rehearsal.canary(who, 'website').rstrip('Ö')}.example/"
    words = {"name": rehearsal.canary(who, "name"), "message": rehearsal.canary(who, "message")}
    browser.submit("Send the application", **words, email=address, website=website, terms="on")
    rehearsal.expect("check your inbox" in browser.text, "the application is taken")
    return address


def approve(rehearsal: Rehearsal, address: str) -> bool:
    """Presses Approve on the newest application with this address. False if the site refuses."""
    owner = staff(rehearsal)[OWNER].browser
    owner.open_first_row(f"/admin/affiliates/application/?q={address}")
    owner.submit("Approve")
    return "is an affiliate now" in owner.text
