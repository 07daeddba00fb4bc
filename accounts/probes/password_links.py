"""A stranger requests another account's password link with a look-alike address."""

from __future__ import annotations

import secrets

from accounts.models import User
from privacy.evidence.rehearsal.mailboxes import mailbox
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

VICTIM = "owner of an account with a look-alike"


@probe("email-for-asked-contact-only", stage=Stage.BREAK_IN)
def a_password_link_goes_to_the_address_of_the_account(rehearsal: Rehearsal) -> None:
    word = secrets.token_hex(6)
    address, stranger = rehearsal.own(VICTIM, f"{word}@strasse.example"), rehearsal.browser("stranger")
    User.objects.create_user(address, secrets.token_urlsafe(16), name=rehearsal.canary(VICTIM, "name"))
    for typed in (f"{word}@straße.example", f"{word}@STRAẞE.example", f"{word.upper()}@Strasse.example"):
        stranger.open("/accounts/password/")
        stranger.submit("Send me the link", email=typed)
        rehearsal.tried()
        reached = {mailbox(str(mail["To"])) for mail in rehearsal.mails()}
        if mailbox(typed) != mailbox(address) and mailbox(typed) in reached:
            rehearsal.breach("email-for-asked-contact-only", "a password link went to an address that looks alike")
