"""The link with which a user sets a password; it works once and for a day."""

from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from privacy.mail import queue_mail

from .mails import PASSWORD_RESET
from .models import User


def password_link_context(user: User) -> dict[str, str]:
    """`uid` and `token` of the address `accounts:password_set`."""
    return {"uid": urlsafe_base64_encode(force_bytes(user.pk)), "token": default_token_generator.make_token(user)}


def send_password_link(user: User) -> None:
    queue_mail(PASSWORD_RESET, to=user.email, about=user, context=password_link_context(user))


def send_password_link_to(email: str) -> None:
    """To the account with this address, if there is one that is active: also without a password yet, for whoever let
    the first link lapse."""
    user = User.objects.with_email(email)
    if user is not None and user.is_active:
        send_password_link(user)
