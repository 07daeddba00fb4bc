"""Tells affiliates that their program has moved here, and opens each account as soon as its owner knows.

Until then the account is used for nothing else: its links earn nothing, nothing is paid, and no other mail is sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.passwords.link import LinkRefused, send_first_password_link
from affiliates.mails import MOVED_IN
from affiliates.models import Affiliate, MovedAffiliate
from affiliates.tracking.code_cache import clear_code_cache
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.gate import MailRefused
from privacy.mail.sending import queue_mail
from privacy.models import OutgoingMail
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Purpose

if TYPE_CHECKING:
    from accounts.models import User

AT_ONCE = 200  # mails in one run of housekeeping

Notice, Mail = MovedAffiliate.Notice, OutgoingMail.State


def notify_moved_affiliates(*, now: datetime) -> int:
    """Queues the mails that are due, and opens the accounts whose mail was delivered. Returns how many of both."""
    due = MovedAffiliate.objects.to_notify().select_related("affiliate__user").order_by("pk")
    return sum(_notify(moved) for moved in due[:AT_ONCE]) + _open_told_accounts()


@transaction.atomic
def _notify(moved: MovedAffiliate) -> bool:
    if not MovedAffiliate.objects.to_notify().filter(pk=moved.pk).update(notice=Notice.MAILED):
        return False
    affiliate = moved.affiliate
    context = {"code": affiliate.code, "program": moved.get_source_display()}
    try:
        mail = _queue(moved, context)
    except MailRefused:
        MovedAffiliate.objects.filter(pk=moved.pk).update(notice=Notice.UNREACHABLE)
        return False
    MovedAffiliate.objects.filter(pk=moved.pk).update(mail_id=mail.pk)
    return True


def _queue(moved: MovedAffiliate, context: dict[str, str]) -> OutgoingMail:
    user = moved.affiliate.user
    try:
        return send_first_password_link(user, MOVED_IN, about=moved, context=context)
    except LinkRefused:  # the owner has set a password meanwhile, with a link from the sign-in page
        return queue_mail(MOVED_IN, to=user.email or "", about=moved, context=context)


@reads("privacy_outgoingmail", purpose=Purpose.LEGAL_OBLIGATION)
def _open_told_accounts() -> int:
    mailed = MovedAffiliate.objects.filter(notice=Notice.MAILED, mail_id__isnull=False)
    delivered = mailed.filter(mail_id__in=_mails(Mail.SENT)).values_list("affiliate", flat=True)
    opened = sum(_open(affiliate) for affiliate in list(delivered[:AT_ONCE]))
    on_the_way = _mails(Mail.SENT, Mail.QUEUED, Mail.SENDING)
    mailed.exclude(mail_id__in=on_the_way).update(notice=Notice.UNREACHABLE)
    return opened


def _mails(*states: str) -> QuerySet[OutgoingMail, OutgoingMail]:
    return OutgoingMail.objects.filter(kind=MOVED_IN.template, state__in=states).values("pk")  # type: ignore[return-value]


@transaction.atomic
def _open(affiliate_id: UUID) -> bool:
    """Makes the account active, unless it was closed meanwhile."""
    MovedAffiliate.objects.filter(affiliate=affiliate_id).update(notice=Notice.TOLD)
    moved = Affiliate.objects.filter(pk=affiliate_id, state=Affiliate.State.MOVED)
    opened = bool(moved.update(state=Affiliate.State.ACTIVE))
    clear_code_cache()
    return opened


@transaction.atomic
def record_told(*, affiliate: Affiliate, actor: User) -> None:
    """Records that staff told the affiliate by phone or letter. Raises `ActionRefused`."""
    if not _open(affiliate.pk):
        raise ActionRefused("This account is not waiting to be told.")
    affiliate.state = Affiliate.State.ACTIVE
    record(action="affiliates.account.told", about=affiliate, actor=actor)
