"""What the owner of an account is told by mail, at the address that is stored."""

from __future__ import annotations

from enum import Enum

from privacy.mail.sending import notify

from .mails import SECURITY_NOTICE
from .models import User


class Notice(Enum):
    """The subject, and the sentence of each."""

    PASSWORD_CHANGED = "Your password was changed", "The password of your account was changed."
    FACTOR_ADDED = (
        "An authenticator app was added",
        "From now on, signing in takes a code from the app.",
    )
    FACTOR_REMOVED = "Your authenticator app was removed", "Signing in to your account takes no code any more."
    FACTOR_RESET = (
        "Your second factor was reset",
        "An administrator has removed the authenticator app and the recovery codes of your account.",
    )
    CODES_RENEWED = "You have new recovery codes", "The recovery codes that you had before no longer work."
    RECOVERY_CODE_USED = "A recovery code was used", "Somebody signed in to your account with a recovery code."
    NEW_BROWSER = "A sign-in from a new browser", "Somebody signed in to your account with a browser new to us."

    @property
    def subject(self) -> str:
        return self.value[0]

    @property
    def sentence(self) -> str:
        return self.value[1]

    @property
    def is_of_others(self) -> bool:
        """It can't have been the owner."""
        return self is Notice.FACTOR_RESET


def tell_owner(user: User, notice: Notice) -> None:
    notify(SECURITY_NOTICE, to=user.email, about=user, context={"notice": notice})
