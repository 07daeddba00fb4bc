"""A payout run for ten thousand affiliates with ten ledger entries each: previewed, prepared, canceled, and the ledger
verified. `PAYING_AFFILIATES` reduces the number.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.db import connection

from accounts.models import User
from affiliates.models import LedgerEntry, PayoutRun
from affiliates.payouts.preview import preview_payout
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import cancel_payout, prepare_payout
from shop.money import program_currency

from .payout_rows import LINES, add_affiliates
from .timing import Ratio, seconds

AFFILIATES = int(os.environ.get("PAYING_AFFILIATES", "10_000"))
PREPARED_WITHIN, CANCELED_WITHIN = 10.0, 3.0  # seconds on two cores
TRIGGERS = (
    "The update of 20,000 commissions takes PostgreSQL 1.3 s, 0.7 s of it in their triggers, which check each change"
    " of state and keep the balances."
)


def measure() -> Iterator[Ratio]:
    bob = User.objects.create_superuser("paying@example.org", None)
    add_affiliates(AFFILIATES)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    looking = seconds(lambda: preview_payout(currency=program_currency()))
    statements = Counter[str]()
    with connection.execute_wrapper(partial(_count, statements)):
        preparing = seconds(lambda: prepare_payout(currency=program_currency(), actor=bob))
    run = PayoutRun.objects.get()
    if run.items.count() != AFFILIATES or LedgerEntry.objects.unclaimed().exists():
        raise RuntimeError("not everybody is in the run")
    canceling = seconds(lambda: cancel_payout(run=run))
    comparing = seconds(_compare)
    yield Ratio(
        f"preparing a payout run of {AFFILIATES:,} affiliates, {AFFILIATES * LINES:,} ledger lines",
        preparing,
        PREPARED_WITHIN,
        at_least=False,
        unit="s",
        detail=f"{statements.total()} statements; preview {looking:.1f} s,"
        f" verify_ledger {comparing:.1f} s over {LedgerEntry.objects.count():,} lines",
        obstacle=f"{TRIGGERS} It checks the foreign keys of 130,000 rows in 0.9 s, when the run is committed.",
    )
    yield Ratio(
        f"canceling that run of {AFFILIATES:,}",
        canceling,
        CANCELED_WITHIN,
        at_least=False,
        unit="s",
        obstacle=TRIGGERS,
    )


def _count(statements: Counter[str], execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    statements[sql.split(None, 1)[0]] += 1
    return execute(sql, *rest)


def _compare() -> None:
    if difference := first_difference(paypal_since=None):
        raise RuntimeError(difference)
