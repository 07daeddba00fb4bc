"""Mail that anybody can have sent to any address by typing it into a page of this floor: a link to confirm a request, a
link to somebody's choices.

Few of them leave, for each network that asks and each address that is named, within what all forms together may cause
(`privacy.mail.rate_limits`). What was asked is stored all the same and is never refused: its mail comes later, from
housekeeping, or another mail names it too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models

from privacy.encryption.normalization import normalize_email
from privacy.web.rate_limits import DAY, give_back, has_room, network_of, take_slot

LINK_LIFE = timedelta(days=7)
WAITS_FOR_LINK = timedelta(days=45)  # the law's time for an answer: a flood must not outlast what waits behind it
LEFT_TO_ITS_TASK = timedelta(minutes=5)  # before housekeeping takes a waiting mail up
AT_ONCE = 5000  # waiting mails looked at in one round of housekeeping
_NETWORK = "mail privacy network"
_LATER = "asked for earlier"  # stands for the network of what waits: housekeeping has as many slots as a network


def network_has_room(address: str | None, *, now: datetime) -> bool:
    """Takes one of this hour's mails that the client's network may cause. Says nothing about any address."""
    network = network_of(address)
    return has_room(_NETWORK, network, slots=settings.PRIVACY_MAILS_PER_NETWORK, now=now) and has_room(
        "mail network", network, slots=settings.MAIL_LIMIT_PER_NETWORK, now=now
    )


def address_has_room(email: str, *, now: datetime) -> bool:
    """Takes one of today's mails that the address may get from here. Other forms take none of them: nobody keeps a
    person from exercising a right by filling in the contact form with their address."""
    slots = settings.PRIVACY_MAILS_PER_ADDRESS
    return has_room("mail privacy address", normalize_email(email), slots=slots, now=now, window=DAY)


def mail_what_waits(waiting: models.QuerySet[Any], send: Callable[[UUID], bool], *, now: datetime) -> int:
    """Sends the mails of rows that a limit held back, one for each address, as far as the limits allow now. `send` says
    whether a mail left. Returns how many."""
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
