"""How many wrong passwords may be tried in an hour. Right ones take no room.

A stranger's tries count three times: for the account at this network, for the network, for the account. A browser in
which the account's owner has signed in before, or set the password through a mailed link, counts by itself alone. So
whoever floods an account from elsewhere keeps nobody out: not the owner's browser, not the owner at another network;
and from anywhere, a link by mail leads in (ADR 29).

An address without an account is limited like any other, so that the limit tells nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.passwords.hashers import TooBusy
from privacy.encryption.normalization import normalize_email
from privacy.web.client_address import client_address
from privacy.web.rate_limits import give_back, network_of, seconds_left, take_slot

from .known_browser import browser_number


class TooManyTries(ValidationError):
    """No password is compared now, not even the right one."""

    def __init__(self, *, seconds: int) -> None:
        self.seconds = seconds
        minutes = seconds // 60 + 1
        super().__init__(
            "Too many wrong passwords were tried for this address, or from your network. Please try again in"
            f" {minutes} minute{'' if minutes == 1 else 's'}. You need not wait: a link to a new password, sent to your"
            " address, lets you in at once.",
            code="limited",
        )


def authenticate_within_limits(request: HttpRequest, *, email: str, password: str) -> User | None:
    """Compares a password where there is room for a wrong one, before anything is hashed. Raises `TooManyTries` and
    `accounts.passwords.hashers.TooBusy`."""
    slots = _take_room(request, email, timezone.now())
    try:
        user = authenticate(request, username=email, password=password)
    except TooBusy:
        _give_back(slots)
        raise
    if isinstance(user, User):
        _give_back(slots)
        return user
    return None


def _take_room(request: HttpRequest, email: str, now: datetime) -> list[str]:
    """Taken before the password is compared: of any number of tries at once, as many are compared as there is room."""
    taken: list[str] = []
    for limit, who, slots in _limits(request, email):
        if (slot := take_slot(limit, who, slots=slots, now=now)) is None:
            _give_back(taken)
            raise TooManyTries(seconds=seconds_left(now))
        taken.append(slot)
    return taken


def _limits(request: HttpRequest, email: str) -> list[tuple[str, str, int]]:
    if number := browser_number(request, User.objects.with_email(email)):
        return [("sign-in browser", number, settings.SIGN_IN_LIMIT_PER_BROWSER)]
    network, account = network_of(client_address(request)), normalize_email(email)
    return [
        ("sign-in account network", f"{account} {network}", settings.SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK),
        ("sign-in network", network, settings.SIGN_IN_LIMIT_PER_NETWORK),
        ("sign-in account", account, settings.SIGN_IN_LIMIT_PER_ACCOUNT),
    ]


def _give_back(slots: list[str]) -> None:
    for slot in slots:
        give_back(slot)
