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

from affiliates.endpoints.outbox import announce_payouts
from affiliates.models import EventKind, PayoutItem, PayoutRun, PayPalBatch
from privacy.audit.trail import record, record_many
from privacy.databases.tasks import commits_by_itself
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose
from shop.paypal.errors import DuplicateBatch, Invalid, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.request_bodies import is_payable
from shop.paypal.turn import Turn
from shop.paypal.types import PayoutLine, PayoutPage, PayoutStatus

from .eligibility import ineligible_payouts
from .item_states import LEFT_OUT, apply_item_state, release_funds, release_ineligible, update_receiver

logger = logging.getLogger(__name__)

Run, Batch, Item = PayoutRun.State, PayPalBatch.State, PayoutItem.State
ENDED = {PayoutStatus.SUCCESS, PayoutStatus.DENIED, PayoutStatus.CANCELED}
RESEND_FOR = timedelta(days=25)  # PayPal remembers a sender_batch_id for 30 days; later, a person has to decide
CLAIMABLE_FOR = timedelta(days=30)  # then PayPal returns unclaimed money; what it left is canceled here


@task()
@commits_by_itself
@acts_for(Purpose.AFFILIATE_ACCOUNT, Purpose.REFERRAL_TRACKING)
def send_payout(run_id: str) -> None:
    """Sends the waiting batches of a run to PayPal. Safe to repeat: both sides know the keys."""
    waiting = PayPalBatch.objects.filter(run=UUID(run_id), run__state=Run.APPROVED, state=Batch.WAITING)
    for batch in waiting:
        try:
            _send_batch(batch)
        except PayPalError as error:  # retried with the same key
            logger.warning("payout %s is unknown: %s", batch.pk, error)


def _send_batch(batch: PayPalBatch) -> None:
    """Raises `PayPalError` while it is unknown whether PayPal has received the batch."""
    lines = _payout_lines(batch)
    if not lines:
        return
    try:
        sent = gateway().create_payout(
            sender_batch_id=batch.sender_batch_id,
            subject=f"Your commission from {settings.BUSINESS['short_name']}",
            items=lines,
        )
    except DuplicateBatch as known:
        _recover_lost_response(batch, known.batch_id)
    except Invalid as error:
        _mark_denied(batch, f"PayPal refused the batch: {', '.join(error.issues)}")
    else:
        _mark_sent(batch, sent.batch_id)


@transaction.atomic
def _payout_lines(batch: PayPalBatch) -> list[PayoutLine]:
    """What is sent to PayPal, identical at every retry. Empty if there is nothing to send, or if it would no longer be
    the same.

    That it is sent is recorded before the first call. Until then, affiliates who may no longer be paid are left out,
    and the current address is used; afterwards PayPal may have received it, and no change to the affiliate changes a
    line.
    """
    batch = PayPalBatch.objects.select_for_update().get(pk=batch.pk)
    queued = batch.items.filter(state=Item.QUEUED).select_for_update(of=("self",)).select_related("affiliate")
    items = list(queued.order_by("pk"))
    if batch.first_sent_at is None:
        items = _prepare_first_sending(batch, items)
    elif not all(is_payable(item.receiver or "") for item in items):
        _record_problem(batch, "An address was removed after the first attempt. Look this batch up at PayPal.")
        return []
    return [_payout_line(item) for item in items]


def _prepare_first_sending(batch: PayPalBatch, items: list[PayoutItem]) -> list[PayoutItem]:
    """The payouts that are made, each to the current address."""
    ineligible = ineligible_payouts(items)
    left_out = [one.item for one in ineligible]
    paid = [item for item in items if item not in left_out]
    for item in paid:
        update_receiver(item)
    release_ineligible(ineligible)
    PayPalBatch.objects.filter(pk=batch.pk).update(
        first_sent_at=timezone.now(), state=Batch.WAITING if paid else Batch.ENDED
    )
    _update_run_state(batch)
    record_many(action=LEFT_OUT, about=left_out, actor=None)
    return paid


def _payout_line(item: PayoutItem) -> PayoutLine:
    note = f"Commission from {settings.BUSINESS['short_name']}"
    return PayoutLine(sender_item_id=str(item.pk), receiver_email=item.receiver or "", amount=item.total, note=note)


def _recover_lost_response(batch: PayPalBatch, paypal_batch_id: str | None) -> None:
    """PayPal had already received this batch: only the response was lost."""
    if paypal_batch_id:
        _mark_sent(batch, paypal_batch_id)
    else:
        _record_problem(batch, "PayPal already has this batch. Look up its id there.")


def _record_problem(batch: PayPalBatch, problem: str) -> None:
    PayPalBatch.objects.filter(pk=batch.pk).update(problem=problem)
    PayoutRun.objects.filter(pk=batch.run_id).update(problem=problem)


@transaction.atomic
def _mark_sent(batch: PayPalBatch, paypal_batch_id: str) -> None:
    marked = PayPalBatch.objects.filter(pk=batch.pk, state=Batch.WAITING).update(
        state=Batch.SENT, paypal_batch_id=paypal_batch_id, problem=""
    )
    if marked:
        batch.items.filter(state=Item.QUEUED).update(state=Item.SENT)
        announce_payouts(EventKind.PAYOUT_SENT, batch.items.filter(state=Item.SENT))
        _update_run_state(batch)


@transaction.atomic
def _mark_denied(batch: PayPalBatch, problem: str) -> None:
    denied = PayPalBatch.objects.filter(pk=batch.pk, state__in=PayPalBatch.OPEN).update(
        state=Batch.DENIED, problem=problem[:200]
    )
    if denied:
        PayoutRun.objects.filter(pk=batch.run_id).update(problem=problem[:200])
        items = list(batch.items.in_progress().select_for_update().order_by("pk"))
        release_funds(items, state=Item.CANCELLED, error="refused with its batch")
        announce_payouts(EventKind.PAYOUT_FAILED, PayoutItem.objects.filter(pk__in=[item.pk for item in items]))
        _update_run_state(batch)
        record_many(action="affiliates.payout.item_returned", about=items, actor=None)


def follow_batch(*, batch: PayPalBatch) -> None:
    """Page by page. Raises `PayPalError`."""
    page, pages = 1, 1
    while page <= pages:
        answer = gateway().get_payout(batch.paypal_batch_id or "", page)
        pages = answer.total_pages
        _apply_page(batch, answer)
        page += 1
    if answer.status in ENDED:  # until then PayPal may still deny the whole batch
        _finish_batch(batch)


def _apply_page(batch: PayPalBatch, answer: PayoutPage) -> None:
    if answer.status is PayoutStatus.DENIED:
        _mark_denied(batch, "PayPal denied the batch")
    for remote in answer.items:
        apply_item_state(run=batch.run, remote=remote)


@transaction.atomic
def _finish_batch(batch: PayPalBatch) -> None:
    if not batch.items.in_progress().exists():
        PayPalBatch.objects.filter(pk=batch.pk, state=Batch.SENT).update(state=Batch.ENDED)
    _update_run_state(batch)


def _update_run_state(batch: PayPalBatch) -> None:
    """Updates the run to match its batches. It locks the run, so that the later of two concurrent calls sees both."""
    run = PayoutRun.objects.select_for_update().get(pk=batch.run_id)
    states = set(run.batches.values_list("state", flat=True))
    if run.state not in PayoutRun.OPEN:
        return
    if not states & set(PayPalBatch.OPEN):
        end = Run.DENIED if states == {Batch.DENIED} else Run.FINISHED
        PayoutRun.objects.filter(pk=run.pk).update(state=end, finished_at=timezone.now())
    elif run.state == Run.APPROVED and Batch.WAITING not in states:
        PayoutRun.objects.filter(pk=run.pk).update(state=Run.SENT, sent_at=timezone.now())
        record(action="affiliates.payout.sent", about=run, actor=None)


def follow_open_payouts(*, now: datetime) -> int:
    """Resends batches that were never answered, and follows those in progress, as far as one turn goes. Returns how
    many."""
    turn, asked = Turn(), 0
    released = PayPalBatch.objects.filter(run__state__in=PayoutRun.OPEN, state__in=PayPalBatch.OPEN)
    for batch in turn.take(released.select_related("run").longest_unasked_first()):
        PayPalBatch.objects.filter(pk=batch.pk).update(asked_at=now)
        with turn.ask(f"payout {batch.pk}"):
            _advance_batch(batch, now)
        asked += 1
    return asked


def _advance_batch(batch: PayPalBatch, now: datetime) -> None:
    if batch.state == Batch.SENT:
        follow_batch(batch=batch)
        _cancel_old_unclaimed(batch, now)
    elif batch.first_sent_at is None or now - batch.first_sent_at < RESEND_FOR:
        _send_batch(batch)
    else:
        _record_problem(batch, "PayPal never answered. Look this batch up at PayPal.")


def _cancel_old_unclaimed(batch: PayPalBatch, now: datetime) -> None:
    """PayPal returns money that was unclaimed for 30 days; what it left is canceled here."""
    if batch.first_sent_at is None or now - batch.first_sent_at < CLAIMABLE_FOR:
        return
    for item in batch.items.filter(state=Item.UNCLAIMED, paypal_item_id__isnull=False):
        cancel_unclaimed(item=item)


def cancel_unclaimed(*, item: PayoutItem) -> None:
    """Asks PayPal to return an unclaimed payout, and records the result. Raises `PayPalError`."""
    try:
        gateway().cancel_payout_item(item.paypal_item_id or "")
    except Invalid as error:  # claimed or returned a moment ago: its state is fetched
        logger.info("payout %s can't be canceled: %s", item.pk, error)
    apply_item_state(run=item.run, remote=gateway().get_payout_item(item.paypal_item_id or ""))
    if item.batch is not None:
        _finish_batch(item.batch)
