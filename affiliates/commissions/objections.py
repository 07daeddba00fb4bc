"""Objections: an affiliate objects to a commission, and staff answer within ten business days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from affiliates.mails import DISPUTE_ANSWERED, DISPUTE_OPENED, DISPUTE_OVERDUE
from affiliates.models import Commission, CommissionDispute
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.sending import notify
from privacy.registry.deadlines import business_days_after
from privacy.registry.expiring import is_due
from shop.money import Money

from .adjustments import adjust_ledger

if TYPE_CHECKING:
    from accounts.models import User

ANSWER_WITHIN = 10  # business days
REMIND_EVERY = timedelta(days=1)
State = CommissionDispute.State


def open_dispute(*, commission: Commission, text: str, actor: User) -> CommissionDispute:
    """Opens an affiliate's objection to one of their own commissions. Raises `ActionRefused`."""
    if commission.affiliate.user_id != actor.pk:
        raise ActionRefused("This commission is not yours.")
    if not text.strip():
        raise ActionRefused("Please describe what you think is wrong.")
    try:
        return _open(commission, text.strip()[:4000], actor)
    except IntegrityError as error:
        raise ActionRefused("You already have an open objection to this commission.") from error


@transaction.atomic
def _open(commission: Commission, text: str, actor: User) -> CommissionDispute:
    now = timezone.now()
    dispute = CommissionDispute.objects.create(
        commission=commission, text=text, opened_at=now, due_at=business_days_after(now, ANSWER_WITHIN)
    )
    notify(DISPUTE_OPENED, to=settings.BUSINESS["email"], about=dispute)
    record(action="affiliates.dispute.opened", about=dispute, actor=actor)
    return dispute


@transaction.atomic
def answer_dispute(
    *, dispute: CommissionDispute, answer: str, upheld: bool, actor: User, adjustment: Money | None = None
) -> None:
    """Answers with a reason; upholding an objection may adjust the balance. Raises `ActionRefused`."""
    if not answer.strip():
        raise ActionRefused("Please enter a reason. The affiliate will see it.")
    if adjustment and not upheld:
        raise ActionRefused("An adjustment needs an upheld objection.")
    dispute = CommissionDispute.objects.select_for_update().get(pk=dispute.pk)
    if dispute.state != State.OPEN:
        raise ActionRefused("This objection was already answered.")
    dispute.state = State.UPHELD if upheld else State.DECLINED
    dispute.answer, dispute.answered_at, dispute.answered_by = answer.strip()[:4000], timezone.now(), actor
    dispute.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    if adjustment:
        _adjust(dispute, adjustment, actor)
    user = dispute.commission.affiliate.user
    notify(DISPUTE_ANSWERED, to=user.email, about=dispute, context={"name": user.get_short_name()})
    record(action="affiliates.dispute.answered", about=dispute, actor=actor)


def _adjust(dispute: CommissionDispute, amount: Money, actor: User) -> None:
    commission = dispute.commission
    reason = "your objection to a commission was upheld"
    adjust_ledger(affiliate=commission.affiliate, amount=amount, reason=reason, actor=actor, commission=commission)


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
        notify(DISPUTE_OVERDUE, to=settings.BUSINESS["email"], about=dispute)
    return bool(claimed)
