"""The admin's list of commissions: filters, totals, and bulk decisions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from affiliates.commissions.flags import clear_flag, raise_flag
from affiliates.models import Affiliate, Commission, Flag
from privacy.audit.models import AuditEntry
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, balance, refund, sale

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")
LIST = "/admin/affiliates/commission/"


def read(staff: Client, query: str = "") -> str:
    response = staff.get(f"{LIST}{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def context(staff: Client, query: str) -> dict[str, Any]:
    return staff.get(f"{LIST}{query}").context_data or {}


def listed(staff: Client, query: str) -> set[Commission]:
    return set(context(staff, query)["cl"].queryset)


def act(staff: Client, action: str, *commissions: Commission, **values: Any) -> str:
    data = {"action": action, "_selected_action": [str(c.pk) for c in commissions], **values}
    return " ".join(staff.post(LIST, data, follow=True).content.decode().split())


def test_each_status_filter_finds_its_commissions(
    staff: Client, alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    old = sale(alice, product)
    clock.shift(timedelta(days=31))
    staff.force_login(bob)
    new, held, disputed, done = (sale(alice, product) for _ in range(4))
    raise_flag(attribution=held.attribution, kind=Flag.Kind.REFUND_RATE)
    raise_flag(attribution=held.attribution, kind=Flag.Kind.SAME_PAYER)
    raise_flag(attribution=disputed.attribution, kind=Flag.Kind.PAYMENT_DISPUTE, dispute_id="1")
    flag = raise_flag(attribution=done.attribution, kind=Flag.Kind.BY_STAFF)
    clear_flag(flag=flag, reason="looked fine", actor=None)
    assert listed(staff, "?question=past_hold") == {old}
    assert listed(staff, "?question=waiting") == {old, new, held, disputed, done}
    assert listed(staff, "?question=disputed") == {disputed}
    assert listed(staff, "?question=flagged") == {held, disputed, done}
    assert listed(staff, "?held=yes") == {held, disputed}
    assert listed(staff, "?held=no") == {old, new, done}
    assert listed(staff, "?held=same_payer") == {held}


def test_commission_list_filters_by_affiliate(staff: Client, alice: Affiliate, product: Product) -> None:
    mine = sale(alice, product)
    sale(factories.affiliate("erin@example.com", "ERIN"), product)
    assert listed(staff, "?affiliate=DEMO") == {mine}
    assert listed(staff, "?affiliate=NOBODY") == set()


def test_commission_list_total_counts_flagged_commission_once(
    staff: Client, alice: Affiliate, product: Product
) -> None:
    """Reports that join flags to amounts showed 90 owed for 30 (Aletheore#217)."""
    commission = sale(alice, product)
    for kind in (Flag.Kind.REFUND_RATE, Flag.Kind.SAME_PAYER, Flag.Kind.BY_STAFF):
        raise_flag(attribution=commission.attribution, kind=kind)
    refund(commission, "20.00")
    for query in ("?question=flagged", "?held=yes", "?q=DEMO", ""):
        sums = context(staff, query)["sums"]
        assert [(row["number"], str(row["left"])) for row in sums] == [(1, "$11.99")]
    assert "$11.99" in read(staff)


def test_bulk_approval_requires_confirmation(staff: Client, alice: Affiliate, product: Product) -> None:
    first, second, held = sale(alice, product), sale(alice, product), sale(alice, product)
    raise_flag(attribution=held.attribution, kind=Flag.Kind.BY_STAFF)
    paid = approved_sale(alice, product, "10.00")
    page = act(staff, "approve", first, second, held, paid)
    assert "This will approve 2 commissions with a total of <strong>$35.98</strong>" in page
    assert "a member of staff wants to review it" in page
    assert "it is already approved" in page
    assert balance(alice) == "$3.00"
    assert "2 approved" in act(staff, "approve", first, second, confirmed="all")
    assert balance(alice) == "$38.98"
    assert AuditEntry.objects.filter(action="affiliates.commission.approved").exclude(actor=None).count() == 2


def test_bulk_confirmation_lists_only_what_will_be_done(staff: Client, alice: Affiliate, product: Product) -> None:
    doable, held = sale(alice, product), sale(alice, product)
    raise_flag(attribution=held.attribution, kind=Flag.Kind.BY_STAFF)
    page = act(staff, "approve", doable, held)
    assert f'name="_selected_action" value="{doable.pk}"' in page
    assert f'value="{held.pk}"' not in page


def test_bulk_approval_skips_commission_held_since_preview(staff: Client, alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    assert "This will approve 1 commission" in act(staff, "approve", commission)
    raise_flag(attribution=commission.attribution, kind=Flag.Kind.BY_STAFF)
    assert "0 approved" in act(staff, "approve", commission, confirmed="all")
    assert balance(alice) == "$0.00"


def test_bulk_rejection_requires_reason_and_confirmation(staff: Client, alice: Affiliate, product: Product) -> None:
    first, second = sale(alice, product), sale(alice, product)
    assert "enter a reason" in act(staff, "reject", first, second)
    page = act(staff, "reject", first, second, reason="bought <by> himself")
    assert "This will reject 2 commissions" in page
    assert "bought &lt;by&gt; himself" in page
    assert not Commission.objects.filter(state="rejected").exists()
    act(staff, "reject", first, second, reason="bought by himself", confirmed="yes")
    assert {(one.state, one.reason) for one in Commission.objects.all()} == {("rejected", "bought by himself")}


def test_commission_list_has_constant_query_count(staff: Client, alice: Affiliate, product: Product) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert str(Commission.objects.latest("created_at", "pk").pk) in read(staff)
        return len(seen)

    raise_flag(attribution=sale(alice, product).attribution, kind=Flag.Kind.BY_STAFF)
    queries()
    one = queries()
    for _ in range(6):
        raise_flag(attribution=sale(alice, product).attribution, kind=Flag.Kind.BY_STAFF)
    assert queries() == one <= 16


def test_hold_reason_is_shown_to_staff(staff: Client, alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    act(staff, "hold", commission, reason="asked the affiliate about it")
    assert "a member of staff wants to review it: asked the affiliate about it" in read(staff)
    assert AuditEntry.objects.filter(action="affiliates.commission.held").exclude(actor=None).exists()
