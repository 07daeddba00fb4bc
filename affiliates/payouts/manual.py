"""Runs that a person pays from a list: the list itself, and what is written down as each payment is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from affiliates.models import PayoutBatch, PayoutItem
from privacy.audit.trail import record, record_many
from privacy.encryption.normalization import envelope_address
from privacy.registry.deadlines import local_day
from privacy.web.csv_export import Cell

from .eligibility import Barred, barred_of
from .item_states import LEFT_OUT, come_back, leave_out, mark_paid, use_address_in_force

if TYPE_CHECKING:
    from accounts.models import User

COLUMNS = ("receiver", "amount", "currency", "reference", "note")
Row = tuple[Cell, ...]


class NotByHand(Exception):
    """This payout can't be settled by hand; the text tells staff why."""


@transaction.atomic
def make_payout_list(*, batch: PayoutBatch, by: User) -> tuple[list[Row], list[Barred]]:
    """The open payouts with a heading, in the order that PayPal's mass payment reads, and those that may not be made.

    The first list fixes the addresses, those in force, and releases whoever may not be paid any more. Made again, it is
    the same, but for the payouts that are settled or may not be made by now. A person may have paid those before: they
    stay open until that person says so.
    """
    batch = PayoutBatch.objects.select_for_update().get(pk=batch.pk)
    moving = batch.items.moving().select_for_update(of=("self",)).select_related("affiliate")
    items = list(moving.order_by("pk"))
    barred = barred_of(items)
    left_out = [one.item for one in barred]
    listed = [item for item in items if item not in left_out]
    is_first = batch.sent_at is None
    if is_first:
        for item in listed:
            use_address_in_force(item)
        leave_out(barred)
        PayoutBatch.objects.filter(pk=batch.pk).update(sent_at=timezone.now())
        _close(batch)
        record_many(action=LEFT_OUT, about=left_out, actor=by)
        record(action="affiliates.payout.listed", about=batch, actor=by)
    record(action="privacy.staff.exported", about=batch, actor=by)
    return [COLUMNS, *map(_line, listed)], barred


def _line(item: PayoutItem) -> Row:
    """The receiver as PayPal has to read it, whatever a spreadsheet would make of it."""
    note = f"Commission from {settings.BUSINESS['short_name']}"
    return envelope_address(item.receiver or ""), item.total.amount, item.currency, str(item.pk), note


@transaction.atomic
def mark_paid_by_hand(
    *, batch: PayoutBatch, items: Iterable[PayoutItem], reference: str, paid_on: date, by: User
) -> int:
    """Writes down payments that a person made. Returns how many; those already settled are left as they are.

    Raises `NotByHand`.
    """
    if paid_on > local_day(timezone.now()):
        raise NotByHand("This day has not come yet.")
    if not reference.strip():
        raise NotByHand("Please give the reference under which the payment is found again.")
    paid = list(_open(batch, items))
    for item in paid:
        mark_paid(item, at=_moment(paid_on), reference=reference.strip()[:64])
    _close(batch)
    record_many(action="affiliates.payout.marked_paid", about=paid, actor=by)
    return len(paid)


@transaction.atomic
def mark_failed_by_hand(*, batch: PayoutBatch, items: Iterable[PayoutItem], reason: str, by: User) -> int:
    """The payment could not be made: the money is due again. Returns how many. Raises `NotByHand`."""
    if not reason.strip():
        raise NotByHand("Please say why.")
    failed = list(_open(batch, items))
    for item in failed:
        come_back(item, state=PayoutItem.State.FAILED, failure=reason.strip()[:100])
    _close(batch)
    record_many(action="affiliates.payout.item_returned", about=failed, actor=by)
    return len(failed)


def _open(batch: PayoutBatch, items: Iterable[PayoutItem]) -> Iterator[PayoutItem]:
    """Those of them that wait, locked behind the run."""
    batch = PayoutBatch.objects.select_for_update().get(pk=batch.pk)
    if not batch.is_by_hand or batch.state != PayoutBatch.State.APPROVED:
        raise NotByHand("Only an approved run that is paid by hand can be settled by hand.")
    wanted = {item.pk for item in items}
    rows = batch.items.moving().select_for_update(of=("self",)).select_related("batch", "affiliate__user")
    yield from (item for item in rows.order_by("pk") if item.pk in wanted)


def _close(batch: PayoutBatch) -> None:
    if not batch.items.moving().exists():
        PayoutBatch.objects.filter(pk=batch.pk, state=PayoutBatch.State.APPROVED).update(
            state=PayoutBatch.State.FINISHED, finished_at=timezone.now()
        )


def _moment(day: date) -> datetime:
    """A moment that lies in that day both at the vendor's, whose day it is, and in UTC, in which days are shown; now
    where it has not come."""
    noon = datetime.combine(day, time(12), UTC)
    noon_here = datetime.combine(day, time(12), ZoneInfo(settings.BUSINESS["time_zone"]))
    return min(noon + (noon_here - noon) / 2, timezone.now())
