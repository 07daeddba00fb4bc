"""Mail that anybody can have sent to any address by typing it into a page of this floor: a link to confirm a request, a
link to somebody's choices.

Few of them leave, for each network that asks and each address that is named. What was asked is stored all the same and
is never refused: its mail comes later, from housekeeping, or another mail names it too.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from .encryption.normalise import normalise_email
from .limits import has_room, network_of
from .models import ChoicesRequest, PrivacyRequest

LINK_LIFE = timedelta(days=7)
LEFT_TO_ITS_TASK = timedelta(minutes=5)  # before housekeeping takes a waiting mail up
AT_ONCE = 200  # waiting mails looked at in one round of housekeeping
_LATER = "asked for earlier"  # stands for the network of what waits: housekeeping has as many slots as a network


def network_has_room(address: str | None, *, now: datetime) -> bool:
    """Takes one of this hour's mails that the client's network may cause. Says nothing about any address."""
    return _has_room(network_of(address), now)


def waiting_has_room(*, now: datetime) -> bool:
    """The same for what waits since earlier, whichever networks it came from."""
    return _has_room(_LATER, now)


def _has_room(network: str, now: datetime) -> bool:
    return has_room("asked mail network", network, slots=settings.PRIVACY_MAILS_PER_NETWORK, now=now)


def address_has_room(email: str, *, now: datetime) -> bool:
    """Takes one of the mails that the address may get. Asked in tasks only: the answer depends on the address."""
    slots = settings.PRIVACY_MAILS_PER_ADDRESS
    if had_its_mails(email, now=now):
        return False
    return has_room("asked mail address", normalise_email(email), slots=slots, now=now)


def had_its_mails(email: str, *, now: datetime) -> bool:
    """Whether the address had all its mails of one day. The limits count hours, so these are counted in the rows."""
    since = {"link_mailed_at__gt": now - timedelta(days=1)}
    requests = PrivacyRequest.objects.of_address(email).filter(**since).values("link_mailed_at").distinct().count()
    choices = ChoicesRequest.objects.filter(email_index=email, **since).values("link_mailed_at").distinct().count()
    return requests + choices >= settings.PRIVACY_MAILS_PER_ADDRESS
