"""A deletion that is reported to the person by email first: the report needs the address that the deletion removes.

`mail_report_first` queues the report; the request stays open. Once the mail is sent, `delete_reported` deletes. If it
can't be sent, nothing is deleted, and staff decide again.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from privacy.admin_base.refusals import ActionRefused
from privacy.erasure.consequences import refuse_if_prevented, usable_purchases
from privacy.erasure.erase import plan_erasure

from ..mails import REQUEST_DELETED
from ..models import OutgoingMail, PrivacyRequest
from .answers import answer_with_deletion
from .base import Kind, audited, locked, require_email, require_verified_identity, save_step, tell
from .deletion_report import gone, staying

logger = logging.getLogger(__name__)

Mail = OutgoingMail.State


@transaction.atomic
def mail_report_first(
    *, request: PrivacyRequest, keep_usable: bool, now: datetime, actor: AbstractBaseUser
) -> PrivacyRequest:
    """Mails what will be deleted and kept. Raises `ActionRefused` and `DeletionPrevented`."""
    request = locked(request)
    if request.kind != Kind.DELETION or request.report_mail_id:
        raise ActionRefused("The report is on its way already.")
    require_verified_identity(request)
    email = require_email(request)
    refuse_if_prevented(email)
    plan, usable = plan_erasure(email=email, keep_usable=keep_usable), usable_purchases(email)
    report = {
        "gone": [str(line) for line in gone(plan)],
        "staying": [str(line) for line in staying(plan)],
        "usable": usable if keep_usable else [],
        "ended": bool(usable) and not keep_usable,
    }
    tell(request, REQUEST_DELETED, **report)
    mail = OutgoingMail.objects.filter(kind=REQUEST_DELETED.template, about_id=request.pk).latest("queued_at")
    request.report_mail_id, request.keeps_purchases, request.report_failed_at = mail.pk, keep_usable, None
    save_step(request, ["report_mail_id", "keeps_purchases", "report_failed_at"], actor)
    audited("report_mailed", request, actor)
    return request


def delete_reported(*, now: datetime) -> int:
    """Deletes the data of people whose report was sent, in the name of the colleague who decided it. Returns how many
    requests were moved on."""
    waiting = PrivacyRequest.objects.open().exclude(report_mail_id=None).order_by("pk")[:100]
    return sum(_move_on(request, now) for request in waiting)


def _move_on(request: PrivacyRequest, now: datetime) -> int:
    mail = OutgoingMail.objects.filter(pk__in=[request.report_mail_id]).values_list("state", flat=True).first()
    if mail in {Mail.QUEUED, Mail.SENDING}:
        return 0
    try:
        if mail == Mail.SENT:
            who = request.handled_by
            answer_with_deletion(request=request, keep_usable=request.keeps_purchases, now=now, actor=who)
            return 1
    except ActionRefused as refusal:
        logger.warning("request %s is not deleted after its report: %s", request.pk, type(refusal).__name__)
    PrivacyRequest.objects.open().filter(pk=request.pk).update(report_mail_id=None, report_failed_at=now)
    return 1
