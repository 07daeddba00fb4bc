"""Limits on wrong passwords per hour. Correct passwords don't count.

A stranger's attempts count three times: per account and network, per network, and per account. A browser in which
the account's owner has signed in before, or set the password with an emailed link, has only its own limit. So
flooding an account doesn't lock out the owner's browser or the owner on another network, and a password link by
email always works (ADR 29). They are counted in the database, because a restart of Redis would allow as many guesses
again (ADR 73).

Addresses without an account are limited the same way, so that the limit reveals nothing.
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
from privacy.web.rate_limits import Slot, give_back, network_of, seconds_left, take_slot

from .known_browser import browser_number


class TooManyTries(ValidationError):
    """Too many attempts: no password is compared now, not even the correct one."""

    def __init__(self, *, seconds: int) -> None:
        self.seconds = seconds
        minutes = seconds // 60 + 1
        super().__init__(
            "Too many wrong passwords for this address or from your network. Please try again in"
            f" {minutes} minute{'' if minutes == 1 else 's'}. If you don't want to wait, request a password reset link"
            " by email.",
            code="limited",
        )


def authenticate_within_limits(request: HttpRequest, *, email: str, password: str) -> User | None:
    """Checks the limits before hashing anything, then compares the password. Raises `TooManyTries` and
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


def _take_room(request: HttpRequest, email: str, now: datetime) -> list[Slot]:
    """Reserves an attempt in each limit before the comparison, so that concurrent attempts can't exceed a limit."""
    taken: list[Slot] = []
    for limit, who, slots in _limits(request, email):
        if (slot := take_slot(limit, who, slots=slots, now=now, in_database=True)) is None:
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


def _give_back(slots: list[Slot]) -> None:
    for slot in slots:
        give_back(slot)
