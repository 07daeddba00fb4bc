"""Consequences of an erasure for the data subject's user account."""

from __future__ import annotations

from collections.abc import Iterator

from privacy.erasure.consequences import Consequence, consequence_source

from .models import LastAdministrator, User


@consequence_source
def last_administrator(email: str) -> Iterator[Consequence]:
    """Prevents the erasure of the only administrator, who has to answer privacy requests."""
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
            text="Your staff account will be closed and you will be signed out. Your actions stay in the audit log"
            " under an ID, without your name."
        )
    else:
        yield Consequence(text="Your account will be closed, and you can no longer sign in.")
