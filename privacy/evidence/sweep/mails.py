"""Sweeps delivered mails: each must have gone to an address stored with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.apps import apps
from django.db import models

from privacy.audit.models import AuditEntry
from privacy.encryption.keys import UnknownKey
from privacy.encryption.normalization import normalize_email
from privacy.encryption.sealing import SealBroken
from privacy.models import OutgoingMail
from privacy.registry.mail_kinds import kind_named

from .random_rows import key_between
from .run import Sweep, part

NEWEST, ANY = 500, 500  # mails that are compared
# Audit actions that may change an address after a mail was correctly delivered: any row that staff save, and whatever
# an app names so.
CHANGES = models.Q(action="privacy.staff.changed") | models.Q(action__endswith="address.changed")


@part("email-for-asked-contact-only")
def delivered_mails_went_to_stored_addresses(sweep: Sweep) -> None:
    sweep.searched("email-for-asked-contact-only")  # also counts if there are none
    seen = set()
    for mail in _delivered():
        if mail.pk in seen:
            continue
        seen.add(mail.pk)
        if not sweep.has_time:
            sweep.left("older mails")
            return
        sweep.searched("email-for-asked-contact-only")
        if _went_elsewhere(mail):
            sweep.breach("email-for-asked-contact-only", f"a mail of the kind {mail.kind} went to another address")


def _delivered() -> Iterator[OutgoingMail]:
    """The latest mails, and some starting at a random one."""
    sent = OutgoingMail.objects.filter(state=OutgoingMail.State.SENT).order_by("pk")
    first, last = sent.first(), sent.last()
    if first is None or last is None:
        return iter(())
    start = key_between(first.pk, last.pk)
    return chain(sent.reverse()[:NEWEST], sent.filter(pk__gte=start)[:ANY])


def _went_elsewhere(mail: OutgoingMail) -> bool:
    """Whether the recipient isn't stored with the reason. False if the reason was deleted or redacted."""
    try:
        kind, row = kind_named(mail.kind), _about(mail)
        stored = {normalize_email(address) for address in (kind.recipients(row) if row else ()) if address}
        recipient = normalize_email(mail.recipient)
    except (KeyError, SealBroken, UnknownKey):
        return False
    return bool(row and stored) and recipient not in stored and not _changed_since(mail, row)


def _about(mail: OutgoingMail) -> models.Model | None:
    row: models.Model | None = apps.get_model(mail.about_model)._base_manager.filter(pk=mail.about_id).first()
    return row


def _changed_since(mail: OutgoingMail, row: Any) -> bool:
    """Whether the address may have been changed since, by staff or an affiliate."""
    rows = {(each._meta.label_lower, str(each.pk)) for each in _with_those_it_leads_to(row)}
    changed = models.Q(pk__in=[])
    for model, key in rows:
        changed |= models.Q(object_model=model, object_id=key)
    return AuditEntry.objects.filter(changed, CHANGES, at__gte=mail.queued_at).exists()


def _with_those_it_leads_to(row: models.Model) -> list[models.Model]:
    found = [row]
    for each in found:
        links = (getattr(each, f.name) for f in each._meta.concrete_fields if f.is_relation)
        found += [other for other in links if isinstance(other, models.Model) and other not in found]
    return found
