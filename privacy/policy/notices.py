"""Telling people of a version: who they are, a mail to each, and what staff do for those whom no mail reaches.

Each step is a short transaction that a kill leaves whole: a notice and its mail are written together, so that nobody
gets two, and whoever was not reached yet is found again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tasks import task

from privacy.admin_base.refusals import ActionRefused
from privacy.consent.opt_outs import is_opted_out
from privacy.mail.sending import MailRefused, queue_mail
from privacy.mail.stored_addresses import stored_address
from privacy.registry.purpose_binding import acts_for, upkeep
from privacy.registry.purposes import Audience, Channel, Purpose

from ..audit.trail import record
from ..models import OutgoingMail
from .affected_people import AffectedPerson, address_in, is_there, people
from .mails import POLICY_CHANGED
from .models import PolicyNotice, PolicyVersion

MAILED_AT_ONCE = 200  # notices in one round; the worker and housekeeping take turns with other work

State = PolicyNotice.State
Mail = OutgoingMail.State
NO_ADDRESS = "no e-mail address is known"
NOT_DELIVERED = "the mail did not arrive"
CHANNELS = {State.CALLED: Channel.PHONE, State.WRITTEN: Channel.LETTER}


def tell_people(*, now: datetime) -> int:
    """One round for the version that is being announced. Returns how many mails it wrote. Safe to run twice at once."""
    return sum(_tell(version, now) for version in PolicyVersion.objects.announced().filter(tells=True))


@task()
@acts_for(Purpose.POLICY_NOTICE, audience=Audience.PERSON)
def tell_people_of(version_id: str) -> None:
    """The same at once, round after round, until nobody waits."""
    version = PolicyVersion.objects.announced().filter(pk=UUID(version_id)).first()
    if version is not None and _tell(version, timezone.now()) == MAILED_AT_ONCE:
        enqueue_telling(version)


def enqueue_telling(version: PolicyVersion) -> None:
    tell_people_of.enqueue(str(version.pk))


def _tell(version: PolicyVersion, now: datetime) -> int:
    list_people(version=version, now=now)
    waiting = version.notices.filter(state=State.WAITING).select_related("version")[:MAILED_AT_ONCE]
    mailed = sum(mail_notice(notice) for notice in waiting)
    follow_mails(version=version, now=now)
    return mailed


@upkeep
def list_people(*, version: PolicyVersion, now: datetime) -> int:
    """Writes a notice for everybody who has none, also for those who came since. Returns how many.

    Costs one look at each row with an address and no query for those who are listed already.
    """
    listed = set(version.notices.values_list("person_index", flat=True))
    index = PolicyNotice._meta.get_field("person_index")
    new = 0
    for person in people(now=now):
        candidates = index.candidates(person.name)
        if listed.isdisjoint(candidates):
            new += _list(version, person)
            listed.update(candidates)
    return new


def drop_the_gone(*, version: PolicyVersion) -> None:
    """Whoever is no longer found by the row that was listed: deleted, expired, or there under another address. The
    next listing finds the person by another row, if there is one."""
    for notice in version.notices.for_staff():
        if not is_there(notice.contact(), notice.fingerprint):
            notice.delete()


def _list(version: PolicyVersion, person: AffectedPerson) -> bool:
    unknown = {} if person.email else {"state": State.UNREACHABLE, "reason": NO_ADDRESS}
    values = {"contact_model": person.row._meta.label, "contact_id": person.row.pk, **unknown}
    _, made = PolicyNotice.objects.get_or_create(
        version=version, person_index=person.name, defaults={"fingerprint": person.name, **values}
    )
    return made


@transaction.atomic
def mail_notice(notice: PolicyNotice) -> bool:
    """Writes the mail to one person; False where there is none to write, or another worker has done it."""
    if not PolicyNotice.objects.filter(pk=notice.pk, state=State.WAITING).update(state=State.MAILED):
        return False
    notice.state = State.MAILED
    row = notice.contact()
    email = address_in(row, notice.fingerprint) if row else None
    if email is None:  # erased, or changed; the next listing finds the person by another row, if there is one
        notice.delete()
        return False
    try:
        to = stored_address(email) or email  # the row may be one that somebody else wrote, in another spelling
        mail = queue_mail(POLICY_CHANGED, to=to, about=notice, context={"version": notice.version})
    except MailRefused as refusal:
        _update(notice, state=State.UNREACHABLE, reason=str(refusal))
        return False
    _update(notice, mail_id=mail.pk)
    return True


def _update(notice: PolicyNotice, **changes: object) -> None:
    PolicyNotice.objects.filter(pk=notice.pk).update(**changes)


def follow_mails(*, version: PolicyVersion, now: datetime) -> None:
    """Takes over what became of the mails. One that bounced later, or of which nothing is known, told nobody."""
    mailed = version.notices.filter(state=State.MAILED, mail_id__isnull=False)
    mailed.filter(mail_id__in=_mails(Mail.SENT)).update(state=State.DELIVERED, settled_at=now)
    on_the_way = _mails(Mail.SENT, Mail.QUEUED, Mail.SENDING)
    mailed.exclude(mail_id__in=on_the_way).update(state=State.UNREACHABLE, reason=NOT_DELIVERED)
    returned = OutgoingMail.objects.exclude(state__in=[Mail.SENT, Mail.QUEUED, Mail.SENDING]).values("pk")
    delivered = version.notices.filter(state=State.DELIVERED, mail_id__in=returned)
    delivered.update(state=State.UNREACHABLE, reason=NOT_DELIVERED, settled_at=None)


def _mails(*states: str) -> QuerySet[OutgoingMail, Any]:
    return OutgoingMail.objects.filter(state__in=states).values("pk")


@transaction.atomic
def log_contact(*, notice: PolicyNotice, state: str, now: datetime, actor: AbstractBaseUser) -> None:
    """Records a call or a letter by which the person was told. Raises `ActionRefused`."""
    email = email_of(notice)
    if email and is_opted_out(email, CHANNELS[State(state)]):
        raise ActionRefused(f"This person asked for no contact by {CHANNELS[State(state)].label}.")
    _settle(notice, state, now, actor)
    record(action=f"privacy.notice.{state}", about=notice, actor=actor)


@transaction.atomic
def leave_out(*, notice: PolicyNotice, now: datetime, actor: AbstractBaseUser) -> None:
    """Somebody who wants no contact through any channel is not told, where the change does not touch what is stored
    about anybody: such a person's data is not used in a new way. Raises `ActionRefused`."""
    email = email_of(notice)
    if not email or not all(is_opted_out(email, channel) for channel in Channel):
        raise ActionRefused("This person can still be called or written to.")
    if any(change.held for change in notice.version.changes()):
        raise ActionRefused(
            "This version changes how stored data is used, so nobody can be left out. Ask the person, when"
            " they next get in touch, or delete what is stored about them."
        )
    _settle(notice, State.LEFT_OUT, now, actor)
    record(action="privacy.notice.left_out", about=notice, actor=actor)


def email_of(notice: PolicyNotice) -> str | None:
    row = notice.contact()
    return address_in(row, notice.fingerprint) if row else None


def _settle(notice: PolicyNotice, state: str, now: datetime, actor: AbstractBaseUser) -> None:
    open_ones = PolicyNotice.objects.untold().filter(pk=notice.pk, version__state=PolicyVersion.State.NOTICES)
    if not open_ones.update(state=state, settled_at=now, handled_by_id=actor.pk):
        raise ActionRefused("This person was told already, or the version is no longer being announced.")
