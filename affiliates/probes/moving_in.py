"""Another program moves here with its export: its affiliates are told before anything else, and old links count."""

from __future__ import annotations

import io
import secrets

from django.core.management import call_command

from affiliates.models import Affiliate, Click
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

MOVED, FOLLOWER, EARLY = "affiliate of another program", "visitor with an old link", "visitor before the notice"
PROMISE = "email-for-asked-contact-only"


@probe("encrypted", PROMISE, "referral-for-commission-only", stage=Stage.PLANT)
def an_affiliate_moves_in_and_is_told_first(rehearsal: Rehearsal) -> None:
    address, export = rehearsal.address(MOVED), rehearsal.folder / "affiliates.csv"
    words = {what: rehearsal.canary(MOVED, what).rstrip("Ö") for what in ("name", "number there", "website")}
    payout = rehearsal.address(MOVED, "PayPal address")
    website = f"https://{words['website']}.example/"
    export.write_text(
        "id,email,name,payout email,website,links,balance\n"
        f"{words['number there']},{address},{words['name']},{payout},{website},https://shop.example/?via=mover,12.34\n"
    )
    call_command("import_affiliates", str(export), source="csv", apply=True, stdout=io.StringIO())
    export.unlink()
    moved = Affiliate.objects.get(user__email_index=address)
    rehearsal.browser(EARLY).open("/?via=mover")
    rehearsal.tried()
    if Click._base_manager.filter(affiliate=moved.pk).exists():
        rehearsal.breach("referral-for-commission-only", "a visit is stored for an affiliate who does not know yet")
    rehearsal.housekeep()
    told, password = rehearsal.mail(address, "Our affiliate program has moved"), secrets.token_urlsafe(16)
    rehearsal.housekeep()
    browser = rehearsal.browser(MOVED)
    browser.open(rehearsal.link_in(told, "/accounts/password/"))
    browser.submit("Save the password", new_password1=password, new_password2=password)
    browser.open("/accounts/login/?next=/affiliates/portal/")
    browser.submit("Sign in", email=address, password=password)
    browser.submit("Accept and continue", accept="on")
    rehearsal.expect("$12.34" in browser.text, "an affiliate who moved in finds the balance")
    rehearsal.browser(FOLLOWER).open("/?via=mover")
    rehearsal.expect(Click._base_manager.filter(affiliate=moved.pk).exists(), "an old link counts")
