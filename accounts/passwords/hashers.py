"""How passwords are hashed, and how many at once.

A hash is made to cost: many at once keep all threads of a process waiting, and with them every page. So a process
computes one at a time, one more waits for it, and all others are told at once to come again. The ceiling is around the
hashers, so that it holds for whatever hashes: signing in, setting a password, confirming it once more.
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

AT_ONCE = 1  # in a process; Argon2 leaves the interpreter to the other threads meanwhile
BUSY_SECONDS = 3  # after which to come again
WAITING = 1  # threads that wait for their turn; gunicorn.conf.py has more than these, which go on serving pages


class TooBusy(ValidationError):
    """No room to compute a hash now. Within a form's checks it becomes a message, with all that was typed kept; past
    them, `TooBusyMiddleware` answers, and nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            "Very many people are signing in at this moment. Nothing is wrong with what you typed: please send it again"
            " in a few seconds.",
            code="busy",
        )


_places = threading.BoundedSemaphore(AT_ONCE + WAITING)
_turn = threading.BoundedSemaphore(AT_ONCE)
_held = threading.local()


@contextmanager
def place_to_hash() -> Iterator[None]:
    """Waits for its turn when few do. Raises `TooBusy`. One hasher calls another of its methods: that takes no second
    place."""
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


class Ceiling:
    """Before a hasher of Django's, in the list of base classes."""

    def encode(self, *args: Any, **kwargs: Any) -> str:
        with place_to_hash():
            return str(super().encode(*args, **kwargs))  # type: ignore[misc]

    def verify(self, *args: Any, **kwargs: Any) -> bool:
        with place_to_hash():
            return bool(super().verify(*args, **kwargs))  # type: ignore[misc]

    def harden_runtime(self, *args: Any, **kwargs: Any) -> None:
        with place_to_hash():
            super().harden_runtime(*args, **kwargs)  # type: ignore[misc]


class Argon2Hasher(Ceiling, hashers.Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP's Password Storage Cheat Sheet. One lane: a hash takes one core, and pages
    have the others."""

    time_cost, memory_cost, parallelism = 2, 19 * 1024, 1  # passes, KiB, lanes


class PBKDF2Hasher(Ceiling, hashers.PBKDF2PasswordHasher):
    """What accounts have from before; the next sign-in makes an Argon2 hash of it."""


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
