"""Payout runs that are paid manually: the list of payments, and recording each payment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from affiliates.models import PayoutItem, PayoutRun
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record, record_many
from privacy.encryption.normalization import envelope_address
from privacy.erasure.erased_rows import is_erased
from privacy.registry.deadlines import local_day
from privacy.web.csv_export import Cell

from .eligibility import IneligiblePayout, ineligible_payouts
from .item_states import LEFT_OUT, mark_paid, mark_returned, release_ineligible, update_receiver

if TYPE_CHECKING:
    from accounts.models import User

SETTLE = "affiliates.prepare_payout"
COLUMNS = ("receiver", "amount", "currency", "reference", "note")
Row = tuple[Cell, ...]


@transaction.atomic
def make_payout_list(*, run: PayoutRun, actor: User) -> tuple[list[Row], list[IneligiblePayout]]:
    """The open payouts with a header row, in the order that PayPal's mass payment expects, and those that may not be
    made.

    The first list fixes the current addresses and releases payouts that may no longer be made. A later list is the
    same, without payouts that are settled or may no longer be made. Those may have been paid already, so they stay open
    until staff say what happened.
    """
    run = PayoutRun.objects.select_for_update().get(pk=run.pk)
    moving = run.items.in_progress().select_for_update(of=("self",)).select_related("affiliate")
    items = list(moving.order_by("pk"))
    ineligible = ineligible_payouts(items)
    left_out = [one.item for one in ineligible]
    listed = [item for item in items if item not in left_out]
    is_first = run.sent_at is None
    if is_first:
        for item in listed:
            update_receiver(item)
        release_ineligible(ineligible)
        PayoutRun.objects.filter(pk=run.pk).update(sent_at=timezone.now())
        _finish_run(run)
        record_many(action=LEFT_OUT, about=left_out, actor=actor)
        record(action="affiliates.payout.listed", about=run, actor=actor)
    record(action="privacy.staff.exported", about=run, actor=actor)
    return [COLUMNS, *map(_list_row, listed)], ineligible


def _list_row(item: PayoutItem) -> Row:
    """The receiver exactly as PayPal needs it, whatever a spreadsheet would make of it."""
    note = f"Commission from {settings.BUSINESS['short_name']}"
    return envelope_address(item.receiver or ""), item.total.amount, item.currency, str(item.pk), note


@transaction.atomic
def mark_paid_manually(
    *, run: PayoutRun, items: Iterable[PayoutItem], reference: str, paid_on: date, actor: User
) -> int:
    """Records payments that were made manually. Returns how many; already settled ones are left unchanged.

    No reference is kept with a payout whose affiliate was erased, as they settle many at once. Raises `ActionRefused`.
    """
    if paid_on > local_day(timezone.now()):
        raise ActionRefused("This day is in the future.")
    if not reference.strip():
        raise ActionRefused("Please enter the reference of the payment.")
    paid = list(_lock_open_payouts(run, items))
    _leave_own_to_a_colleague(paid, actor)
    for item in paid:
        mark_paid(item, at=_time_on_day(paid_on), reference="" if is_erased(item) else reference.strip()[:64])
    _finish_run(run)
    record_many(action="affiliates.payout.marked_paid", about=paid, actor=actor)
    return len(paid)


@transaction.atomic
def mark_failed_manually(*, run: PayoutRun, items: Iterable[PayoutItem], reason: str, actor: User) -> int:
    """Records payments that failed: the money is due again. Returns how many. Raises `ActionRefused`."""
    if not reason.strip():
        raise ActionRefused("Please enter a reason.")
    failed = list(_lock_open_payouts(run, items))
    _leave_own_to_a_colleague(failed, actor)
    for item in failed:
        failure = None if is_erased(item) else reason.strip()[:100]
        mark_returned(item, state=PayoutItem.State.FAILED, failure=failure)
    _finish_run(run)
    record_many(action="affiliates.payout.item_returned", about=failed, actor=actor)
    return len(failed)


def _lock_open_payouts(run: PayoutRun, items: Iterable[PayoutItem]) -> Iterator[PayoutItem]:
    """The open payouts among these, locked after their run."""
    run = PayoutRun.objects.select_for_update().get(pk=run.pk)
    if not run.is_manual or run.state != PayoutRun.State.APPROVED:
        raise ActionRefused("Only an approved manual run can be settled manually.")
    wanted = {item.pk for item in items}
    rows = run.items.in_progress().select_for_update(of=("self",)).select_related("run", "affiliate__user")
    yield from (item for item in rows.order_by("pk") if item.pk in wanted)


def _leave_own_to_a_colleague(items: list[PayoutItem], actor: User) -> None:
    for item in items:
        leave_to_a_colleague(item.affiliate, actor=actor, permission=SETTLE)


def _finish_run(run: PayoutRun) -> None:
    """Finishes the run if all its payouts are settled."""
    if not run.items.in_progress().exists():
        PayoutRun.objects.filter(pk=run.pk, state=PayoutRun.State.APPROVED).update(
            state=PayoutRun.State.FINISHED, finished_at=timezone.now()
        )


def _time_on_day(day: date) -> datetime:
    """A time that lies on that day both in the business's time zone and in UTC, in which days are shown; now, if that
    is in the future."""
    noon = datetime.combine(day, time(12), UTC)
    noon_here = datetime.combine(day, time(12), ZoneInfo(settings.BUSINESS["time_zone"]))
    return min(noon + (noon_here - noon) / 2, timezone.now())
