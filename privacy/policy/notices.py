"""Notifying affected people of a policy version: listing them, mailing them, and recording calls and letters.

Each step is a short transaction: a notice and its mail are stored together, so that after a crash nobody gets two, and
the remaining people are found again.
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
from privacy.databases.tasks import commits_by_itself
from privacy.mail.sending import MailRefused, queue_mail
from privacy.mail.stored_addresses import stored_address
from privacy.registry.purpose_binding import acts_for, upkeep
from privacy.registry.purposes import Audience, Channel, Purpose

from ..audit.trail import record
from ..models import OutgoingMail
from .affected_people import AffectedPerson, address_in, is_there, people
from .mails import POLICY_CHANGED
from .models import PolicyNotice, PolicyVersion

MAILED_AT_ONCE = 200  # notices per batch, so that the worker and housekeeping can do other work in between

State = PolicyNotice.State
Mail = OutgoingMail.State
NO_ADDRESS = "no email address is known"
NOT_DELIVERED = "the mail was not delivered"
CHANNELS = {State.CALLED: Channel.PHONE, State.WRITTEN: Channel.LETTER}


def send_pending_notices(*, now: datetime) -> int:
    """Sends one batch of notices of the announced version. Returns how many. Safe to run concurrently."""
    return sum(_tell(version, now) for version in PolicyVersion.objects.announced().filter(tells=True))


@task()
@commits_by_itself
@acts_for(Purpose.POLICY_NOTICE, audience=Audience.PERSON)
def send_notices(version_id: str) -> None:
    """Sends notices of a version, batch after batch, until none is pending."""
    version = PolicyVersion.objects.announced().filter(pk=UUID(version_id)).first()
    if version is not None and _tell(version, timezone.now()) == MAILED_AT_ONCE:
        enqueue_notices(version)


def enqueue_notices(version: PolicyVersion) -> None:
    send_notices.enqueue(str(version.pk))


def _tell(version: PolicyVersion, now: datetime) -> int:
    list_people(version=version, now=now)
    waiting = version.notices.filter(state=State.WAITING).select_related("version")[:MAILED_AT_ONCE]
    mailed = sum(mail_notice(notice) for notice in waiting)
    update_from_mails(version=version, now=now)
    return mailed


@upkeep
def list_people(*, version: PolicyVersion, now: datetime) -> int:
    """Creates a notice for every affected person who has none, including new ones. Returns how many.

    Reads every row with an address, without a query per person already listed.
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


def remove_unreachable(*, version: PolicyVersion) -> None:
    """Deletes notices whose row no longer leads to the person: deleted, expired, or with a changed address. The next
    listing finds the person through another row, if any."""
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
    """Queues the mail to one person. False if there is none to send, or another worker has done it."""
    if not PolicyNotice.objects.filter(pk=notice.pk, state=State.WAITING).update(state=State.MAILED):
        return False
    notice.state = State.MAILED
    row = notice.contact()
    email = address_in(row, notice.fingerprint) if row else None
    if email is None:  # erased or changed; the next listing finds the person through another row, if any
        notice.delete()
        return False
    try:
        to = stored_address(email) or email  # someone else may have entered this row, with another spelling
        mail = queue_mail(POLICY_CHANGED, to=to, about=notice, context={"version": notice.version})
    except MailRefused as refusal:
        _update(notice, state=State.UNREACHABLE, reason=str(refusal))
        return False
    _update(notice, mail_id=mail.pk)
    return True


def _update(notice: PolicyNotice, **changes: object) -> None:
    PolicyNotice.objects.filter(pk=notice.pk).update(**changes)


def update_from_mails(*, version: PolicyVersion, now: datetime) -> None:
    """Updates notices from their mails' states. A mail that bounced or disappeared counts as not delivered."""
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
def record_contact(*, notice: PolicyNotice, state: str, now: datetime, actor: AbstractBaseUser) -> None:
    """Records a call or letter that notified the person. Raises `ActionRefused`."""
    email = email_of(notice)
    if email and is_opted_out(email, CHANNELS[State(state)]):
        raise ActionRefused(f"This person opted out of contact by {CHANNELS[State(state)].label}.")
    _settle(notice, state, now, actor)
    record(action=f"privacy.notice.{state}", about=notice, actor=actor)


@transaction.atomic
def leave_out(*, notice: PolicyNotice, now: datetime, actor: AbstractBaseUser) -> None:
    """Records that somebody who opted out of every channel is not notified. Possible only if the change does not affect
    the use of stored data. Raises `ActionRefused`."""
    email = email_of(notice)
    if not email or not all(is_opted_out(email, channel) for channel in Channel):
        raise ActionRefused("This person can still be contacted by phone or letter.")
    if any(change.held for change in notice.version.changes()):
        raise ActionRefused(
            "This version changes how stored data is used, so nobody can be left out. Ask the person when they next"
            " get in touch, or delete their data."
        )
    _settle(notice, State.LEFT_OUT, now, actor)
    record(action="privacy.notice.left_out", about=notice, actor=actor)


def email_of(notice: PolicyNotice) -> str | None:
    row = notice.contact()
    return address_in(row, notice.fingerprint) if row else None


def _settle(notice: PolicyNotice, state: str, now: datetime, actor: AbstractBaseUser) -> None:
    open_ones = PolicyNotice.objects.not_notified().filter(pk=notice.pk, version__state=PolicyVersion.State.NOTICES)
    if not open_ones.update(state=state, settled_at=now, handled_by_id=actor.pk):
        raise ActionRefused("This person has already been notified, or the version is no longer announced.")
