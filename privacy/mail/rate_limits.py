"""Rate limits for mail that anonymous visitors trigger by typing an address, which may be anyone's.

Limits apply per form and network, per network, per address and network, and per address. Forms that only send
confirmations share the address limit. A form whose mail lets its owner act (`SEPARATE_ADDRESS_LIMIT`) has its own, so
that nobody can block it by filling in other forms. At a network's limit, a form either stores the message for later or
says that nothing was sent. At an address's, its page is the usual one: today's mails are in that mailbox (ADR 29).
"""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from privacy.encryption.normalization import normalize_email
from privacy.web.client_address import client_address
from privacy.web.rate_limits import DAY, Limit, first_full, has_room, network_of, seconds_left

SEPARATE_ADDRESS_LIMIT = {"application link", "find orders", "password"}


def may_send_mail(request: HttpRequest, *, form: str, email: str, now: datetime) -> bool:
    """Whether this request may trigger a mail to `email`, within the limits. Same for known and unknown addresses."""
    return not seconds_to_wait(request, form=form, email=email, now=now) and may_mail_address(email, form=form, now=now)


def seconds_to_wait(request: HttpRequest, *, form: str, email: str, now: datetime) -> int:
    """How long the request's network has to wait until it may trigger another mail to `email`; 0 if it may now."""
    network, share = network_of(client_address(request)), -(-settings.MAIL_LIMIT_PER_ADDRESS // 2)
    full = first_full(
        Limit(f"mail {form} network", network, settings.MAIL_LIMIT_PER_FORM),
        Limit("mail network", network, settings.MAIL_LIMIT_PER_NETWORK),
        # Half of the address's mails at most: anybody may type it, and its owner must not find them used up.
        Limit(f"{_address_limit(form)} network", f"{network} {normalize_email(email)}", share, DAY),
        now=now,
    )
    return seconds_left(now, full.window) if full else 0


def may_mail_address(email: str, *, form: str, now: datetime) -> bool:
    """Takes one of the day's mails of this address. Ask `seconds_to_wait` first."""
    slots = settings.MAIL_LIMIT_PER_ADDRESS
    return has_room(_address_limit(form), normalize_email(email), slots=slots, now=now, window=DAY)


def _address_limit(form: str) -> str:
    return f"mail {form} address" if form in SEPARATE_ADDRESS_LIMIT else "mail address"


BLOCK = 30  # slots checked together; thousands would make every lookup slow


def may_hold_message(request: HttpRequest, *, form: str, now: datetime) -> bool:
    """Whether a message beyond the mail limits may still be stored. The limit per network is large and only protects
    the disk; it is approximate, so some requests are refused shortly before it is reached."""
    network, blocks = network_of(client_address(request)), -(-settings.HELD_LIMIT_PER_NETWORK // BLOCK)
    slots = min(BLOCK, settings.HELD_LIMIT_PER_NETWORK)
    some = (secrets.randbelow(blocks) for _ in range(3))
    return any(has_room(f"held {form}", f"{network} {block}", slots=slots, now=now) for block in some)
