"""State changes of payouts: paid, returned or left out, each recorded once, whatever PayPal repeats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from affiliates.endpoints.outbox import announce_payouts
from affiliates.mails import PAID_OUT, PAYOUT_RETURNED
from affiliates.models import Commission, EventKind, LedgerEntry, PayoutItem, PayoutRun
from affiliates.models.payout import PayoutItemQuerySet
from privacy.audit.trail import record
from privacy.encryption.models import uuid7
from privacy.mail.sending import notify
from privacy.registry.mail_kinds import MailKind
from shop.paypal.types import PayoutItemState, PayoutItemStatus

from .eligibility import IneligiblePayout

State = PayoutItem.State
LEFT_OUT = "affiliates.payout.item_left_out"  # audit action

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
ROWS = 500  # payouts per statement, within the parameter limit of every database
BOOK = """
    WITH booked (entry_id, payout_id) AS (VALUES {})
    INSERT INTO affiliates_ledgerentry (id, affiliate_id, kind, amount_minor, currency, payout_id, created_at)
    SELECT entry_id, affiliate_id, %s, %s * amount_minor, currency, payout_id, %s
    FROM booked JOIN affiliates_payoutitem payout ON payout.id = payout_id
"""


@transaction.atomic
def apply_item_state(*, run: PayoutRun, remote: PayoutItemState) -> None:
    """Applies what PayPal reports about one payout. A repeated report changes nothing."""
    item = _find_item(run, remote)
    state = STATES.get(remote.status)
    if item is None:
        return
    PayoutItem.objects.filter(pk=item.pk, paypal_item_id=None).update(paypal_item_id=remote.id)
    if state is None or not _is_state_change(item, state):
        return
    if state is State.PAID:
        mark_paid(item, at=timezone.now())
    elif state in PayoutItem.RETURNED_STATES:
        mark_returned(item, state=state, error=remote.error or "")
        record(action="affiliates.payout.item_returned", about=item, actor=None)
    else:
        PayoutItem.objects.filter(pk=item.pk).update(state=state)


def _find_item(run: PayoutRun, remote: PayoutItemState) -> PayoutItem | None:
    """Our payout, locked, found by our id, or by PayPal's if ours is missing; None if it is not ours."""
    if not remote.sender_item_id:
        return run.items.select_for_update().filter(paypal_item_id=remote.id).first()
    try:
        number = UUID(remote.sender_item_id)
    except ValueError:
        return None
    return run.items.select_for_update().filter(pk=number).first()


def _is_state_change(item: PayoutItem, state: State) -> bool:
    """Whether the report changes the state. A returned payout stays returned, and a paid one can only be returned:
    anything else is an older report."""
    if item.state == state or item.state in PayoutItem.RETURNED_STATES:
        return False
    return item.state != State.PAID or state in PayoutItem.RETURNED_STATES


def mark_paid(item: PayoutItem, *, at: datetime, reference: str = "") -> None:
    """Marks a payout as paid. Call it in a transaction that holds the payout's lock."""
    item.state, item.settled_at, item.reference = State.PAID, at, reference or None
    item.save(update_fields=["state", "settled_at", "reference"])
    item.commissions().in_payout().update(state=Commission.State.PAID, paid_at=at)
    announce_payouts(EventKind.PAYOUT_PAID, [item])
    _notify_affiliate(PAID_OUT, item)


def mark_returned(item: PayoutItem, *, state: State, error: str = "", failure: str | None = None) -> None:
    """Marks a payout as returned: the money is due again, and the affiliate is emailed what to do.

    `error` is PayPal's code or the program's message, `failure` what staff wrote. Call it in a transaction that holds
    the payout's lock; the caller records it.
    """
    release_funds([item], state=state, error=error)
    item.refresh_from_db(fields=["state"])
    if failure:
        item.failure = failure
        item.save(update_fields=["failure"])
    announce_payouts(EventKind.PAYOUT_FAILED, [item])
    _notify_affiliate(PAYOUT_RETURNED, item)


def update_receiver(item: PayoutItem) -> None:
    """Updates the receiver right before sending, because the affiliate's address may have changed since the run was
    prepared."""
    if item.receiver != item.affiliate.payout_email:
        item.receiver = item.affiliate.payout_email
        item.save(update_fields=["receiver"])


def release_ineligible(ineligible: Sequence[IneligiblePayout]) -> None:
    """Releases payouts that may no longer be made: the money is due again once the reason is resolved.

    Stores the wording for the affiliate, whose archive shows it. Call it in a transaction that holds the locks; the
    caller records it.
    """
    for reason in {one.reason for one in ineligible}:
        items = [one.item for one in ineligible if one.reason is reason]
        release_funds(items, state=State.CANCELLED, error=reason.words)


def release_funds(items: Sequence[PayoutItem], *, state: State, error: str) -> None:
    """Makes the money due again. Call it in a transaction that holds the locks."""
    for start in range(0, len(items), ROWS):
        some = PayoutItem.objects.filter(pk__in=[item.pk for item in items[start : start + ROWS]])
        release_rows(some, state=state, error=error)


def release_rows(items: PayoutItemQuerySet, *, state: State, error: str) -> None:
    """`release_funds` for any number of payouts: a statement finds the commissions of all of them at once."""
    now = timezone.now()
    taken = items.commissions().filter(state__in=[Commission.State.IN_PAYOUT, Commission.State.PAID])
    taken.update(state=Commission.State.APPROVED, paid_at=None)
    book_entries(LedgerEntry.Kind.RETURN, list(items.order_by("pk").values_list("pk", flat=True)), at=now)
    items.update(state=state, error=error[:100], settled_at=now)


def book_entries(kind: LedgerEntry.Kind, payouts: Sequence[UUID], *, at: datetime) -> None:
    """Books what these payouts pay, or their returns. The database copies the amounts, so that only two ids a row are
    sent."""
    sign = 1 if kind == LedgerEntry.Kind.RETURN else -1
    moment = connection.ops.adapt_datetimefield_value(at)
    stored = partial(LedgerEntry._meta.pk.get_db_prep_value, connection=connection)
    with connection.cursor() as cursor:
        for start in range(0, len(payouts), ROWS):
            some = payouts[start : start + ROWS]
            pairs = ", ".join(["(%s, %s)"] * len(some))
            ids = [stored(key) for payout in some for key in (uuid7(), payout)]
            cursor.execute(BOOK.format(pairs), [*ids, kind, sign, moment])


def _notify_affiliate(kind: MailKind, item: PayoutItem) -> None:
    user = item.affiliate.user
    notify(kind, to=user.email, about=item, context={"name": user.get_short_name()})
