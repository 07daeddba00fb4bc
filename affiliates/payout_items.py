"""One payout of a run: paid, or come back, each booked once whatever PayPal repeats."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from privacy.mail import MailRefused, queue_mail
from shop.paypal.types import PayoutItemState, PayoutItemStatus

from .mails import PAID_OUT
from .models import Commission, LedgerEntry, PayoutBatch, PayoutItem

State = PayoutItem.State

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


@transaction.atomic
def apply_item_state(*, batch: PayoutBatch, remote: PayoutItemState) -> None:
    """Writes down what PayPal says of one payout. What it says again changes nothing."""
    item = _item_of(batch, remote)
    state = STATES.get(remote.status)
    if item is None or state is None or item.state == state or item.state in PayoutItem.CAME_BACK:
        return
    PayoutItem.objects.filter(pk=item.pk).update(paypal_item_id=remote.id)
    if state is State.PAID:
        _mark_paid(item)
    elif state in PayoutItem.CAME_BACK:
        give_back(item, state=state, error=remote.error or "")
    else:
        PayoutItem.objects.filter(pk=item.pk).update(state=state)


def _item_of(batch: PayoutBatch, remote: PayoutItemState) -> PayoutItem | None:
    """Ours, locked, by the number under which we sent it; None when it is not one of ours."""
    try:
        number = UUID(remote.sender_item_id or "")
    except ValueError:
        return None
    return batch.items.select_for_update().filter(pk=number).first()


def _mark_paid(item: PayoutItem) -> None:
    now = timezone.now()
    PayoutItem.objects.filter(pk=item.pk).update(state=State.PAID, settled_at=now)
    item.commissions().in_payout().update(state=Commission.State.PAID, paid_at=now)
    user = item.affiliate.user
    if user.email:
        with suppress(MailRefused):  # an affiliate who wants no mail is paid all the same
            queue_mail(PAID_OUT, to=user.email, about=item, context={"name": user.get_short_name()})


def give_back(item: PayoutItem, *, state: str, error: str) -> None:
    """The money did not arrive: it is due to the affiliate again. Called in a transaction."""
    PayoutItem.objects.filter(pk=item.pk).update(state=state, error=error[:100], settled_at=timezone.now())
    LedgerEntry.objects.create(
        affiliate_id=item.affiliate_id,
        kind=LedgerEntry.Kind.RETURN,
        amount_minor=item.amount_minor,
        currency=item.currency,
        payout=item,
    )
    item.commissions().filter(state__in=[Commission.State.IN_PAYOUT, Commission.State.PAID]).update(
        state=Commission.State.APPROVED, paid_at=None
    )
