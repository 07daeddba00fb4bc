"""People write whose addresses look alike, and are read in different mailboxes: none of them may count as another."""

from __future__ import annotations

import secrets

from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

PAIRS = (  # what the two addresses of a pair are made of, with the same word before
    ("@strasse.example", "@straße.example"),
    ("ss@example.net", "ß@example.net"),
    ("@βόλοσ.example", "@βόλος.example"),
    ("a@example.net", "ａ@example.net"),
    (".a@gmail.com", "a@gmail.com"),
)


@probe("access", "correspondence-private", stage=Stage.PLANT)
def people_write_whose_addresses_look_alike(rehearsal: Rehearsal) -> None:
    """What each of them gets who asks for everything is looked at later (`privacy.probes.archives`)."""
    for number, pair in enumerate(PAIRS, 1):
        word = secrets.token_hex(6)
        for side, end in zip("ab", pair, strict=True):
            who = f"look-alike {number}{side}"
            browser = rehearsal.browser(who)
            browser.open("/contact/")
            words = {what: rehearsal.canary(who, what) for what in ("name", "message")}
            browser.submit("Send the message", **words, email=rehearsal.own(who, f"{word}{end}"))
            rehearsal.expect("we have your message" in browser.text, f"the contact form takes {who}'s message")
            rehearsal.tried()
