"""Payout runs: prepare (claims what is due, once), approve (by a second person), or cancel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from affiliates.currencies import minimum_payout
from affiliates.models import Commission, LedgerEntry, PayoutClaim, PayoutItem, PayoutRun, PayPalBatch
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.four_eyes import acts_alone
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record, record_many

from .eligibility import IneligiblePayout, ineligible_payouts
from .item_states import LEFT_OUT, book_entries, release_ineligible, release_rows
from .preview import PayoutCandidate, preview_payout
from .proofs import publish_head, trees_of
from .sending import send_payout

if TYPE_CHECKING:
    from accounts.models import User

State = PayoutRun.State
BATCH_SIZE = 500  # payouts per PayPal call
ROWS = 1000  # rows per statement
CLAIM = "INSERT INTO affiliates_payoutclaim (entry_id, payout_id) "
PERMISSION = "affiliates.approve_payout"


def prepare_payout(*, currency: str, actor: User, method: str = PayoutRun.Method.PAYPAL) -> PayoutRun:
    """Claims everything that is due and sums it per affiliate. Nothing is sent yet. Raises `PayoutRefused`."""
    try:
        return _prepare_run(currency, actor, method)
    except IntegrityError as error:
        raise ActionRefused("Another run was prepared at the same time. Please check that one.") from error


@transaction.atomic
def _prepare_run(currency: str, actor: User, method: str) -> PayoutRun:
    candidates = preview_payout(currency=currency).paid
    if not candidates:
        raise ActionRefused(f"Nobody has {minimum_payout(currency)} or more due and a valid PayPal address.")
    run = PayoutRun.objects.create(currency=currency, method=method, prepared_by=actor)
    items = PayoutItem.objects.bulk_create(_new_payouts(run, candidates), batch_size=ROWS)
    book_entries(LedgerEntry.Kind.PAYOUT, [item.pk for item in items], at=timezone.now())
    _claim_entries(run)
    _claim_commissions(run)
    record(action="affiliates.payout.prepared", about=run, actor=actor)
    return run


def _new_payouts(run: PayoutRun, candidates: list[PayoutCandidate]) -> Iterator[PayoutItem]:
    """A payout per affiliate, in batches as large as PayPal accepts; a manual run has no batches."""
    for start in range(0, len(candidates), BATCH_SIZE):
        batch = None if run.is_manual else PayPalBatch.objects.create(run=run)
        yield from (_new_payout(run, batch, candidate) for candidate in candidates[start : start + BATCH_SIZE])


def _new_payout(run: PayoutRun, batch: PayPalBatch | None, candidate: PayoutCandidate) -> PayoutItem:
    return PayoutItem(
        run=run,
        batch=batch,
        affiliate=candidate.affiliate,
        amount_minor=candidate.due_minor,
        currency=run.currency,
        receiver=candidate.affiliate.payout_email,
    )


def _claim_entries(run: PayoutRun) -> None:
    """Claims every payable entry of the run's affiliates, including the run's own debits, which bring them to zero.

    The database allows an entry to be claimed once, so of two runs that compete for an entry one fails as a whole.
    """
    payable = LedgerEntry.objects.payable().filter(currency=run.currency, affiliate__payouts__run=run).order_by("pk")
    select, values = payable.values_list("pk", "affiliate__payouts").query.sql_with_params()
    with connection.cursor() as cursor:  # a hundred thousand ids never leave the database
        cursor.execute(CLAIM + select, values)
    claimed = PayoutClaim.objects.filter(payout__run=run).order_by().values("payout")
    if claimed.annotate(sum=Sum("entry__amount_minor")).exclude(sum=0).exists():
        raise ActionRefused("A ledger entry was added in the meantime. Please prepare the run again.")


def _claim_commissions(run: PayoutRun) -> None:
    commissions = PayoutItem.objects.filter(run=run).commissions()
    commissions.approved().update(state=Commission.State.IN_PAYOUT)
    if commissions.in_payout().held().exists():  # a flag was raised in the meantime
        raise ActionRefused("A commission was held in the meantime. Please prepare the run again.")


@transaction.atomic
def approve_payout(*, run: PayoutRun, actor: User) -> list[IneligiblePayout]:
    """Approves a run without the payouts that may no longer be made. Returns those; their money is due again.

    If two people may approve, the second one has to. A run with no payouts left is canceled. The head of the run is
    published with all of its payouts. Raises `PayoutRefused`.
    """
    is_own, refusal = run.prepared_by_id == actor.pk, "You prepared this run, so a colleague has to approve it."
    alone = acts_alone(actor, is_own=is_own, permission=PERMISSION, refusal=refusal)
    approved = PayoutRun.objects.filter(pk=run.pk, state=State.PREPARED).update(
        state=State.APPROVED, approved_by=actor, approved_at=timezone.now(), approved_alone=alone
    )
    if not approved:
        raise ActionRefused("This run is not waiting for approval.")
    trees = trees_of(run)
    for own in run.items.filter(affiliate__user=actor).select_related("affiliate"):
        leave_to_a_colleague(own.affiliate, actor=actor, permission=PERMISSION)
    ineligible = ineligible_payouts(run.items.in_progress().select_for_update(of=("self",)).select_related("affiliate"))
    release_ineligible(ineligible)
    if not run.items.in_progress().exists():
        PayoutRun.objects.filter(pk=run.pk).update(state=State.CANCELLED, finished_at=timezone.now())
    elif not run.is_manual:
        send_payout.enqueue(str(run.pk))
    record_many(action=LEFT_OUT, about=[one.item for one in ineligible], actor=actor)
    record(action="affiliates.payout.approved", about=run, actor=actor)
    publish_head(run, trees, now=timezone.now())
    return ineligible


@transaction.atomic
def cancel_payout(*, run: PayoutRun, actor: User | None = None) -> None:
    """Cancels a run before it is approved; its money is due again. Raises `PayoutRefused`."""
    cancelled = PayoutRun.objects.filter(pk=run.pk, state=State.PREPARED).update(
        state=State.CANCELLED, finished_at=timezone.now()
    )
    if not cancelled:
        raise ActionRefused("Only a run that waits for approval can be canceled.")
    release_rows(run.items.in_progress(), state=PayoutItem.State.CANCELLED, error="canceled by staff")
    record(action="affiliates.payout.cancelled", about=run, actor=actor)
