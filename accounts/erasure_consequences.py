"""What a deletion means for the account of its person."""

from __future__ import annotations

from collections.abc import Iterator

from privacy.erasure.consequences import Consequence, consequence_source

from .models import LastAdministrator, User


@consequence_source
def last_administrator(email: str) -> Iterator[Consequence]:
    """Nobody could answer the next request."""
    user = User.objects.with_email(email)
    if user is not None and set(User.objects.administrators()) == {user}:
        yield Consequence(text=str(LastAdministrator()), prevents=True)


@consequence_source
def sign_in_ends(email: str) -> Iterator[Consequence]:
    user = User.objects.with_email(email)
    if user is None or not user.is_active:
        return
    if user.is_staff:
        yield Consequence(
            text="Your staff account ends, and you are signed out. What you did for us stays in the audit log under a"
            " number, without your name."
        )
    else:
        yield Consequence(text="Your account ends, and you can't sign in any more.")
