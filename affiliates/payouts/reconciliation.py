"""Do the books agree: ledger = commissions = payouts = PayPal, and what was refunded = what was taken back?

Each question is one statement over whole tables, in which every sum is formed on its own before it is joined: a join of
two lists of lines would count each line as often as the other list is long.
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

from affiliates.models import LedgerCheck, PayoutItem, PayoutParcel
from affiliates.statistics.balances import DIFFERENCES
from privacy.registry.triggers import missing_triggers
from shop.money import Money
from shop.paypal.errors import Expired, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.types import PayoutItemState, PayoutItemStatus

from .item_states import STATES, apply_item_state

logger = logging.getLogger(__name__)

AT_PAYPAL_FOR = timedelta(days=30)  # how far back PayPal is asked by default
KEPT = timedelta(days=365)  # results of the comparison
NIGHTLY = timedelta(hours=24)
SOON = timedelta(hours=1)  # so that an alarm goes soon after its reason


@dataclass(frozen=True)
class Question:
    """`sql` finds rows that are not as they should be; `text` tells of one, with the columns by their names."""

    text: str
    sql: str


# The order of the columns is free; amounts are minor units and end in `_minor`, with a column `currency` beside them.
QUESTIONS = (
    Question(
        "Order {order_id} is paid and was brought by an affiliate, but has no commission.",
        """
        SELECT a.order_id FROM affiliates_attribution a
        JOIN shop_payment p ON p.order_id = a.order_id AND p.state IN ('paid', 'part_refunded', 'refunded')
        LEFT JOIN affiliates_commission c ON c.attribution_id = a.id
        WHERE c.id IS NULL
        """,
    ),
    Question(
        "Commission {id} was earned by order {order_id}, which is not paid.",
        """
        SELECT c.id, a.order_id FROM affiliates_commission c
        JOIN affiliates_attribution a ON a.id = c.attribution_id
        LEFT JOIN shop_payment p ON p.order_id = a.order_id AND p.state IN ('paid', 'part_refunded', 'refunded')
        WHERE p.id IS NULL
        """,
    ),
    Question(
        "Commission {id} is {amount_minor}, but its rate and its base make {due_minor}.",
        """
        SELECT id, amount_minor, due_minor, currency FROM (
            SELECT c.id, c.amount_minor, c.currency, CASE
                WHEN c.rate_flat_minor IS NULL THEN
                    (CAST(c.base_minor AS bigint) * CAST(ROUND(c.rate_percent * 100) AS bigint) + 5000) / 10000
                WHEN c.rate_flat_minor > c.base_minor THEN c.base_minor
                ELSE c.rate_flat_minor END AS due_minor
            FROM affiliates_commission c
        ) reckoned WHERE amount_minor <> due_minor
        """,
    ),
    Question(
        "Commission {id} has another rate than the one that was fixed when the order was placed.",
        """
        SELECT c.id FROM affiliates_commission c JOIN affiliates_attribution a ON a.id = c.attribution_id
        WHERE c.rate_percent IS DISTINCT FROM a.rate_percent OR c.rate_flat_minor IS DISTINCT FROM a.rate_flat_minor
        """,
    ),
    Question(
        "Payment {id} says that {told_minor} was refunded, but its refunds are {refunded_minor}.",
        """
        SELECT p.id, p.refunded_minor AS told_minor, COALESCE(r.total, 0) AS refunded_minor, p.currency
        FROM shop_payment p
        LEFT JOIN (
            SELECT payment_id, SUM(amount_minor) AS total FROM shop_refund WHERE state = 'completed' GROUP BY payment_id
        ) r ON r.payment_id = p.id
        WHERE p.refunded_minor <> COALESCE(r.total, 0)
        """,
    ),
    Question(
        "Of commission {id}, {reversed_minor} was taken back; by what was refunded it should be {due_minor}.",
        """
        SELECT id, reversed_minor, due_minor, currency FROM (
            SELECT c.id, c.reversed_minor, c.currency,
                (2 * CAST(c.amount_minor AS bigint) * p.refunded_minor + p.amount_minor) / (2 * p.amount_minor)
                AS due_minor
            FROM affiliates_commission c
            JOIN affiliates_attribution a ON a.id = c.attribution_id
            JOIN shop_payment p ON p.order_id = a.order_id AND p.state IN ('paid', 'part_refunded', 'refunded')
            WHERE c.state <> 'rejected'
        ) reckoned WHERE reversed_minor <> due_minor
        """,
    ),
    Question(
        "Ledger line {id} takes or gives back commission {commission_id} for refund {refund_id} of another order, or"
        " for one that is not booked like that.",
        """
        SELECT l.id, l.commission_id, l.refund_id FROM affiliates_ledgerentry l
        JOIN affiliates_commission c ON c.id = l.commission_id
        JOIN affiliates_attribution a ON a.id = c.attribution_id
        JOIN shop_refund r ON r.id = l.refund_id
        JOIN shop_payment p ON p.id = r.payment_id
        WHERE p.order_id <> a.order_id OR (l.kind = 'reversal' AND r.state NOT IN ('completed', 'undone'))
            OR (l.kind = 'restored' AND r.state <> 'undone')
        """,
    ),
    Question(
        "Commission {id} is {state} and should stand in the ledger with {due_minor}, but its lines there sum to"
        " {entered_minor}.",
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
    Question(
        "Ledger line {id} is of another affiliate or in another currency than its commission {commission_id}.",
        """
        SELECT l.id, l.commission_id FROM affiliates_ledgerentry l
        JOIN affiliates_commission c ON c.id = l.commission_id
        JOIN affiliates_attribution a ON a.id = c.attribution_id
        WHERE l.affiliate_id <> a.affiliate_id OR l.currency <> c.currency
        """,
    ),
    Question(
        "Ledger line {id} is of another affiliate or in another currency than its payout {payout_id}.",
        """
        SELECT l.id, i.id AS payout_id FROM affiliates_payoutitem i
        JOIN affiliates_payoutclaim k ON k.payout_id = i.id
        JOIN affiliates_ledgerentry l ON l.id = k.entry_id
        WHERE l.affiliate_id <> i.affiliate_id OR l.currency <> i.currency
        """,
    ),
    Question(
        "Payout {id} is {amount_minor}, but the ledger was debited with {debited_minor} for it.",
        """
        SELECT i.id, i.amount_minor, COALESCE(l.total, 0) AS debited_minor, i.currency FROM affiliates_payoutitem i
        LEFT JOIN (
            SELECT payout_id, -SUM(amount_minor) AS total FROM affiliates_ledgerentry
            WHERE kind = 'payout' GROUP BY payout_id
        ) l ON l.payout_id = i.id
        WHERE i.amount_minor <> COALESCE(l.total, 0)
        """,
    ),
    Question(
        "The ledger lines that payout {id} took up should sum to nothing, but sum to {left_minor}.",
        """
        SELECT i.id, COALESCE(k.total, 0) AS left_minor, i.currency FROM affiliates_payoutitem i
        LEFT JOIN (
            SELECT claim.payout_id, SUM(entry.amount_minor) AS total FROM affiliates_payoutclaim claim
            JOIN affiliates_ledgerentry entry ON entry.id = claim.entry_id GROUP BY claim.payout_id
        ) k ON k.payout_id = i.id
        WHERE COALESCE(k.total, 0) <> 0 OR k.payout_id IS NULL
        """,
    ),
    Question(
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
    Question(
        "Commission {id} is {state}, but no payout has taken it up.",
        """
        SELECT c.id, c.state FROM affiliates_commission c
        JOIN affiliates_ledgerentry l ON l.commission_id = c.id AND l.kind = 'commission'
        LEFT JOIN affiliates_payoutclaim k ON k.entry_id = l.id
        WHERE c.state IN ('in_payout', 'paid') AND k.id IS NULL
        """,
    ),
    Question(
        "Commission {id} is said to be due, but payout {payout_id}, which is {payout_state}, has taken it up.",
        """
        SELECT c.id, i.id AS payout_id, i.state AS payout_state FROM affiliates_commission c
        JOIN affiliates_ledgerentry l ON l.commission_id = c.id AND l.kind = 'commission'
        JOIN affiliates_payoutclaim k ON k.entry_id = l.id
        JOIN affiliates_payoutitem i ON i.id = k.payout_id
        WHERE c.state = 'approved' AND i.state NOT IN ('failed', 'returned', 'blocked', 'reversed', 'cancelled')
        """,
    ),
    Question(
        "Commission {id} is {state}, but payout {payout_id} came back, and nothing has paid it since.",
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
    Question(
        "The running sum of what is {what} for affiliate {affiliate_id} is {amount_minor} and {number} lines more than"
        " the lines themselves come to; rebuild_rollups sets it right.",
        DIFFERENCES,
    ),
)


def first_difference(*, paypal_since: datetime | None) -> str:
    """The first thing that does not agree, in a sentence with its ids; nothing when all agrees.

    PayPal is asked about the runs that were sent since `paypal_since`; not at all without it. Raises `PayPalError`
    where nothing differs and PayPal can't be asked about all of them: what was not compared is no difference.
    """
    return next(_differences(paypal_since), "")


def _differences(paypal_since: datetime | None) -> Iterator[str]:
    yield from _unguarded()
    for question in QUESTIONS:
        yield from _answers(question)
    if paypal_since is not None:
        yield from _at_paypal(paypal_since)


def _unguarded() -> Iterator[str]:
    for trigger in missing_triggers(connection, apps.get_app_config("affiliates").get_models()):
        yield f"The database no longer guards the books: the trigger {trigger} is gone."


def _answers(question: Question) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{question.sql} LIMIT 1")
        row = cursor.fetchone()
        if row is not None:
            names = [column[0] for column in cursor.description]
            yield question.text.format_map(_readable(dict(zip(names, row, strict=True))))


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """Amounts with their currency, and ids as they are written elsewhere: SQLite gives them without hyphens."""
    currency = row.get("currency", "")
    return {name: _value(name, value, currency) for name, value in row.items()}


def _value(name: str, value: Any, currency: str) -> Any:
    if name.endswith("_minor"):
        return Money(int(Decimal(value)), currency)
    if name == "id" or name.endswith("_id"):
        return value if isinstance(value, UUID) else UUID(value)
    return value


def _at_paypal(since: datetime) -> Iterator[str]:
    """No transaction and no lock is held while PayPal answers."""
    unanswered: PayPalError | None = None
    sent = PayoutParcel.objects.filter(paypal_batch_id__isnull=False, first_sent_at__gte=since)
    for parcel in sent.select_related("batch").order_by("first_sent_at").iterator():
        try:
            remote = list(_remote_items(parcel))
        except Expired:
            yield f"PayPal does not know {parcel} ({parcel.pk}) of {parcel.batch}."
        except PayPalError as error:
            unanswered = error
        else:
            yield from _compare(parcel, remote)
    if unanswered is not None:
        raise unanswered


def _remote_items(parcel: PayoutParcel) -> Iterator[PayoutItemState]:
    page, pages = 1, 1
    while page <= pages:
        answer = gateway().get_payout(parcel.paypal_batch_id or "", page)
        yield from answer.items
        pages, page = answer.total_pages, page + 1


def _compare(parcel: PayoutParcel, remote: list[PayoutItemState]) -> Iterator[str]:
    """What PayPal shows without our number is known by PayPal's own."""
    theirs = {item.id: item for item in remote}
    by_our_number = {item.sender_item_id: item.id for item in remote if item.sender_item_id}
    for item in parcel.items.all():
        found = theirs.pop(by_our_number.get(str(item.pk)) or item.paypal_item_id or "", None)
        if found is None and item.state in PayoutItem.CAME_BACK and item.paypal_item_id is None:
            continue  # it was left out before the run was sent
        if found is None:
            yield f"Payout {item.pk} of {item.total} is {item.state} here, and PayPal does not know it."
        elif found.amount != item.total:
            yield f"Payout {item.pk} is {item.total} here and {found.amount} at PayPal."
        elif _contradict(item, found) and _contradict(item, latest := _catch_up(item, found)):
            yield f"Payout {item.pk} is {item.state} here and {latest.status.value} at PayPal."
    for unknown in theirs.values():
        shown = f"{unknown.amount} as {unknown.id}, {unknown.status.value}"
        yield f"PayPal shows {shown}, in {parcel} ({parcel.pk}), which is not in our books."


def _catch_up(item: PayoutItem, found: PayoutItemState) -> PayoutItemState:
    """Books what PayPal says by now, as a message from it would, and reads again what is here: one of the two may have
    moved while the other was read, and PayPal tells nobody that it reversed a payout."""
    latest = gateway().get_payout_item(found.id)
    apply_item_state(batch=item.batch, remote=latest)
    item.refresh_from_db(fields=["state"])
    return latest


def _contradict(item: PayoutItem, found: PayoutItemState) -> bool:
    """What is still moving here is merely behind, and followed up; an end that PayPal does not confirm is not."""
    ended = item.state == PayoutItem.State.PAID or item.state in PayoutItem.CAME_BACK
    denied = item.state == PayoutItem.State.CANCELLED and found.status is PayoutItemStatus.FAILED
    return ended and not denied and STATES.get(found.status) != item.state


def check_books(*, now: datetime, paypal: bool = True) -> LedgerCheck:
    """Compares everything that can be compared just now, and keeps the result for staff."""
    try:
        difference = first_difference(paypal_since=now - AT_PAYPAL_FOR if paypal else None)
    except PayPalError as error:
        logger.warning("payouts could not be compared with PayPal: %s", error)
        difference, paypal = "", False
    LedgerCheck.objects.filter(checked_at__lt=now - KEPT).delete()
    return LedgerCheck.objects.create(checked_at=now, difference=difference[:400], paypal=paypal)


def check_books_nightly(*, now: datetime) -> int:
    """Once in 24 hours, once an hour while something differs or PayPal does not answer. Returns how many were made."""
    last = last_check()
    if last is not None and now - last.checked_at < (NIGHTLY if last.agrees and last.paypal else SOON):
        return 0
    check_books(now=now)
    return 1


def last_check() -> LedgerCheck | None:
    return LedgerCheck.objects.order_by("-checked_at").first()
