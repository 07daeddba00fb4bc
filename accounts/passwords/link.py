"""The links with which a user sets a password; each works once and for a day.

Tokens are made here alone, and each goes into a mail to the address that is stored with its account: never to one that
somebody typed, and never to an account that has a password and did not ask for a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import Model
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django_tasks import task

from accounts.mails import PASSWORD_RESET
from accounts.models import LinkRequest, User
from privacy.mail.sending import MailKind, notify, queue_mail
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Audience, Purpose


class LinkRefused(Exception):
    """This account has a password already: only its owner asks for a link to another one."""


def send_first_password_link(
    user: User, kind: MailKind = PASSWORD_RESET, *, about: Model | None = None, context: Mapping[str, Any] | None = None
) -> None:
    """Mails `kind`, about the account or about `about`, with the link to a first password: its template gets `uid` and
    `token` of the address `accounts:password_set`. Raises `LinkRefused` where there is a password; `MailRefused`."""
    if user.has_usable_password():
        raise LinkRefused
    queue_mail(kind, to=user.email, about=about or user, context={**(context or {}), **_link(user)})


def send_password_link(user: User) -> None:
    """To an account whose owner asked for a new password, if mail may go there: nobody waits who could be told."""
    notify(PASSWORD_RESET, to=user.email, about=user, context=_link(user))


@transaction.atomic
def ask_for_password_link(email: str) -> None:
    """Stores what was typed, and has a task look whether it is an account's: the same work for every address."""
    mail_password_link.enqueue(str(LinkRequest.objects.create(email=email).pk))


@task()
@acts_for(Purpose.AFFILIATE_ACCOUNT, Purpose.STAFF_ACCOUNT, audience=Audience.PERSON)
def mail_password_link(request_id: str) -> None:
    """To the account with this address, if there is one that is active: also without a password yet, for whoever let
    the first link lapse."""
    email = LinkRequest.take(request_id)
    user = User.objects.with_email(email) if email else None
    if user is not None and user.is_active:
        send_password_link(user)


def _link(user: User) -> dict[str, Any]:
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    return {"is_first": not user.has_usable_password(), "uid": uid, "token": token}
