"""Links to set a password; each works once and expires after a day.

Only this module creates tokens, and only for mail to the address stored with the account: never to an address that
someone typed, and never to an account that has a password and didn't request a new one.
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
from privacy.models import OutgoingMail
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Audience, Purpose


class LinkRefused(Exception):
    """The account already has a password; only its owner can request a link to change it."""


def send_first_password_link(
    user: User, kind: MailKind = PASSWORD_RESET, *, about: Model | None = None, context: Mapping[str, Any] | None = None
) -> OutgoingMail:
    """Queues mail of this kind, about the account or `about`, with a link to set a first password. Its template gets
    `uid` and `token` for the URL `accounts:password_set`. Raises `LinkRefused` if there is a password;
    `MailRefused`."""
    if user.has_usable_password():
        raise LinkRefused
    return queue_mail(kind, to=user.email, about=about or user, context={**(context or {}), **_link(user)})


def send_password_link(user: User) -> None:
    """Mails the link if mail to this address is allowed; a refusal is not reported, since the page answers everybody
    alike."""
    notify(PASSWORD_RESET, to=user.email, about=user, context=_link(user))


@transaction.atomic
def request_password_link(email: str) -> None:
    """Stores the typed address and enqueues a task that looks up the account, so every address takes the same time."""
    mail_password_link.enqueue(str(LinkRequest.objects.create(email=email).pk))


@task()
@acts_for(Purpose.AFFILIATE_ACCOUNT, Purpose.STAFF_ACCOUNT, audience=Audience.PERSON)
def mail_password_link(request_id: str) -> None:
    """Mails a link to the active account with this address, if any, even if it has no password yet because the first
    link expired."""
    email = LinkRequest.take(request_id)
    user = User.objects.with_email(email) if email else None
    if user is not None and user.is_active:
        send_password_link(user)


def _link(user: User) -> dict[str, Any]:
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    return {"is_first": not user.has_usable_password(), "uid": uid, "token": token}
