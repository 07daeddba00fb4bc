"""Sends an approved run to PayPal: each batch once, under its idempotency key, and follows each payout until it is
settled."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from affiliates.models import PayoutBatch, PayoutItem, PayoutParcel
from privacy.audit.trail import record, record_many
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose
from shop.paypal.errors import DuplicateBatch, Invalid, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.request_bodies import is_payable
from shop.paypal.types import PayoutLine, PayoutPage, PayoutStatus

from .eligibility import barred_of
from .item_states import LEFT_OUT, apply_item_state, give_back, leave_out, use_address_in_force

logger = logging.getLogger(__name__)

Run, Parcel, Item = PayoutBatch.State, PayoutParcel.State, PayoutItem.State
ENDED = {PayoutStatus.SUCCESS, PayoutStatus.DENIED, PayoutStatus.CANCELED}
RESEND_FOR = timedelta(days=25)  # PayPal remembers a sender_batch_id for 30 days; later, a person has to decide
CLAIMABLE_FOR = timedelta(days=30)  # then PayPal returns unclaimed money; what it left is canceled here


@task()
@acts_for(Purpose.AFFILIATE_ACCOUNT, Purpose.REFERRAL_TRACKING)
def send_payout(batch_id: str) -> None:
    """Sends the waiting batches of a run to PayPal. Safe to repeat: both sides know the keys."""
    waiting = PayoutParcel.objects.filter(batch=UUID(batch_id), batch__state=Run.APPROVED, state=Parcel.WAITING)
    for parcel in waiting:
        try:
            _send(parcel)
        except PayPalError as error:  # retried with the same key
            logger.warning("payout %s is unknown: %s", parcel.pk, error)


def _send(parcel: PayoutParcel) -> None:
    """Raises `PayPalError` while it is unknown whether PayPal has received the batch."""
    lines = _lines(parcel)
    if not lines:
        return
    try:
        sent = gateway().create_payout(
            sender_batch_id=parcel.sender_batch_id,
            subject=f"Your commission from {settings.BUSINESS['short_name']}",
            items=lines,
        )
    except DuplicateBatch as known:
        _adopt(parcel, known.batch_id)
    except Invalid as error:
        _deny(parcel, f"PayPal refused the batch: {', '.join(error.issues)}")
    else:
        _mark_sent(parcel, sent.batch_id)


@transaction.atomic
def _lines(parcel: PayoutParcel) -> list[PayoutLine]:
    """What is sent to PayPal, identical at every retry. Empty if there is nothing to send, or if it would no longer be
    the same.

    That it is sent is recorded before the first call. Until then, affiliates who may no longer be paid are left out,
    and the current address is used; afterwards PayPal may have received it, and no change to the affiliate changes a
    line.
    """
    parcel = PayoutParcel.objects.select_for_update().get(pk=parcel.pk)
    queued = parcel.items.filter(state=Item.QUEUED).select_for_update(of=("self",)).select_related("affiliate")
    items = list(queued.order_by("pk"))
    if parcel.first_sent_at is None:
        items = _begin(parcel, items)
    elif not all(is_payable(item.receiver or "") for item in items):
        _note(parcel, "An address was removed after the first attempt. Look this batch up at PayPal.")
        return []
    return [_line(item) for item in items]


def _begin(parcel: PayoutParcel, items: list[PayoutItem]) -> list[PayoutItem]:
    """The payouts that are made, each to the current address."""
    barred = barred_of(items)
    left_out = [one.item for one in barred]
    paid = [item for item in items if item not in left_out]
    for item in paid:
        use_address_in_force(item)
    leave_out(barred)
    PayoutParcel.objects.filter(pk=parcel.pk).update(
        first_sent_at=timezone.now(), state=Parcel.WAITING if paid else Parcel.ENDED
    )
    _close_run(parcel)
    record_many(action=LEFT_OUT, about=left_out, actor=None)
    return paid


def _line(item: PayoutItem) -> PayoutLine:
    note = f"Commission from {settings.BUSINESS['short_name']}"
    return PayoutLine(sender_item_id=str(item.pk), receiver_email=item.receiver or "", amount=item.total, note=note)


def _adopt(parcel: PayoutParcel, paypal_batch_id: str | None) -> None:
    """PayPal had already received this batch: only the response was lost."""
    if paypal_batch_id:
        _mark_sent(parcel, paypal_batch_id)
    else:
        _note(parcel, "PayPal already has this batch. Look up its id there.")


def _note(parcel: PayoutParcel, problem: str) -> None:
    PayoutParcel.objects.filter(pk=parcel.pk).update(problem=problem)
    PayoutBatch.objects.filter(pk=parcel.batch_id).update(problem=problem)


@transaction.atomic
def _mark_sent(parcel: PayoutParcel, paypal_batch_id: str) -> None:
    marked = PayoutParcel.objects.filter(pk=parcel.pk, state=Parcel.WAITING).update(
        state=Parcel.SENT, paypal_batch_id=paypal_batch_id, problem=""
    )
    if marked:
        parcel.items.filter(state=Item.QUEUED).update(state=Item.SENT)
        _close_run(parcel)


@transaction.atomic
def _deny(parcel: PayoutParcel, problem: str) -> None:
    denied = PayoutParcel.objects.filter(pk=parcel.pk, state__in=PayoutParcel.OPEN).update(
        state=Parcel.DENIED, problem=problem[:200]
    )
    if denied:
        PayoutBatch.objects.filter(pk=parcel.batch_id).update(problem=problem[:200])
        items = list(parcel.items.moving().select_for_update().order_by("pk"))
        give_back(items, state=Item.CANCELLED, error="refused with its batch")
        _close_run(parcel)
        record_many(action="affiliates.payout.item_returned", about=items, actor=None)


def follow_payout(*, batch: PayoutBatch) -> None:
    """Asks PayPal for the state of each payout of a run. Raises `PayPalError`."""
    for parcel in batch.parcels.filter(paypal_batch_id__isnull=False):
        follow_parcel(parcel=parcel)


def follow_parcel(*, parcel: PayoutParcel) -> None:
    """Page by page. Raises `PayPalError`."""
    page, pages = 1, 1
    while page <= pages:
        answer = gateway().get_payout(parcel.paypal_batch_id or "", page)
        pages = answer.total_pages
        _apply_page(parcel, answer)
        page += 1
    if answer.status in ENDED:  # until then PayPal may still deny the whole batch
        _end(parcel)


def _apply_page(parcel: PayoutParcel, answer: PayoutPage) -> None:
    if answer.status is PayoutStatus.DENIED:
        _deny(parcel, "PayPal denied the batch")
    for remote in answer.items:
        apply_item_state(batch=parcel.batch, remote=remote)


@transaction.atomic
def _end(parcel: PayoutParcel) -> None:
    if not parcel.items.moving().exists():
        PayoutParcel.objects.filter(pk=parcel.pk, state=Parcel.SENT).update(state=Parcel.ENDED)
    _close_run(parcel)


def _close_run(parcel: PayoutParcel) -> None:
    """Updates the run to match its batches. It locks the run, so that the later of two concurrent calls sees both."""
    batch = PayoutBatch.objects.select_for_update().get(pk=parcel.batch_id)
    states = set(batch.parcels.values_list("state", flat=True))
    if batch.state not in PayoutBatch.OPEN:
        return
    if not states & set(PayoutParcel.OPEN):
        end = Run.DENIED if states == {Parcel.DENIED} else Run.FINISHED
        PayoutBatch.objects.filter(pk=batch.pk).update(state=end, finished_at=timezone.now())
    elif batch.state == Run.APPROVED and Parcel.WAITING not in states:
        PayoutBatch.objects.filter(pk=batch.pk).update(state=Run.SENT, sent_at=timezone.now())
        record(action="affiliates.payout.sent", about=batch, actor=None)


def follow_open_payouts(*, now: datetime) -> int:
    """Resends batches that were never answered, and follows those in progress. Returns how many."""
    released = PayoutParcel.objects.filter(batch__state__in=PayoutBatch.OPEN, state__in=PayoutParcel.OPEN)
    parcels = list(released.select_related("batch"))
    for parcel in parcels:
        try:
            _advance(parcel, now)
        except PayPalError as error:
            logger.warning("payout %s is still open: %s", parcel.pk, error)
    return len(parcels)


def _advance(parcel: PayoutParcel, now: datetime) -> None:
    if parcel.state == Parcel.SENT:
        follow_parcel(parcel=parcel)
        _take_back_unclaimed(parcel, now)
    elif parcel.first_sent_at is None or now - parcel.first_sent_at < RESEND_FOR:
        _send(parcel)
    else:
        _note(parcel, "PayPal never answered. Look this batch up at PayPal.")


def _take_back_unclaimed(parcel: PayoutParcel, now: datetime) -> None:
    """PayPal returns money that was unclaimed for 30 days; what it left is canceled here."""
    if parcel.first_sent_at is None or now - parcel.first_sent_at < CLAIMABLE_FOR:
        return
    for item in parcel.items.filter(state=Item.UNCLAIMED, paypal_item_id__isnull=False):
        cancel_unclaimed(item=item)


def cancel_unclaimed(*, item: PayoutItem) -> None:
    """Asks PayPal to return an unclaimed payout, and records the result. Raises `PayPalError`."""
    try:
        gateway().cancel_payout_item(item.paypal_item_id or "")
    except Invalid as error:  # claimed or returned a moment ago: its state is fetched
        logger.info("payout %s can't be canceled: %s", item.pk, error)
    apply_item_state(batch=item.batch, remote=gateway().get_payout_item(item.paypal_item_id or ""))
    if item.parcel is not None:
        _end(item.parcel)
