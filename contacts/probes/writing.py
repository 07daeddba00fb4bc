"""Somebody writes by the contact form."""

from __future__ import annotations

from privacy.rehearsal.probes import Stage, probe
from privacy.rehearsal.rehearsing import Rehearsal

WRITER = "writer"


@probe("contactable", "correspondence-private", stage=Stage.PLANT)
def somebody_writes(rehearsal: Rehearsal) -> None:
    writer = rehearsal.browser(WRITER)
    writer.open("/contact/?kind=quote")
    words = {what: rehearsal.canary(WRITER, what) for what in ("name", "address", "message")}
    rehearsal.things[WRITER] = rehearsal.address(WRITER)
    writer.submit("Send the message", **words, email=rehearsal.things[WRITER], phone="+1 805 555 7193")
    rehearsal.expect("we have your message" in writer.text, "the contact form takes a message")
    rehearsal.tried()
