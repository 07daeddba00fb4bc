"""Payouts of a run: paid, or come back, each booked once whatever PayPal repeats."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from affiliates.mails import PAID_OUT, PAYOUT_CAME_BACK
from affiliates.models import Commission, LedgerEntry, PayoutBatch, PayoutItem
from privacy.audit.trail import record
from privacy.mail.sending import MailRefused, queue_mail
from privacy.registry.mail_kinds import MailKind
from shop.paypal.types import PayoutItemState, PayoutItemStatus

from .eligibility import Barred

State = PayoutItem.State
LEFT_OUT = "affiliates.payout.item_left_out"  # in the audit

STATES = {
    PayoutItemStatus.SUCCESS: State.PAID,
    PayoutItemStatus.UNCLAIMED: State.UNCLAIMED,
    PayoutItemStatus.ONHOLD: State.HELD,
    PayoutItemStatus.FAILED: State.FAILED,
    PayoutItemStatus.RETURNED: State.RETURNED,
    PayoutItemStatus.BLOCKED: State.BLOCKED,
    PayoutItemStatus.REFUNDED: State.RETURNED,
    PayoutItemStatus.REVERSED: State.REVERSED,
}
ROWS = 500  # payouts a statement, so that no database runs out of parameters


@transaction.atomic
def apply_item_state(*, batch: PayoutBatch, remote: PayoutItemState) -> None:
    """Writes down what PayPal says of one payout. What it says again changes nothing."""
    item = _item_of(batch, remote)
    state = STATES.get(remote.status)
    if item is None:
        return
    PayoutItem.objects.filter(pk=item.pk, paypal_item_id=None).update(paypal_item_id=remote.id)
    if state is None or not _is_news(item, state):
        return
    if state is State.PAID:
        mark_paid(item, at=timezone.now())
    elif state in PayoutItem.CAME_BACK:
        come_back(item, state=state, error=remote.error or "")
        record(action="affiliates.payout.item_returned", about=item, actor=None)
    else:
        PayoutItem.objects.filter(pk=item.pk).update(state=state)


def _item_of(batch: PayoutBatch, remote: PayoutItemState) -> PayoutItem | None:
    """Ours, locked, by the number under which we sent it, or by PayPal's where the answer lacks ours; None when it is
    not one of ours."""
    if not remote.sender_item_id:
        return batch.items.select_for_update().filter(paypal_item_id=remote.id).first()
    try:
        number = UUID(remote.sender_item_id)
    except ValueError:
        return None
    return batch.items.select_for_update().filter(pk=number).first()


def _is_news(item: PayoutItem, state: State) -> bool:
    """What came back stays back. What is paid can only come back: any other word of it is older."""
    if item.state == state or item.state in PayoutItem.CAME_BACK:
        return False
    return item.state != State.PAID or state in PayoutItem.CAME_BACK


def mark_paid(item: PayoutItem, *, at: datetime, reference: str = "") -> None:
    """The money arrived. Called in a transaction that holds the payout's lock."""
    item.state, item.settled_at, item.reference = State.PAID, at, reference or None
    item.save(update_fields=["state", "settled_at", "reference"])
    item.commissions().in_payout().update(state=Commission.State.PAID, paid_at=at)
    _tell(PAID_OUT, item)


def come_back(item: PayoutItem, *, state: State, error: str = "", failure: str | None = None) -> None:
    """The money did not arrive, or did not stay: it is due again, and the affiliate hears what to do about it.

    `error` is PayPal's code or the program's words, `failure` what a person wrote. Called in a transaction that holds
    the payout's lock; the caller records it.
    """
    give_back([item], state=state, error=error)
    item.refresh_from_db(fields=["state"])
    if failure:
        item.failure = failure
        item.save(update_fields=["failure"])
    _tell(PAYOUT_CAME_BACK, item)


def use_address_in_force(item: PayoutItem) -> None:
    """Just before the money goes: the affiliate may have another address than when the run was prepared."""
    if item.receiver != item.affiliate.payout_email:
        item.receiver = item.affiliate.payout_email
        item.save(update_fields=["receiver"])


def leave_out(barred: Sequence[Barred]) -> None:
    """Releases what may not be paid any more: the money is due again once the reason is gone.

    Kept with the payout is what the affiliate may read, whose archive shows it. Called in a transaction that holds the
    locks; the caller records it.
    """
    for reason in {one.reason for one in barred}:
        items = [one.item for one in barred if one.reason is reason]
        give_back(items, state=State.CANCELLED, error=reason.words)


def give_back(items: Sequence[PayoutItem], *, state: State, error: str) -> None:
    """The money is due to the affiliates again. Called in a transaction that holds the locks."""
    for start in range(0, len(items), ROWS):
        some = items[start : start + ROWS]
        rows = PayoutItem.objects.filter(pk__in=[item.pk for item in some])
        rows.update(state=state, error=error[:100], settled_at=timezone.now())
        LedgerEntry.objects.bulk_create(_return_of(item) for item in some)
        taken = rows.commissions().filter(state__in=[Commission.State.IN_PAYOUT, Commission.State.PAID])
        taken.update(state=Commission.State.APPROVED, paid_at=None)


def _return_of(item: PayoutItem) -> LedgerEntry:
    return LedgerEntry(
        affiliate_id=item.affiliate_id,
        kind=LedgerEntry.Kind.RETURN,
        amount_minor=item.amount_minor,
        currency=item.currency,
        payout=item,
    )


def _tell(kind: MailKind, item: PayoutItem) -> None:
    user = item.affiliate.user
    if user.email:
        with suppress(MailRefused):  # an affiliate who wants no mail is paid all the same
            queue_mail(kind, to=user.email, about=item, context={"name": user.get_short_name()})
