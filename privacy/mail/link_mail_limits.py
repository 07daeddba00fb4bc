"""Rate limits for mail that anyone can trigger by typing an address: confirmation links and preferences links.

Limits apply per network and per address, within the limits of all forms together (`privacy.mail.rate_limits`).
Requests beyond a limit are stored, never refused: housekeeping sends their mail later, or another mail covers them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models

from privacy.encryption.normalization import normalize_email
from privacy.web.rate_limits import DAY, Limit, first_full, give_back, has_room, network_of, take_slot

LINK_LIFE = timedelta(days=7)
LINK_WAIT_LIMIT = timedelta(days=45)  # the legal deadline for an answer
TASK_GRACE_PERIOD = timedelta(minutes=5)  # before housekeeping sends a pending mail
AT_ONCE = 5000  # pending mails considered in one run of housekeeping
_NETWORK = "mail privacy network"
_LATER = "asked for earlier"  # housekeeping has the same limit as a network, under this name


def acquire_for_network(address: str | None, *, now: datetime) -> bool:
    """Takes one of the mails that the client's network may trigger this hour. Reveals nothing about addresses."""
    network = network_of(address)
    full = first_full(
        Limit(_NETWORK, network, settings.PRIVACY_MAILS_PER_NETWORK),
        Limit("mail network", network, settings.MAIL_LIMIT_PER_NETWORK),
        now=now,
    )
    return full is None


def acquire_for_address(email: str, *, now: datetime) -> bool:
    """Takes one of today's mails for this address. Other forms have their own limits, so that nobody can block a
    person's privacy requests by entering their address in the contact form."""
    slots = settings.PRIVACY_MAILS_PER_ADDRESS
    return has_room("mail privacy address", normalize_email(email), slots=slots, now=now, window=DAY)


def mail_pending(waiting: models.QuerySet[Any], send: Callable[[UUID], bool], *, now: datetime) -> int:
    """Sends delayed mails, one per address, within the current limits. `send` returns whether a mail was sent. Returns
    how many."""
    first_of_address: dict[bytes, UUID] = {}
    for row_id, address in waiting.values_list("pk", "email_index")[:AT_ONCE]:
        first_of_address.setdefault(bytes(address), row_id)
    mailed = 0
    for row_id in first_of_address.values():
        slot = take_slot(_NETWORK, _LATER, slots=settings.PRIVACY_MAILS_PER_NETWORK, now=now)
        if slot is None:
            break
        if send(row_id):
            mailed += 1
        else:
            give_back(slot)
    return mailed
