"""What a deletion means for somebody who signs in."""

from __future__ import annotations

from collections.abc import Iterator

from privacy.after_deletion import Consequence, consequence_source

from .models import User


@consequence_source
def sign_in_ends(email: str) -> Iterator[Consequence]:
    user = User.objects.filter(email_index=email, is_active=True).first()
    if user is None:
        return
    if user.is_superuser and not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists():
        yield Consequence(
            text="Yours is the last account that may do everything on this site. Give somebody else that right first.",
            prevents=True,
        )
    if user.is_staff:
        yield Consequence(
            text="Your staff account ends, and you are signed out. What you did for us stays in the audit log under a"
            " number, without your name."
        )
    else:
        yield Consequence(text="Your account ends, and you can't sign in any more.")
