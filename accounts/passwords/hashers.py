"""Password hashers that limit how many hashes a process computes at once.

Hashing is slow by design: many hashes at once would block all threads of a process and with them every page. A process
computes one hash at a time, one more thread waits, and all others are told immediately to retry. The limit wraps the
hashers, so it covers every caller: sign-in, setting a password, reauthentication.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import hashers
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

AT_ONCE = 1  # hashes per process; Argon2 releases the GIL meanwhile
BUSY_SECONDS = 3  # until the client should retry
WAITING = 1  # threads that may wait; gunicorn.conf.py has more threads, which keep serving pages


class TooBusy(ValidationError):
    """Too many hashes are being computed. During form validation this becomes a form error that keeps the input;
    elsewhere `TooBusyMiddleware` answers, and nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "Many people are signing in right now. There is nothing wrong with your entries: please try again"
            " in a few seconds.",
            code="busy",
        )


_places = threading.BoundedSemaphore(AT_ONCE + WAITING)
_turn = threading.BoundedSemaphore(AT_ONCE)
_held = threading.local()


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Waits for a slot, or raises `TooBusy` if too many threads wait. Reentrant: a hasher's methods call each other."""
    if getattr(_held, "by_this_thread", False):
        yield
        return
    if not _places.acquire(blocking=False):
        raise TooBusy
    try:
        with _turn:
            _held.by_this_thread = True
            try:
                yield
            finally:
                _held.by_this_thread = False
    finally:
        _places.release()


class ConcurrencyLimit:
    """Mixin that precedes a Django hasher in the base classes."""

    def encode(self, *args: Any, **kwargs: Any) -> str:
        with hashing_slot():
            return str(super().encode(*args, **kwargs))  # type: ignore[misc]

    def verify(self, *args: Any, **kwargs: Any) -> bool:
        with hashing_slot():
            return bool(super().verify(*args, **kwargs))  # type: ignore[misc]

    def harden_runtime(self, *args: Any, **kwargs: Any) -> None:
        with hashing_slot():
            super().harden_runtime(*args, **kwargs)  # type: ignore[misc]


class Argon2Hasher(ConcurrencyLimit, hashers.Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP's Password Storage Cheat Sheet. One lane: a hash uses one core and leaves
    the others to pages."""

    time_cost, memory_cost, parallelism = 2, 19 * 1024, 1  # passes, KiB, lanes


class PBKDF2Hasher(ConcurrencyLimit, hashers.PBKDF2PasswordHasher):
    """For existing hashes; Django upgrades them to Argon2 at the next sign-in."""


class TooBusyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TooBusy):
            return None
        page = render(request, "accounts/too_busy.html", {"message": error.message}, status=503)
        page["Retry-After"] = str(BUSY_SECONDS)
        return page
