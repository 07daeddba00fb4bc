"""Objections: an affiliate objects to a commission, and staff answer within ten business days."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from affiliates.mails import DISPUTE_ANSWERED, DISPUTE_OPENED, DISPUTE_OVERDUE
from affiliates.models import Commission, CommissionDispute
from privacy.audit.trail import record
from privacy.mail.sending import MailRefused, queue_mail
from privacy.registry.deadlines import business_days_after
from privacy.registry.expiring import is_due
from shop.money import Money

from .adjustments import adjust_ledger

if TYPE_CHECKING:
    from accounts.models import User

ANSWER_WITHIN = 10  # business days
REMIND_EVERY = timedelta(days=1)
State = CommissionDispute.State


class DisputeRefused(Exception):
    """The objection can't be opened or answered like this; the message says why."""


def open_dispute(*, commission: Commission, text: str, by: User) -> CommissionDispute:
    """Opens an affiliate's objection to one of their own commissions. Raises `DisputeRefused`."""
    if commission.affiliate.user_id != by.pk:
        raise DisputeRefused("This commission is not yours.")
    if not text.strip():
        raise DisputeRefused("Please describe what you think is wrong.")
    try:
        return _open(commission, text.strip()[:4000], by)
    except IntegrityError as error:
        raise DisputeRefused("You already have an open objection to this commission.") from error


@transaction.atomic
def _open(commission: Commission, text: str, by: User) -> CommissionDispute:
    now = timezone.now()
    dispute = CommissionDispute.objects.create(
        commission=commission, text=text, opened_at=now, due_at=business_days_after(now, ANSWER_WITHIN)
    )
    with suppress(MailRefused):  # the queue in the admin shows it anyway
        queue_mail(DISPUTE_OPENED, to=settings.BUSINESS["email"], about=dispute, context={})
    record(action="affiliates.dispute.opened", about=dispute, actor=by)
    return dispute


@transaction.atomic
def answer_dispute(
    *, dispute: CommissionDispute, answer: str, upheld: bool, by: User, adjustment: Money | None = None
) -> None:
    """Answers with a reason; upholding an objection may adjust the balance. Raises `DisputeRefused`."""
    if not answer.strip():
        raise DisputeRefused("Please enter a reason. The affiliate will see it.")
    if adjustment and not upheld:
        raise DisputeRefused("An adjustment needs an upheld objection.")
    dispute = CommissionDispute.objects.select_for_update().get(pk=dispute.pk)
    if dispute.state != State.OPEN:
        raise DisputeRefused("This objection was already answered.")
    dispute.state = State.UPHELD if upheld else State.DECLINED
    dispute.answer, dispute.answered_at, dispute.answered_by = answer.strip()[:4000], timezone.now(), by
    dispute.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    if adjustment:
        _adjust(dispute, adjustment, by)
    _mail_answer(dispute)
    record(action="affiliates.dispute.answered", about=dispute, actor=by)


def _adjust(dispute: CommissionDispute, amount: Money, by: User) -> None:
    commission = dispute.commission
    reason = "your objection to a commission was upheld"
    adjust_ledger(affiliate=commission.affiliate, amount=amount, reason=reason, by=by, commission=commission)


def _mail_answer(dispute: CommissionDispute) -> None:
    user = dispute.commission.affiliate.user
    if user.email:
        with suppress(MailRefused):  # the portal shows the answer anyway
            queue_mail(DISPUTE_ANSWERED, to=user.email, about=dispute, context={"name": user.get_short_name()})


def remind_of_overdue_disputes(*, now: datetime) -> int:
    """Reminds staff of each overdue objection, once a day until it is answered. Returns how many."""
    overdue = CommissionDispute.objects.open().filter(
        Q(reminded_at__isnull=True) | is_due("reminded_at", now - REMIND_EVERY), due_at__lt=now
    )
    return sum(_remind(dispute, now) for dispute in overdue[:100])


@transaction.atomic
def _remind(dispute: CommissionDispute, now: datetime) -> bool:
    claimed = CommissionDispute.objects.filter(pk=dispute.pk, reminded_at=dispute.reminded_at).update(reminded_at=now)
    if claimed:
        with suppress(MailRefused):
            queue_mail(DISPUTE_OVERDUE, to=settings.BUSINESS["email"], about=dispute, context={})
    return bool(claimed)
