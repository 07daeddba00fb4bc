"""Constraints and triggers protect the money tables, even against manual SQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.adjustments import adjust_ledger
from affiliates.commissions.rates import set_rate
from affiliates.models import (
    Affiliate,
    Attribution,
    Commission,
    Flag,
    LedgerEntry,
    PayoutClaim,
    PayoutItem,
    Rate,
)
from affiliates.payouts.runs import cancel_payout, prepare_payout
from privacy.registry.triggers import existing_triggers
from shop.models import Product
from shop.money import Money
from tests.affiliates.sales import approved_sale, refund, sale

pytestmark = pytest.mark.usefixtures("clock")
STATES = [state.value for state in Commission.State]


def refused(change: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def reach(state: str, alice: Affiliate, product: Product) -> Commission:
    """A commission in this state, by allowed steps alone."""
    commission = sale(alice, product)
    steps = {"in_payout": ["approved", "in_payout"], "paid": ["approved", "in_payout", "paid"], "pending": []}
    for step in steps.get(state, [state]):
        Commission.objects.update(state=step, reason=because(Commission), approved_at=timezone.now())
    return commission


def because(model: Any) -> Any:
    """A reason, sealed for the one row of this table."""
    return model.objects.get().sealed("reason", "because")


@pytest.mark.parametrize("start", STATES)
@pytest.mark.parametrize("end", STATES)
def test_database_allows_only_valid_commission_transitions(
    alice: Affiliate, product: Product, start: str, end: str
) -> None:
    commission = reach(start, alice, product)
    rows = Commission.objects.filter(pk=commission.pk, state=start)
    assert rows.exists()
    if end == start or end in Commission.MOVES[start]:
        assert rows.update(state=end, reason=because(Commission), approved_at=timezone.now()) == 1
        return
    refused(lambda: rows.update(state=end, reason=because(Commission), approved_at=timezone.now()))


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 1},
        {"base_minor": 9000},
        {"rate_percent": 1},
        {"rate_percent": None, "rate_flat_minor": 1},
        {"currency": "EUR"},
        {"created_at": None},
        {"reversed_minor": 599},
    ],
)
def test_commission_amount_cannot_change(alice: Affiliate, product: Product, change: dict[str, Any]) -> None:
    refund(approved_sale(alice, product), "20.00")
    refused(lambda: Commission.objects.update(**change))


def test_rejected_commission_requires_reason(alice: Affiliate, product: Product) -> None:
    sale(alice, product)
    refused(lambda: Commission.objects.update(state="rejected"))
    assert Commission.objects.update(state="rejected", reason=because(Commission)) == 1


def test_decided_flag_requires_reason(alice: Affiliate, product: Product) -> None:
    attribution = sale(alice, product).attribution
    Flag.objects.create(attribution=attribution, kind="by_staff")
    decided = {"state": "confirmed", "decided_at": timezone.now()}
    refused(lambda: Flag.objects.update(**decided))
    assert Flag.objects.update(**decided, reason=because(Flag)) == 1


def test_ledger_texts_can_be_erased_but_not_added(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    adjust_ledger(affiliate=alice, amount=Money(500, "USD"), reason="for Carol's sake", actor=bob)
    for line in LedgerEntry.objects.filter(kind="commission"):
        refused(lambda line=line: LedgerEntry.objects.filter(pk=line.pk).update(reason=line.sealed("reason", "x")))
    adjustment = LedgerEntry.objects.get(kind="adjustment")
    adjustment.reason = None
    adjustment.save(update_fields=["reason"])
    refused(lambda: LedgerEntry.objects.filter(pk=adjustment.pk).update(reason=adjustment.sealed("reason", "x")))


@pytest.mark.parametrize(
    "change",
    [
        {"rate_percent": 90},
        {"rate_flat_minor": 1, "rate_percent": None},
        {"route": "code"},
        {"terms_version": "9"},
        {"decided_at": timezone.now()},
    ],
)
def test_attribution_cannot_change(alice: Affiliate, product: Product, change: dict[str, Any]) -> None:
    sale(alice, product)
    refused(lambda: Attribution.objects.update(**change))


def test_order_cannot_get_second_attribution(alice: Affiliate, product: Product, erin: Affiliate) -> None:
    sale(alice, product)
    refused(lambda: Attribution.objects.update(affiliate=erin))


@pytest.mark.parametrize("change", [{"amount_minor": 1}, {"kind": "return"}, {"currency": "EUR"}])
def test_ledger_entry_cannot_change(alice: Affiliate, product: Product, change: dict[str, Any]) -> None:
    approved_sale(alice, product)
    refused(lambda: LedgerEntry.objects.update(**change))


def test_money_rows_cannot_be_deleted(alice: Affiliate, product: Product, bob: User) -> None:
    set_rate(affiliate=alice, percent=Decimal(50), actor=bob)
    commission = approved_sale(alice, product)
    Flag.objects.create(attribution=commission.attribution, kind="by_staff", state="open")
    Flag.objects.update(state="cleared", reason=because(Flag), decided_at=timezone.now())
    prepare_payout(currency="USD", actor=bob)
    for model in (PayoutClaim, LedgerEntry, PayoutItem, Commission, Flag, Attribution, Rate):
        assert model._default_manager.exists()
        refused(lambda model=model: model._default_manager.all()._raw_delete(using="default"))
        assert model._default_manager.exists()


def test_payout_amount_and_final_state_cannot_change(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    cancel_payout(run=prepare_payout(currency="USD", actor=bob))
    refused(lambda: PayoutItem.objects.update(amount_minor=1))
    refused(lambda: PayoutItem.objects.update(state="paid"))
    refused(lambda: PayoutClaim.objects.update(payout=None))


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "commission", "amount_minor": 5},
        {"kind": "reversal", "amount_minor": -5},
        {"kind": "payout", "amount_minor": -5},
        {"kind": "return", "amount_minor": 5},
        {"kind": "adjustment", "amount_minor": 5},
        {"kind": "adjustment", "amount_minor": 0, "reason": "because"},
        {"kind": "gift", "amount_minor": 5, "reason": "because"},
    ],
)
def test_database_enforces_shape_of_ledger_entry(alice: Affiliate, fields: dict[str, Any]) -> None:
    refused(lambda: LedgerEntry.objects.create(affiliate=alice, currency="USD", **fields))
    LedgerEntry.objects.create(affiliate=alice, currency="USD", kind="adjustment", amount_minor=-5, reason="because")


def test_refund_is_reversed_once(alice: Affiliate, product: Product) -> None:
    row = refund(approved_sale(alice, product), "20.00")
    line = LedgerEntry.objects.get(refund=row)
    again = LedgerEntry(
        affiliate=alice, kind="reversal", amount_minor=-1, currency="USD", commission=line.commission, refund=row
    )
    refused(lambda: again.save(force_insert=True))


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite alone can replace a row by inserting one")
@pytest.mark.parametrize("table", [LedgerEntry, Commission, Attribution, PayoutClaim])
def test_replacing_money_rows_is_refused(alice: Affiliate, product: Product, bob: User, table: Any) -> None:
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    name = table._meta.db_table
    with connection.cursor() as cursor:
        refused(lambda: cursor.execute(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}"))


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite can replace rows, so there the guard stands")
def test_postgresql_has_no_replace_triggers(db: None) -> None:
    """It can't, and asking made a run of a hundred thousand lines take minutes. Of a ledger line, only its words are
    asked for."""
    assert not [name for _, name in existing_triggers(connection) if name.endswith("no_replace")]
