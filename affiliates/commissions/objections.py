"""Objections: an affiliate objects to a commission, and staff answer within ten business days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from affiliates.mails import OBJECTION_ANSWERED, OBJECTION_OPENED, OBJECTION_OVERDUE
from affiliates.models import Commission, Objection
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.erasure.erased_rows import refuse_text_about_erased
from privacy.mail.sending import notify
from privacy.registry.deadlines import business_days_after
from privacy.registry.expiring import is_due
from shop.money import Money

from .adjustments import adjust_ledger

if TYPE_CHECKING:
    from accounts.models import User

ANSWER_WITHIN = 10  # business days
REMIND_EVERY = timedelta(days=1)
State = Objection.State


def open_objection(*, commission: Commission, text: str, actor: User) -> Objection:
    """Opens an affiliate's objection to one of their own commissions. Raises `ActionRefused`."""
    if commission.affiliate.user_id != actor.pk:
        raise ActionRefused("This commission is not yours.")
    if not text.strip():
        raise ActionRefused("Please describe what you think is wrong.")
    try:
        return _create_objection(commission, text.strip()[:4000], actor)
    except IntegrityError as error:
        raise ActionRefused("You already have an open objection to this commission.") from error


@transaction.atomic
def _create_objection(commission: Commission, text: str, actor: User) -> Objection:
    now = timezone.now()
    objection = Objection.objects.create(
        commission=commission, text=text, opened_at=now, due_at=business_days_after(now, ANSWER_WITHIN)
    )
    notify(OBJECTION_OPENED, to=settings.BUSINESS["email"], about=objection)
    record(action="affiliates.objection.opened", about=objection, actor=actor)
    return objection


@transaction.atomic
def answer_objection(
    *, objection: Objection, answer: str, upheld: bool, actor: User, adjustment: Money | None = None
) -> None:
    """Answers with a reason; upholding an objection may adjust the balance. Raises `ActionRefused`."""
    if not answer.strip():
        raise ActionRefused("Please enter a reason. The affiliate will see it.")
    if adjustment and not upheld:
        raise ActionRefused("An adjustment needs an upheld objection.")
    objection = Objection.objects.select_for_update().get(pk=objection.pk)
    if objection.state != State.OPEN:
        raise ActionRefused("This objection was already answered.")
    refuse_text_about_erased(objection, answer)
    objection.state = State.UPHELD if upheld else State.DECLINED
    objection.answer, objection.answered_at, objection.answered_by = answer.strip()[:4000], timezone.now(), actor
    objection.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    if adjustment:
        _adjust_balance(objection, adjustment, actor)
    user = objection.commission.affiliate.user
    notify(OBJECTION_ANSWERED, to=user.email, about=objection, context={"name": user.get_short_name()})
    record(action="affiliates.objection.answered", about=objection, actor=actor)


def _adjust_balance(objection: Objection, amount: Money, actor: User) -> None:
    commission = objection.commission
    reason = "your objection to a commission was upheld"
    adjust_ledger(affiliate=commission.affiliate, amount=amount, reason=reason, actor=actor, commission=commission)


def remind_of_overdue_objections(*, now: datetime) -> int:
    """Reminds staff of each overdue objection, once a day until it is answered. Returns how many."""
    overdue = Objection.objects.open().filter(
        Q(reminded_at__isnull=True) | is_due("reminded_at", now - REMIND_EVERY), due_at__lt=now
    )
    return sum(_send_reminder(objection, now) for objection in overdue[:100])


@transaction.atomic
def _send_reminder(objection: Objection, now: datetime) -> bool:
    claimed = Objection.objects.filter(pk=objection.pk, reminded_at=objection.reminded_at).update(reminded_at=now)
    if claimed:
        notify(OBJECTION_OVERDUE, to=settings.BUSINESS["email"], about=objection)
    return bool(claimed)
