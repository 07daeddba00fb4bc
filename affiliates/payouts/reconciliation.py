"""Reconciliation: ledger = commissions = payouts = PayPal, and refunds = reversals.

Each check is one statement over whole tables. Each sum is aggregated before it is joined: joining two lists of rows
would count each row as often as the other list is long.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.utils import timezone

from affiliates.models import LedgerCheck, PayoutItem, PayPalBatch
from affiliates.statistics.balances import DIFFERENCES
from privacy.registry.triggers import missing_triggers
from shop.models.reconciliation import COMPARE_FOR
from shop.money import Money
from shop.paypal.errors import Expired, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.turn import Turn
from shop.paypal.types import PayoutItemState, PayoutItemStatus

from .item_states import STATES, apply_item_state
from .proofs import head_differences

logger = logging.getLogger(__name__)

PAYPAL_LOOKBACK = COMPARE_FOR  # how far back payouts are compared with PayPal by default
LATE = timedelta(hours=2)  # after which a comparison that is due counts as missing
NIGHTLY = timedelta(hours=24)
SOON = timedelta(hours=1)  # so that an alert disappears soon after its cause


@dataclass(frozen=True)
class Check:
    """`sql` finds wrong rows; `text` describes one, with the columns by name."""

    text: str
    sql: str


# Amounts are minor units in columns that end in `_minor`, with a column `currency` next to them.
CHECKS = (
    Check(
        "Order {order_id} is paid and attributed to an affiliate, but has no commission.",
        """
        SELECT a.order_id FROM affiliates_attribution a
        JOIN shop_payment p ON p.order_id = a.order_id AND p.state IN ('paid', 'part_refunded', 'refunded')
        LEFT JOIN affiliates_commission c ON c.attribution_id = a.id
        WHERE c.id IS NULL
        """,
    ),
    Check(
        "Commission {id} was earned by order {order_id}, which is not paid.",
        """
        SELECT c.id, a.order_id FROM affiliates_commission c
        JOIN affiliates_attribution a ON a.id = c.attribution_id
        LEFT JOIN shop_payment p ON p.order_id = a.order_id AND p.state IN ('paid', 'part_refunded', 'refunded')
        WHERE p.id IS NULL
        """,
    ),
    Check(
        "Commission {id} is {amount_minor}, but by its rate and base it should be {due_minor}.",
        """
        SELECT id, amount_minor, due_minor, currency FROM (
            SELECT c.id, c.amount_minor, c.currency, CASE
                WHEN c.rate_flat_minor IS NULL THEN
                    (CAST(c.base_minor AS bigint) * CAST(ROUND(c.rate_percent * 100) AS bigint) + 5000) / 10000
                WHEN c.rate_flat_minor > c.base_minor THEN c.base_minor
                ELSE c.rate_flat_minor END AS due_minor
            FROM affiliates_commission c
        ) calculated WHERE amount_minor <> due_minor
        """,
    ),
    Check(
        "The rate of commission {id} differs from the one fixed when the order was placed.",
        """
        SELECT c.id FROM affiliates_commission c JOIN affiliates_attribution a ON a.id = c.attribution_id
        WHERE c.rate_percent IS DISTINCT FROM a.rate_percent OR c.rate_flat_minor IS DISTINCT FROM a.rate_flat_minor
        """,
    ),
    Check(
        "Payment {id} says that {told_minor} was refunded, but its refunds sum to {refunded_minor}.",
        """
        SELECT p.id, p.refunded_minor AS told_minor, COALESCE(r.total, 0) AS refunded_minor, p.currency
        FROM shop_payment p
        LEFT JOIN (
            SELECT payment_id, SUM(amount_minor) AS total FROM shop_refund WHERE state = 'completed' GROUP BY payment_id
        ) r ON r.payment_id = p.id
        WHERE p.refunded_minor <> COALESCE(r.total, 0)
        """,
    ),
    Check(
        "{reversed_minor} of commission {id} was reversed, but by the refunds it should be {due_minor}.",
        """
        SELECT id, reversed_minor, due_minor, currency FROM (
            SELECT c.id, c.reversed_minor, c.currency,
                (2 * CAST(c.amount_minor AS bigint) * p.refunded_minor + p.amount_minor)
                / (2 * NULLIF(p.amount_minor, 0)) AS due_minor
            FROM affiliates_commission c
            JOIN affiliates_attribution a ON a.id = c.attribution_id
            JOIN shop_payment p ON p.order_id = a.order_id AND p.state IN ('paid', 'part_refunded', 'refunded')
            WHERE c.state <> 'rejected'
        ) calculated WHERE reversed_minor <> due_minor
        """,
    ),
    Check(
        "Ledger entry {id} reverses or restores commission {commission_id} for refund {refund_id}, which is of another"
        " order or in another state.",
        """
        SELECT l.id, l.commission_id, l.refund_id FROM affiliates_ledgerentry l
        JOIN affiliates_commission c ON c.id = l.commission_id
        JOIN affiliates_attribution a ON a.id = c.attribution_id
        JOIN shop_refund r ON r.id = l.refund_id
        JOIN shop_payment p ON p.id = r.payment_id
        WHERE p.order_id <> a.order_id OR (l.kind = 'reversal' AND r.state NOT IN ('completed', 'reverted'))
            OR (l.kind = 'restored' AND r.state <> 'reverted')
        """,
    ),
    Check(
        "Commission {id} is {state} and should have {due_minor} in the ledger, but its entries sum to {entered_minor}.",
        """
        SELECT id, state, due_minor, entered_minor, currency FROM (
            SELECT c.id, c.state, c.currency, COALESCE(l.total, 0) AS entered_minor,
                CASE WHEN c.approved_at IS NULL THEN 0 ELSE c.amount_minor - c.reversed_minor END AS due_minor
            FROM affiliates_commission c
            LEFT JOIN (
                SELECT commission_id, SUM(amount_minor) AS total FROM affiliates_ledgerentry
                WHERE kind IN ('commission', 'reversal', 'restored') GROUP BY commission_id
            ) l ON l.commission_id = c.id
        ) booked WHERE due_minor <> entered_minor
        """,
    ),
    Check(
        "Ledger entry {id} has another affiliate or currency than its commission {commission_id}.",
        """
        SELECT l.id, l.commission_id FROM affiliates_ledgerentry l
        JOIN affiliates_commission c ON c.id = l.commission_id
        JOIN affiliates_attribution a ON a.id = c.attribution_id
        WHERE l.affiliate_id <> a.affiliate_id OR l.currency <> c.currency
        """,
    ),
    Check(
        "Ledger entry {id} has another affiliate or currency than its payout {payout_id}.",
        """
        SELECT l.id, i.id AS payout_id FROM affiliates_payoutitem i
        JOIN affiliates_payoutclaim k ON k.payout_id = i.id
        JOIN affiliates_ledgerentry l ON l.id = k.entry_id
        WHERE l.affiliate_id <> i.affiliate_id OR l.currency <> i.currency
        """,
    ),
    Check(
        "Payout {id} is {amount_minor}, but the ledger was debited {debited_minor} for it.",
        """
        SELECT i.id, i.amount_minor, COALESCE(l.total, 0) AS debited_minor, i.currency FROM affiliates_payoutitem i
        LEFT JOIN (
            SELECT payout_id, -SUM(amount_minor) AS total FROM affiliates_ledgerentry
            WHERE kind = 'payout' GROUP BY payout_id
        ) l ON l.payout_id = i.id
        WHERE i.amount_minor <> COALESCE(l.total, 0)
        """,
    ),
    Check(
        "The ledger entries that payout {id} claimed should sum to zero, but sum to {left_minor}.",
        """
        SELECT i.id, COALESCE(k.total, 0) AS left_minor, i.currency FROM affiliates_payoutitem i
        LEFT JOIN (
            SELECT claim.payout_id, SUM(entry.amount_minor) AS total FROM affiliates_payoutclaim claim
            JOIN affiliates_ledgerentry entry ON entry.id = claim.entry_id GROUP BY claim.payout_id
        ) k ON k.payout_id = i.id
        WHERE COALESCE(k.total, 0) <> 0 OR k.payout_id IS NULL
        """,
    ),
    Check(
        "Payout {id} is {state}, so {due_minor} should be back in the ledger, but {returned_minor} is.",
        """
        SELECT id, state, due_minor, returned_minor, currency FROM (
            SELECT i.id, i.state, i.currency, COALESCE(l.total, 0) AS returned_minor,
                CASE WHEN i.state IN ('failed', 'returned', 'blocked', 'reversed', 'cancelled')
                THEN i.amount_minor ELSE 0 END AS due_minor
            FROM affiliates_payoutitem i
            LEFT JOIN (
                SELECT payout_id, SUM(amount_minor) AS total FROM affiliates_ledgerentry
                WHERE kind = 'return' GROUP BY payout_id
            ) l ON l.payout_id = i.id
        ) booked WHERE due_minor <> returned_minor
        """,
    ),
    Check(
        "Commission {id} is {state}, but no payout has claimed it.",
        """
        SELECT c.id, c.state FROM affiliates_commission c
        JOIN affiliates_ledgerentry l ON l.commission_id = c.id AND l.kind = 'commission'
        LEFT JOIN affiliates_payoutclaim k ON k.entry_id = l.id
        WHERE c.state IN ('in_payout', 'paid') AND k.id IS NULL
        """,
    ),
    Check(
        "Commission {id} is marked as due, but payout {payout_id}, which is {payout_state}, has claimed it.",
        """
        SELECT c.id, i.id AS payout_id, i.state AS payout_state FROM affiliates_commission c
        JOIN affiliates_ledgerentry l ON l.commission_id = c.id AND l.kind = 'commission'
        JOIN affiliates_payoutclaim k ON k.entry_id = l.id
        JOIN affiliates_payoutitem i ON i.id = k.payout_id
        WHERE c.state = 'approved' AND i.state NOT IN ('failed', 'returned', 'blocked', 'reversed', 'cancelled')
        """,
    ),
    Check(
        "Commission {id} is {state}, but payout {payout_id} was returned, and no other has paid it since.",
        """
        SELECT c.id, c.state, i.id AS payout_id FROM affiliates_commission c
        JOIN affiliates_ledgerentry l ON l.commission_id = c.id AND l.kind = 'commission'
        JOIN affiliates_payoutclaim k ON k.entry_id = l.id
        JOIN affiliates_payoutitem i ON i.id = k.payout_id
            AND i.state IN ('failed', 'returned', 'blocked', 'reversed', 'cancelled')
        JOIN affiliates_ledgerentry back ON back.payout_id = i.id AND back.kind = 'return'
        LEFT JOIN affiliates_payoutclaim again ON again.entry_id = back.id
        WHERE c.state IN ('in_payout', 'paid') AND again.id IS NULL
        """,
    ),
    Check(
        "Payout run {id} was approved without a published head.",
        """
        SELECT r.id FROM affiliates_payoutrun r
        LEFT JOIN affiliates_payouthead h ON h.run_id = r.id
        WHERE r.approved_at IS NOT NULL AND h.number IS NULL
        """,
    ),
    Check(
        "The balance of {bucket} for affiliate {affiliate_id} is {amount_minor} and {entry_count} entries more than"
        " the sum of its entries; rebuild_rollups corrects it.",
        DIFFERENCES,
    ),
)


def first_difference(*, paypal_since: datetime | None) -> str:
    """The first difference, as a sentence with its ids; empty if everything agrees.

    Asks PayPal about the runs sent since `paypal_since`, or not at all if it is None. Raises `PayPalError` if nothing
    differs but PayPal could not be asked about all of them: what was not compared is not a difference.
    """
    return next(_all_differences(paypal_since), "")


def _all_differences(paypal_since: datetime | None) -> Iterator[str]:
    yield from _missing_triggers()
    for check in CHECKS:
        yield from _violations(check)
    yield from head_differences()
    if paypal_since is not None:
        yield from _differences_at_paypal(paypal_since)


def _missing_triggers() -> Iterator[str]:
    for trigger in missing_triggers(connection, apps.get_app_config("affiliates").get_models()):
        yield f"The database no longer protects the ledger: the trigger {trigger} is missing."


def _violations(check: Check) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{check.sql} LIMIT 1")
        row = cursor.fetchone()
        if row is not None:
            names = [column[0] for column in cursor.description]
            yield check.text.format_map(_format_row(dict(zip(names, row, strict=True))))


def _format_row(row: dict[str, Any]) -> dict[str, Any]:
    """Amounts with their currency, and ids in their usual form: SQLite returns them without hyphens."""
    currency = row.get("currency", "")
    return {name: _format_value(name, value, currency) for name, value in row.items()}


def _format_value(name: str, value: Any, currency: str) -> Any:
    if name.endswith("_minor"):
        return Money(int(Decimal(value)), currency)
    if name == "id" or name.endswith("_id"):
        return value if isinstance(value, UUID) else UUID(value)
    return value


def _differences_at_paypal(since: datetime) -> Iterator[str]:
    """Compares every batch now, also after a difference: what PayPal tells of the others is recorded all the same."""
    unanswered: PayPalError | None = None
    differences = []
    sent = PayPalBatch.objects.filter(paypal_batch_id__isnull=False, first_sent_at__gte=since)
    for batch in sent.select_related("run").order_by("first_sent_at"):
        try:
            differences.append(compare_batch(batch, now=timezone.now()))
        except PayPalError as error:
            unanswered = error
    yield from filter(None, differences)
    if unanswered is not None:
        raise unanswered


def compare_payouts(*, now: datetime) -> int:
    """Compares the payouts of each batch with PayPal daily, after a difference hourly, as far as one turn goes. Returns
    how many batches."""
    turn, compared = Turn(), 0
    for batch in turn.take(PayPalBatch.objects.to_compare(now).select_related("run").longest_unasked_first()):
        PayPalBatch.objects.filter(pk=batch.pk).update(asked_at=now)
        with turn.ask(f"payout {batch.pk}"):
            compare_batch(batch, now=now)
            compared += 1
    return compared


def compare_batch(batch: PayPalBatch, *, now: datetime) -> str:
    """Records what became of each payout at PayPal, as its webhook would have, and stores and returns the first
    difference that is left. Raises `PayPalError`.

    No transaction and no lock is held while PayPal answers.
    """
    try:
        found = list(_compare_items(batch, list(_remote_items(batch))))
    except Expired:
        found = [f"PayPal does not know {batch} ({batch.pk}) of {batch.run}."]
    first = found[0] if found else ""
    PayPalBatch.objects.filter(pk=batch.pk).update(compared_at=now, difference=first[:300])
    return first


def _remote_items(batch: PayPalBatch) -> Iterator[PayoutItemState]:
    page, pages = 1, 1
    while page <= pages:
        answer = gateway().get_payout(batch.paypal_batch_id or "", page)
        yield from answer.items
        pages, page = answer.total_pages, page + 1


def _compare_items(batch: PayPalBatch, remote: list[PayoutItemState]) -> Iterator[str]:
    """What PayPal lists without our id is matched by PayPal's own."""
    theirs = {item.id: item for item in remote}
    by_our_number = {item.sender_item_id: item.id for item in remote if item.sender_item_id}
    for item in batch.items.all():
        found = theirs.pop(by_our_number.get(str(item.pk)) or item.paypal_item_id or "", None)
        if found is None and item.state in PayoutItem.RETURNED_STATES and item.paypal_item_id is None:
            continue  # left out before the run was sent
        if found is None:
            yield f"Payout {item.pk} of {item.total} is {item.state} here, and PayPal does not know it."
        elif found.amount != item.total:
            yield f"Payout {item.pk} is {item.total} here and {found.amount} at PayPal."
        elif not _agrees(item, found) and _contradicts(item, latest := _refresh_from_paypal(item, found)):
            yield f"Payout {item.pk} is {item.state} here and {latest.status.value} at PayPal."
    for unknown in theirs.values():
        shown = f"{unknown.amount} as {unknown.id}, {unknown.status.value}"
        yield f"PayPal lists {shown}, in {batch} ({batch.pk}), which is not in our ledger."


def _refresh_from_paypal(item: PayoutItem, found: PayoutItemState) -> PayoutItemState:
    """Applies PayPal's current state, as a webhook would, and reloads ours: either may have changed while the other was
    read. PayPal sends no webhook when it reverses a payout, and a webhook may be lost."""
    latest = gateway().get_payout_item(found.id)
    apply_item_state(run=item.run, remote=latest)
    item.refresh_from_db(fields=["state"])
    return latest


def _agrees(item: PayoutItem, found: PayoutItemState) -> bool:
    denied = item.state == PayoutItem.State.CANCELLED and found.status is PayoutItemStatus.FAILED
    state = STATES.get(found.status)
    return denied or state == item.state or (state is None and item.state in PayoutItem.IN_PROGRESS)


def _contradicts(item: PayoutItem, found: PayoutItemState) -> bool:
    """A payout in progress here is merely behind, and is followed up; a final state that PayPal does not confirm is a
    contradiction."""
    return item.state not in PayoutItem.IN_PROGRESS and not _agrees(item, found)


def reconcile_ledger(*, now: datetime, paypal: bool = True) -> LedgerCheck:
    """Compares everything that can be compared now, and keeps the result for staff."""
    try:
        difference = first_difference(paypal_since=now - PAYPAL_LOOKBACK if paypal else None)
    except PayPalError as error:
        logger.warning("payouts could not be compared with PayPal: %s", error)
        difference, paypal = "", False
    return LedgerCheck.objects.create(checked_at=now, difference=difference[:400], paypal=paypal)


def reconcile_ledger_nightly(*, now: datetime) -> int:
    """Daily, or hourly while something differs or PayPal does not answer. Returns how many were made.

    Asks PayPal nothing: `compare_payouts` did, and its results count.
    """
    last = last_check()
    if last is not None and now - last.checked_at < (NIGHTLY if last.agrees and last.paypal else SOON):
        return 0
    differing = PayPalBatch.objects.exclude(difference="").filter(first_sent_at__gte=now - PAYPAL_LOOKBACK)
    at_paypal = differing.order_by("pk").values_list("difference", flat=True).first()
    difference = first_difference(paypal_since=None) or at_paypal or ""
    paypal = not PayPalBatch.objects.to_compare(now - LATE).exists()
    LedgerCheck.objects.create(checked_at=now, difference=difference[:400], paypal=paypal)
    return 1


def last_check() -> LedgerCheck | None:
    return LedgerCheck.objects.order_by("-checked_at").first()
