"""Unsubscribing by mail: the mailto link of List-Unsubscribe (RFC 2369), for mail programs without one-click.

Its address is signed for one row, one purpose and the mail's recipient. It names none of them in clear text, works as
long as the row has that address, and opts out nobody else, whoever writes to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import transaction

from privacy.audit.trail import record
from privacy.consent.opt_outs import is_opted_out, suppress
from privacy.encryption.normalization import email_fingerprint
from privacy.models import OutgoingMail, Suppression
from privacy.registry.mail_kinds import MailKind, all_kinds
from privacy.registry.purposes import Channel, Purpose

from .signed_ids import ids_in, is_signed, signed_id
from .threads import subaddress

_USE = "unsubscribe"
_UUID_BYTES = 16
LONGEST_ADDRESS = 320  # characters (RFC 3696, erratum 1690, allows 254)
MOST_RECIPIENTS = 20  # that are read; each that looks signed costs some queries


def unsubscribe_address(mail: OutgoingMail, kind: MailKind) -> str:
    """The address that opts the mail's recipient out of its purpose; empty without MAIL_REPLY_ADDRESS."""
    if not settings.MAIL_REPLY_ADDRESS:
        return ""
    covered = _covered(mail.about_model, kind.purpose, mail.recipient)
    return subaddress(signed_id(mail.about_id.bytes, use=_USE, covered=covered))


@transaction.atomic
def unsubscribe_by_mail(*, recipients: Sequence[str], now: datetime) -> bool:
    """Opts out whoever the unsubscribe addresses among the recipients are signed for, as of `now`, when the mail was
    received. False if there are none, or if their row is gone: then a person has to read the mail.

    An opt-out of the same time or later stays as it is. The sender doesn't matter: many people write from another
    address.
    """
    found = {signed for recipient in recipients[:MOST_RECIPIENTS] for signed in _signed_for(recipient)}
    for email, purpose in found:
        if is_opted_out(email, Channel.EMAIL, purpose=purpose, given_at=now):
            continue
        [stopped] = suppress(email, Channel.EMAIL, purpose=purpose, source=Suppression.Source.MAIL, since=now)
        record(action="privacy.choices.stopped", about=stopped, actor=None)
    return bool(found)


def _signed_for(recipient: str) -> Iterator[tuple[str, Purpose]]:
    for content, signature in ids_in(recipient[:LONGEST_ADDRESS]):
        if len(content) != _UUID_BYTES:
            continue
        for kind in all_kinds():
            if kind.transactional:
                continue
            for email in _addresses(kind, UUID(bytes=content)):
                if is_signed(content, signature, use=_USE, covered=_covered(kind.about, kind.purpose, email)):
                    yield email, kind.purpose


def _addresses(kind: MailKind, pk: UUID) -> list[str]:
    row = apps.get_model(kind.about)._base_manager.filter(pk=pk).first()
    return [address for address in kind.recipients(row) if address] if row else []


def _covered(model_label: str, purpose: Purpose, email: str) -> list[str]:
    return [model_label, purpose, email_fingerprint(email)]
