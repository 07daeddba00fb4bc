"""What a deletion means for the account of its person."""

from __future__ import annotations

from collections.abc import Iterator

from privacy.after_deletion import Consequence, consequence_source

from .models import LastAdministrator, User


@consequence_source
def last_administrator(email: str) -> Iterator[Consequence]:
    """Nobody could answer the next request."""
    user = User.objects.with_email(email)
    if user is not None and set(User.objects.administrators()) == {user}:
        yield Consequence(text=str(LastAdministrator()), prevents=True)
