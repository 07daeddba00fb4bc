"""Payout runs: prepare (claims what is due, once), approve (by a second person), or cancel."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from affiliates.currencies import minimum_payout
from affiliates.models import Commission, LedgerEntry, PayoutBatch, PayoutClaim, PayoutItem, PayoutParcel
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.four_eyes import acts_alone
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record, record_many

from .eligibility import Barred, barred_of
from .item_states import LEFT_OUT, give_back, leave_out
from .preview import Standing, preview_payout
from .sending import send_payout

if TYPE_CHECKING:
    from accounts.models import User

State = PayoutBatch.State
PARCEL = 500  # payouts per PayPal call
ROWS = 1000  # rows per statement
CLAIM = "INSERT INTO affiliates_payoutclaim (entry_id, payout_id) VALUES "
PERMISSION = "affiliates.approve_payout"


def prepare_payout(*, currency: str, actor: User, method: str = PayoutBatch.Method.PAYPAL) -> PayoutBatch:
    """Claims everything that is due and sums it per affiliate. Nothing is sent yet. Raises `ActionRefused`."""
    try:
        return _prepare(currency, actor, method)
    except IntegrityError as error:
        raise ActionRefused("Another run was prepared at the same time. Please check that one.") from error


@transaction.atomic
def _prepare(currency: str, actor: User, method: str) -> PayoutBatch:
    standings = preview_payout(currency=currency).paid
    if not standings:
        raise ActionRefused(f"Nobody has {minimum_payout(currency)} or more due and a valid PayPal address.")
    batch = PayoutBatch.objects.create(currency=currency, method=method, prepared_by=actor)
    items = PayoutItem.objects.bulk_create(_items(batch, standings), batch_size=ROWS)
    LedgerEntry.objects.bulk_create(map(_debit, items), batch_size=ROWS)
    _claim(batch, items)
    _take_up_commissions(batch)
    record(action="affiliates.payout.prepared", about=batch, actor=actor)
    return batch


def _items(batch: PayoutBatch, standings: list[Standing]) -> Iterator[PayoutItem]:
    """A payout per affiliate, in batches as large as PayPal accepts; a manual run has no batches."""
    for start in range(0, len(standings), PARCEL):
        parcel = None if batch.is_by_hand else PayoutParcel.objects.create(batch=batch)
        yield from (_item(batch, parcel, standing) for standing in standings[start : start + PARCEL])


def _item(batch: PayoutBatch, parcel: PayoutParcel | None, standing: Standing) -> PayoutItem:
    return PayoutItem(
        batch=batch,
        parcel=parcel,
        affiliate=standing.affiliate,
        amount_minor=standing.due_minor,
        currency=batch.currency,
        receiver=standing.affiliate.payout_email,
    )


def _claim(batch: PayoutBatch, items: list[PayoutItem]) -> None:
    """Claims every payable entry of the run's affiliates, including the run's own debits, which bring them to zero.

    The database allows an entry to be claimed once, so of two runs that compete for an entry one fails as a whole.
    """
    payouts = {item.affiliate_id: _as_stored(item.pk) for item in items}
    payable = LedgerEntry.objects.payable().filter(currency=batch.currency).order_by("pk")
    lines = payable.values_list("pk", "affiliate")
    claims = [(_as_stored(line), payouts[owner]) for line, owner in lines if owner in payouts]
    with connection.cursor() as cursor:  # a third of the time of `bulk_create`, for a hundred thousand lines
        for start in range(0, len(claims), ROWS):
            some = claims[start : start + ROWS]
            cursor.execute(CLAIM + ", ".join(["(%s, %s)"] * len(some)), list(chain.from_iterable(some)))
    claimed = PayoutClaim.objects.filter(payout__batch=batch).order_by().values("payout")
    if claimed.annotate(sum=Sum("entry__amount_minor")).exclude(sum=0).exists():
        raise ActionRefused("A ledger entry was added in the meantime. Please prepare the run again.")


def _as_stored(key: UUID) -> Any:
    return LedgerEntry._meta.pk.get_db_prep_value(key, connection)


def _debit(item: PayoutItem) -> LedgerEntry:
    return LedgerEntry(
        affiliate_id=item.affiliate_id,
        kind=LedgerEntry.Kind.PAYOUT,
        amount_minor=-item.amount_minor,
        currency=item.currency,
        payout=item,
    )


def _take_up_commissions(batch: PayoutBatch) -> None:
    commissions = PayoutItem.objects.filter(batch=batch).commissions()
    commissions.approved().update(state=Commission.State.IN_PAYOUT)
    if commissions.in_payout().held().exists():  # a flag was raised in the meantime
        raise ActionRefused("A commission was held in the meantime. Please prepare the run again.")


@transaction.atomic
def approve_payout(*, batch: PayoutBatch, actor: User) -> list[Barred]:
    """Approves a run without the payouts that may no longer be made. Returns those; their money is due again.

    If two people may approve, the second one has to. A run with no payouts left is canceled. Raises `ActionRefused`.
    """
    is_own, refusal = batch.prepared_by_id == actor.pk, "You prepared this run, so a colleague has to approve it."
    alone = acts_alone(actor, is_own=is_own, permission=PERMISSION, refusal=refusal)
    approved = PayoutBatch.objects.filter(pk=batch.pk, state=State.PREPARED).update(
        state=State.APPROVED, approved_by=actor, approved_at=timezone.now(), approved_alone=alone
    )
    if not approved:
        raise ActionRefused("This run is not waiting for approval.")
    for own in batch.items.filter(affiliate__user=actor).select_related("affiliate"):
        leave_to_a_colleague(own.affiliate, actor=actor, permission=PERMISSION)
    barred = barred_of(batch.items.moving().select_for_update(of=("self",)).select_related("affiliate"))
    leave_out(barred)
    if not batch.items.moving().exists():
        PayoutBatch.objects.filter(pk=batch.pk).update(state=State.CANCELLED, finished_at=timezone.now())
    elif not batch.is_by_hand:
        send_payout.enqueue(str(batch.pk))
    record_many(action=LEFT_OUT, about=[one.item for one in barred], actor=actor)
    record(action="affiliates.payout.approved", about=batch, actor=actor)
    return barred


@transaction.atomic
def cancel_payout(*, batch: PayoutBatch, actor: User | None = None) -> None:
    """Cancels a run before it is approved; its money is due again. Raises `ActionRefused`."""
    cancelled = PayoutBatch.objects.filter(pk=batch.pk, state=State.PREPARED).update(
        state=State.CANCELLED, finished_at=timezone.now()
    )
    if not cancelled:
        raise ActionRefused("Only a run that waits for approval can be canceled.")
    give_back(list(batch.items.moving()), state=PayoutItem.State.CANCELLED, error="canceled by staff")
    record(action="affiliates.payout.cancelled", about=batch, actor=actor)
