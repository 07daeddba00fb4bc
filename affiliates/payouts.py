"""Payouts: ledger lines are claimed, summed, approved by staff, sent under one durable key, followed to their end."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django_tasks import task

from shop.money import Money
from shop.paypal.errors import DuplicateBatch, Invalid, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.types import PayoutLine, PayoutPage, PayoutStatus

from .models import Affiliate, Commission, LedgerEntry, PayoutBatch, PayoutClaim, PayoutItem
from .payout_items import apply_item_state, give_back

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

State = PayoutBatch.State
AT_ONCE = 500  # payouts in one run, as many as PayPal takes; the others wait for the next
ENDED = {PayoutStatus.SUCCESS, PayoutStatus.DENIED, PayoutStatus.CANCELED}
RESEND_FOR = timedelta(days=25)  # PayPal remembers a sender_batch_id for 30 days; later, only a person may decide


class PayoutRefused(Exception):
    """The run can't go ahead; the text tells staff why."""


def prepare_payout(*, currency: str, prepared_by: User) -> PayoutBatch:
    """Claims everything that is due and sums it per affiliate. Nothing is sent yet. Raises `PayoutRefused`."""
    try:
        return _prepare(currency, prepared_by)
    except IntegrityError as error:
        raise PayoutRefused("Another run was prepared at the same moment. Please look at that one.") from error


@transaction.atomic
def _prepare(currency: str, prepared_by: User) -> PayoutBatch:
    batch = PayoutBatch.objects.create(currency=currency, prepared_by=prepared_by)
    due = [_claim(batch, affiliate) for affiliate in _due_affiliates(currency)]
    if not due:
        minimum = Money(settings.AFFILIATE_MINIMUM_PAYOUT_CENTS, currency)
        raise PayoutRefused(f"Nobody has {minimum} or more to be paid, and an address to be paid at.")
    return batch


def _due_affiliates(currency: str) -> Iterable[Affiliate]:
    """Whoever closed the account gets the last money however little it is."""
    sums = LedgerEntry.objects.payable().filter(currency=currency).order_by().values("affiliate")
    in_credit = sums.annotate(sum=Sum("amount_minor")).filter(sum__gt=0)
    enough = in_credit.filter(sum__gte=settings.AFFILIATE_MINIMUM_PAYOUT_CENTS)
    due = Q(pk__in=enough.values("affiliate")) | Q(state=Affiliate.State.CLOSED, pk__in=in_credit.values("affiliate"))
    return Affiliate.objects.payable(timezone.now()).filter(due).order_by("joined_at", "pk")[:AT_ONCE]


def _claim(batch: PayoutBatch, affiliate: Affiliate) -> PayoutItem:
    """Takes up the affiliate's open lines, then sums exactly those; the payout's own line closes them to zero."""
    entries = list(affiliate.ledger.payable().filter(currency=batch.currency))
    total = sum(entry.amount_minor for entry in entries)
    item = PayoutItem.objects.create(
        batch=batch,
        affiliate=affiliate,
        amount_minor=total,
        currency=batch.currency,
        receiver=affiliate.payout_email,
    )
    debit = LedgerEntry.objects.create(
        affiliate=affiliate,
        kind=LedgerEntry.Kind.PAYOUT,
        amount_minor=-total,
        currency=batch.currency,
        payout=item,
    )
    PayoutClaim.objects.bulk_create(PayoutClaim(entry=entry, payout=item) for entry in [*entries, debit])
    item.commissions().approved().update(state=Commission.State.IN_PAYOUT)
    if item.commissions().in_payout().held().exists():  # a flag was raised while we were summing
        raise PayoutRefused("A commission was held at this moment. Please prepare the run again.")
    return item


@transaction.atomic
def approve_payout(*, batch: PayoutBatch, approved_by: User) -> None:
    """Releases a run. Where there are two staff members, the second one approves. Raises `PayoutRefused`."""
    if batch.prepared_by_id == approved_by.pk and _has_colleague(approved_by):
        raise PayoutRefused("A colleague has to approve what you prepared.")
    approved = PayoutBatch.objects.filter(pk=batch.pk, state=State.PREPARED).update(
        state=State.APPROVED, approved_by=approved_by, approved_at=timezone.now()
    )
    if not approved:
        raise PayoutRefused("This run is not waiting for approval.")
    send_payout.enqueue(str(batch.pk))


def _has_colleague(user: User) -> bool:
    return get_user_model().objects.filter(is_staff=True, is_active=True).exclude(pk=user.pk).exists()


@transaction.atomic
def cancel_payout(*, batch: PayoutBatch) -> None:
    """Gives a run up before it is sent; its money is due again. Raises `PayoutRefused`."""
    cancelled = PayoutBatch.objects.filter(pk=batch.pk, state=State.PREPARED).update(
        state=State.CANCELLED, finished_at=timezone.now()
    )
    if not cancelled:
        raise PayoutRefused("Only a run that waits for approval can be cancelled.")
    for item in batch.items.all():
        give_back(item, state=PayoutItem.State.FAILED, error="cancelled by staff")


@task()
def send_payout(batch_id: str) -> None:
    """Hands the run to PayPal. Repeating it is harmless: PayPal knows the key, and so do we."""
    batch = PayoutBatch.objects.get(pk=UUID(batch_id))
    if batch.state != State.APPROVED:
        return
    try:
        sent = gateway().create_payout(
            sender_batch_id=batch.sender_batch_id,
            subject=f"Your commission from {settings.BUSINESS['short_name']}",
            items=[_line(item) for item in batch.items.filter(state=PayoutItem.State.QUEUED)],
        )
    except DuplicateBatch as known:
        _adopt(batch, known.batch_id)
    except Invalid as error:
        _deny(batch, f"PayPal refused the run: {', '.join(error.issues)}")
    except PayPalError as error:
        logger.warning("payout run %s is unknown: %s", batch.pk, error)  # tried again under the same key
    else:
        _mark_sent(batch, sent.batch_id)


def _line(item: PayoutItem) -> PayoutLine:
    note = f"Commission from {settings.BUSINESS['short_name']}"
    return PayoutLine(sender_item_id=str(item.pk), receiver_email=item.receiver or "", amount=item.total, note=note)


def _adopt(batch: PayoutBatch, paypal_batch_id: str | None) -> None:
    """PayPal had this run before: the answer was lost on its way, the money was not."""
    if paypal_batch_id:
        _mark_sent(batch, paypal_batch_id)
    else:
        PayoutBatch.objects.filter(pk=batch.pk).update(problem="PayPal has this run already; look up its number there.")


@transaction.atomic
def _mark_sent(batch: PayoutBatch, paypal_batch_id: str) -> None:
    marked = PayoutBatch.objects.filter(pk=batch.pk, state=State.APPROVED).update(
        state=State.SENT, paypal_batch_id=paypal_batch_id, sent_at=timezone.now(), problem=""
    )
    if marked:
        batch.items.filter(state=PayoutItem.State.QUEUED).update(state=PayoutItem.State.SENT)


@transaction.atomic
def _deny(batch: PayoutBatch, problem: str) -> None:
    denied = PayoutBatch.objects.filter(pk=batch.pk, state__in=PayoutBatch.OPEN).update(
        state=State.DENIED, problem=problem[:200], finished_at=timezone.now()
    )
    if denied:
        for item in batch.items.filter(state__in=PayoutItem.MOVING):
            give_back(item, state=PayoutItem.State.FAILED, error="refused with its run")


def follow_payout(*, batch: PayoutBatch) -> None:
    """Asks PayPal how each payout of a run stands, page by page. Raises `PayPalError`."""
    page, pages = 1, 1
    while page <= pages:
        answer = gateway().get_payout(batch.paypal_batch_id or "", page)
        pages = answer.total_pages
        _apply_page(batch, answer)
        page += 1
    # While PayPal still works on the run, it may yet deny it as a whole: its last payout's end is not the run's.
    if answer.status in ENDED and not batch.items.filter(state__in=PayoutItem.MOVING).exists():
        PayoutBatch.objects.filter(pk=batch.pk, state=State.SENT).update(
            state=State.FINISHED, finished_at=timezone.now()
        )


def _apply_page(batch: PayoutBatch, answer: PayoutPage) -> None:
    if answer.status is PayoutStatus.DENIED:
        _deny(batch, "PayPal denied the run")
    for remote in answer.items:
        apply_item_state(batch=batch, remote=remote)


def follow_open_payouts(*, now: datetime) -> int:
    """Sends what was never answered, and follows what is under way. Returns how many runs."""
    batches = list(PayoutBatch.objects.filter(state__in=PayoutBatch.OPEN))
    for batch in batches:
        try:
            _advance(batch, now)
        except PayPalError as error:
            logger.warning("payout run %s is still open: %s", batch.pk, error)
    return len(batches)


def _advance(batch: PayoutBatch, now: datetime) -> None:
    if batch.state == State.SENT:
        follow_payout(batch=batch)
    elif batch.approved_at and now - batch.approved_at < RESEND_FOR:
        send_payout.func(str(batch.pk))
    else:
        PayoutBatch.objects.filter(pk=batch.pk).update(problem="PayPal never answered: look this run up at PayPal.")
