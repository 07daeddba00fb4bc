"""Concurrent runs pay once, and so does a run killed at any point: real processes, database and PayPal stand-in."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections import Counter
from contextlib import closing, suppress
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, LedgerEntry, PayoutItem, PayoutRun, PayPalBatch
from affiliates.payouts.reconciliation import PAYPAL_LOOKBACK, first_difference
from affiliates.payouts.runs import approve_payout, prepare_payout
from affiliates.payouts.sending import follow_open_payouts, send_payout
from privacy.admin_base.refusals import ActionRefused
from privacy.models import OutgoingMail
from shop.models import Product
from shop.paypal.gateway import gateway
from shop.paypal.types import PayoutStatus
from tests import factories
from tests.affiliates.sales import approved_sale
from tests.paypal_standin.receiver import eventually
from tests.samples import some_of
from tests.shop.processes.crash_points import unwatched
from tests.standin_process import Standin
from tests.worker import run_due_tasks

from .forks import run_at_once, run_in_a_process

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TWENTY = 20


@pytest.fixture
def affiliates(product: Product, monkeypatch: pytest.MonkeyPatch) -> list[Affiliate]:
    """Three, who are paid in two batches. Their addresses are their own in each test: PayPal remembers."""
    monkeypatch.setattr("affiliates.payouts.runs.BATCH_SIZE", 2)
    number = str(factories.user("x@example.com").pk)[-8:]
    return [factories.affiliate(f"{name}-{number}@example.com", name.upper()) for name in ("ann", "ben", "cem")]


def sell(affiliates: list[Affiliate], product: Product) -> None:
    for affiliate in affiliates:
        approved_sale(affiliate, product)
    run_due_tasks()  # the mails, which are no step of a payout


def pay_what_is_due(paypal: Standin, staff: User) -> None:
    """A day of staff and worker, which also finishes what an earlier one left."""
    run = PayoutRun.objects.filter(state=PayoutRun.State.PREPARED).first()
    if run is None and LedgerEntry.objects.unclaimed().exists():
        run = prepare_payout(currency="USD", actor=staff)
    if run is not None:
        approve_payout(run=run, actor=staff)
    run_due_tasks()
    if PayPalBatch.objects.filter(state=PayPalBatch.State.WAITING).exists():
        follow_open_payouts(now=timezone.now())  # sends what a worker that died has left
    with unwatched():
        let_paypal_pay(paypal)
    follow_open_payouts(now=timezone.now())


def changes_something(step: str) -> bool:
    """Calls, commits and statements that commit by themselves; behind a commit nothing lasts before the next step."""
    return "BEGIN" not in step and "SAVEPOINT" not in step and "after commit" not in step


def let_paypal_pay(paypal: Standin) -> None:
    paypal.advance(5)
    eventually(lambda: all(_is_worked_off(batch) for batch in PayPalBatch.objects.filter(state="sent")))


def _is_worked_off(batch: PayPalBatch) -> bool:
    return gateway().get_payout(batch.paypal_batch_id or "").status is PayoutStatus.SUCCESS


def paid_at_paypal(paypal: Standin, affiliates: list[Affiliate]) -> Counter[str]:
    """What PayPal paid to each of their addresses, by its own books."""
    with closing(sqlite3.connect(f"file:{paypal.data_dir / 'standin.sqlite3'}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT request, amount FROM paypal_standin_item WHERE status = 'SUCCESS'").fetchall()
    sums: Counter[str] = Counter()
    for request, amount in rows:
        sums[json.loads(request)["receiver"]] += round(Decimal(str(amount)) * 100)
    return Counter({owner.payout_email or "": sums[owner.payout_email] for owner in affiliates})


def assert_paid_once(paypal: Standin, affiliates: list[Affiliate]) -> None:
    earned = (
        LedgerEntry.objects.filter(kind="commission").order_by().values_list("affiliate").annotate(Sum("amount_minor"))
    )
    booked = PayoutItem.objects.filter(state="paid").order_by().values_list("affiliate").annotate(Sum("amount_minor"))
    assert dict(booked) == dict(earned)
    addresses = {affiliate.pk: affiliate.payout_email for affiliate in affiliates}
    assert paid_at_paypal(paypal, affiliates) == {addresses[owner]: amount for owner, amount in earned}
    assert first_difference(paypal_since=timezone.now() - PAYPAL_LOOKBACK) == ""
    mails = OutgoingMail.objects.filter(kind="affiliates/paid_out").count()
    assert mails == PayoutItem.objects.filter(state="paid").count() == PayoutItem.objects.count()


def test_run_killed_at_any_point_pays_once(
    paypal: Standin, affiliates: list[Affiliate], product: Product, bob: User, tmp_path: Path
) -> None:
    work = partial(pay_what_is_due, paypal, bob)
    sell(affiliates, product)
    end, steps = run_in_a_process(work, tmp_path)
    assert end == 0
    assert_paid_once(paypal, affiliates)
    assert sum("before PayPal create_payout" in step for step in steps) == 2
    assert any("before PayPal get_payout" in step for step in steps)
    assert sum("before commit" in step for step in steps) > 5
    for step in some_of(filter(changes_something, steps), 12):
        sell(affiliates, product)
        end, _ = run_in_a_process(work, tmp_path, die_at=step)
        assert end == -signal.SIGKILL, step
        pay_what_is_due(paypal, bob)
        assert_paid_once(paypal, affiliates)


def test_twenty_concurrent_runs_pay_once(
    paypal: Standin, affiliates: list[Affiliate], product: Product, bob: User
) -> None:
    for _ in range(2):
        sell(affiliates, product)

    def race() -> None:
        with suppress(ActionRefused):
            prepare_payout(currency="USD", actor=bob)
        for run in PayoutRun.objects.all():
            with suppress(ActionRefused):
                approve_payout(run=run, actor=bob)
            send_payout.func(str(run.pk))
        follow_open_payouts(now=timezone.now())

    assert run_at_once(race, TWENTY) == [0] * TWENTY
    assert PayoutRun.objects.count() == 1
    assert [item.amount_minor for item in PayoutItem.objects.all()] == [2 * 1799] * 3
    let_paypal_pay(paypal)

    assert run_at_once(lambda: follow_open_payouts(now=timezone.now()), TWENTY) == [0] * TWENTY
    assert PayoutRun.objects.get().state == PayoutRun.State.FINISHED
    assert_paid_once(paypal, affiliates)
