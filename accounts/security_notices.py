"""Security notices by email to an account's owner, at the stored address."""

from __future__ import annotations

from enum import Enum

from privacy.mail.sending import notify

from .mails import SECURITY_NOTICE
from .models import User


class Notice(Enum):
    """Subject and sentence of each notice."""

    PASSWORD_CHANGED = "Your password was changed", "The password of your account was changed."
    FACTOR_ADDED = (
        "An authenticator app was added",
        "From now on, you need a code from the app to sign in.",
    )
    FACTOR_REMOVED = "Your authenticator app was removed", "You no longer need a code to sign in."
    FACTOR_RESET = (
        "Your second factor was reset",
        "An administrator removed your account's authenticator app and recovery codes.",
    )
    CODES_RENEWED = "You have new recovery codes", "Your previous recovery codes no longer work."
    RECOVERY_CODE_USED = "A recovery code was used", "Someone signed in to your account with a recovery code."
    TOKEN_MADE = (
        "An API token was made",
        "Someone made a token with which a program can read data in your account's name.",
    )
    NEW_BROWSER = "A sign-in from a new browser", "Someone signed in to your account from a new browser."

    @property
    def subject(self) -> str:
        return self.value[0]

    @property
    def sentence(self) -> str:
        return self.value[1]

    @property
    def caused_by_others(self) -> bool:
        """Someone other than the owner caused it."""
        return self is Notice.FACTOR_RESET


def notify_owner(user: User, notice: Notice) -> None:
    notify(SECURITY_NOTICE, to=user.email, about=user, context={"notice": notice})
