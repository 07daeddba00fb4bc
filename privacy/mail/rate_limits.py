"""Mails that people who are not signed in cause by typing an address, which may be anybody's: how many may go out.

Three limits at once: of one form from one network, of all forms together from one network, and to one address. Forms
that only confirm share the address's room. A form whose mail lets its owner act (`OWN_ROOM`) has a room of its own, so
that nobody shuts the way in by filling in another form. What a form does when there is no room is its own decision: it
stores and holds, or says plainly that nothing was sent (ADR 29).
"""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from privacy.encryption.normalization import normalize_email
from privacy.web.client_address import client_address
from privacy.web.rate_limits import DAY, has_room, network_of

OWN_ROOM = {"password"}


def may_cause_mail(request: HttpRequest, *, form: str, email: str, now: datetime) -> bool:
    """Takes room for one mail to `email`, caused by this request. The same for known and unknown addresses."""
    network, address = network_of(client_address(request)), normalize_email(email)
    room = f"mail {form} address" if form in OWN_ROOM else "mail address"
    return (
        has_room(f"mail {form} network", network, slots=settings.MAIL_LIMIT_PER_FORM, now=now)
        and has_room("mail network", network, slots=settings.MAIL_LIMIT_PER_NETWORK, now=now)
        and has_room(room, address, slots=settings.MAIL_LIMIT_PER_ADDRESS, now=now, window=DAY)
    )


BLOCK = 30  # slots that are looked at together: thousands at once would make every look-up long


def may_be_held(request: HttpRequest, *, form: str, now: datetime) -> bool:
    """Takes room for storing what one network sends beyond its mails. So large that a neighbor can hardly fill it, and
    there only so that nobody fills the disk; when it is nearly full, some are refused before it is."""
    network, blocks = network_of(client_address(request)), -(-settings.HELD_LIMIT_PER_NETWORK // BLOCK)
    slots = min(BLOCK, settings.HELD_LIMIT_PER_NETWORK)
    some = (secrets.randbelow(blocks) for _ in range(3))
    return any(has_room(f"held {form}", f"{network} {block}", slots=slots, now=now) for block in some)
