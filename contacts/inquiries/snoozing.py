"""Messages that come back on a day. A query decides, so no job has to run for it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from contacts.models import Inquiry
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.registry.deadlines import local_day

from .workflow import answer_due

if TYPE_CHECKING:
    from accounts.models import User

LONGEST = timedelta(days=90)
State = Inquiry.State


def day_refused(day: date, *, now: datetime) -> str:
    """Why a message can't be snoozed until this day, in the business's time zone; empty if it can."""
    today = local_day(now)
    if not today < day <= today + LONGEST:
        return f"Choose a day from tomorrow to {today + LONGEST:%B %-d, %Y}."
    return ""


@transaction.atomic
def snooze_inquiry(*, inquiry: Inquiry, until: date, actor: User) -> None:
    """The message waits again when that day begins. An answered one then has a due date of its own; the due date of a
    waiting one stays, because its sender waits meanwhile. Raises `ActionRefused`."""
    if refusal := day_refused(until, now=timezone.now()):
        raise ActionRefused(refusal)
    moment = datetime.combine(until, time.min, tzinfo=ZoneInfo(settings.BUSINESS["time_zone"]))
    stored = Inquiry.objects.filter(pk=inquiry.pk)
    waiting = stored.filter(state=State.OPEN).update(snoozed_until=moment)
    if not waiting and not stored.filter(state=State.ANSWERED).update(
        state=State.OPEN, snoozed_until=moment, due_at=answer_due(moment)
    ):
        raise ActionRefused("Only an open or answered message can be snoozed. Reopen this one first.")
    record(action="contacts.inquiry.snoozed", about=inquiry, actor=actor)


@transaction.atomic
def wake_inquiry(*, inquiry: Inquiry, actor: User) -> None:
    if Inquiry.objects.filter(pk=inquiry.pk).exclude(snoozed_until=None).update(snoozed_until=None):
        record(action="contacts.inquiry.woken", about=inquiry, actor=actor)
