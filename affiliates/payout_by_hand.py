"""Runs that a person pays from a list: the list itself, and what is written down as each payment is made."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from io import StringIO
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from privacy.audit.trail import record_many
from privacy.encryption.normalise import envelope_address

from .models import PayoutBatch, PayoutItem
from .payout_items import come_back, mark_paid

if TYPE_CHECKING:
    from accounts.models import User

COLUMNS = ("receiver", "amount", "currency", "reference", "note")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run instead of showing


class NotByHand(Exception):
    """This payout can't be settled by hand; the text tells staff why."""


def payout_list(batch: PayoutBatch) -> str:
    """The open payouts as CSV with a heading, in the order that PayPal's mass payment reads. Amounts have a dot."""
    note = f"Commission from {settings.BUSINESS['short_name']}"
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for item in batch.items.moving().order_by("pk"):
        total = item.total
        writer.writerow(
            map(
                _harmless,
                (envelope_address(item.receiver or ""), f"{total.amount:f}", total.currency, str(item.pk), note),
            )
        )
    return text.getvalue()


def _harmless(value: str) -> str:
    """OWASP's advice on CSV injection: an apostrophe before what would be a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value


@transaction.atomic
def mark_paid_by_hand(
    *, batch: PayoutBatch, items: Iterable[PayoutItem], reference: str, paid_on: date, by: User
) -> int:
    """Writes down payments that a person made. Returns how many; those already settled are left as they are.

    Raises `NotByHand`.
    """
    if paid_on > timezone.now().date():
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
    """That day's noon, or now where noon has not come."""
    return min(datetime.combine(day, time(12), UTC), timezone.now())
