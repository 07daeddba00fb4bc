"""People with look-alike addresses write: none may be mistaken for another."""

from __future__ import annotations

import secrets

from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

PAIRS = (  # endings of two addresses that share a random local part
    ("@strasse.example", "@straße.example"),
    ("ss@example.net", "ß@example.net"),
    ("@βόλοσ.example", "@βόλος.example"),
    ("a@example.net", "ａ@example.net"),
    (".a@gmail.com", "a@gmail.com"),
)


@probe("access", "correspondence-private", stage=Stage.PLANT)
def people_with_look_alike_addresses_write(rehearsal: Rehearsal) -> None:
    """`privacy.probes.archives` checks later what each of them gets in an archive."""
    for number, pair in enumerate(PAIRS, 1):
        word = secrets.token_hex(6)
        for side, end in zip("ab", pair, strict=True):
            who = f"look-alike {number}{side}"
            browser = rehearsal.browser(who)
            browser.open("/contact/")
            words = {what: rehearsal.canary(who, what) for what in ("name", "message")}
            browser.submit("Send the message", **words, email=rehearsal.own(who, f"{word}{end}"))
            rehearsal.expect("we received your message" in browser.text, f"the contact form takes {who}'s message")
            rehearsal.tried()
