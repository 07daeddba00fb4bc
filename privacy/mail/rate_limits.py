"""Rate limits for mail that anonymous visitors trigger by typing an address, which may be anyone's.

Three limits apply: per form and network, per network, and per address. Forms that only send confirmations share the
address limit. A form whose mail lets its owner act (`SEPARATE_ADDRESS_LIMIT`) has its own, so that nobody can block it
by filling in other forms. At the limit, a form either stores the message for later or says that nothing was sent (ADR
29).
"""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from privacy.encryption.normalization import normalize_email
from privacy.web.client_address import client_address
from privacy.web.rate_limits import DAY, has_room, network_of

SEPARATE_ADDRESS_LIMIT = {"password", "find orders"}


def may_send_mail(request: HttpRequest, *, form: str, email: str, now: datetime) -> bool:
    """Whether this request may trigger a mail to `email`, within the limits. Same for known and unknown addresses."""
    network, address = network_of(client_address(request)), normalize_email(email)
    room = f"mail {form} address" if form in SEPARATE_ADDRESS_LIMIT else "mail address"
    return (
        has_room(f"mail {form} network", network, slots=settings.MAIL_LIMIT_PER_FORM, now=now)
        and has_room("mail network", network, slots=settings.MAIL_LIMIT_PER_NETWORK, now=now)
        and has_room(room, address, slots=settings.MAIL_LIMIT_PER_ADDRESS, now=now, window=DAY)
    )


BLOCK = 30  # slots checked together; thousands would make every lookup slow


def may_hold_message(request: HttpRequest, *, form: str, now: datetime) -> bool:
    """Whether a message beyond the mail limits may still be stored. The limit per network is large and only protects
    the disk; it is approximate, so some requests are refused shortly before it is reached."""
    network, blocks = network_of(client_address(request)), -(-settings.HELD_LIMIT_PER_NETWORK // BLOCK)
    slots = min(BLOCK, settings.HELD_LIMIT_PER_NETWORK)
    some = (secrets.randbelow(blocks) for _ in range(3))
    return any(has_room(f"held {form}", f"{network} {block}", slots=slots, now=now) for block in some)
