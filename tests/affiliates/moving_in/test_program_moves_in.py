"""A program and a shop move in with one command each: old links go on earning, and the first payout is right to the
cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.lifecycle import approve_commission
from affiliates.membership.terms import accept_terms, current_terms
from affiliates.models import Affiliate, Attribution, Commission
from affiliates.moving_in.notices import notify_moved_affiliates
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import prepare_payout
from shop.models import License, Order, Payment, Product
from shop.payments.capture_booking import apply_capture
from tests.shop.moving_in.exports import AFFILIATEWP, EDD, affiliatewp_row, edd_row, export, run
from tests.shop.purchases import capture_of, place

KEY = "c6f1a2b3d4e5f60718293a4b5c6d7e8f"


@pytest.mark.usefixtures("paypal_down")
def test_first_payout_is_the_old_balance_and_the_first_commission(
    clock: time_machine.Traveller, product: Product, tmp_path: Path, bob: User, work: Callable[[], int]
) -> None:
    program = export(
        tmp_path / "affiliates.csv",
        AFFILIATEWP,
        affiliatewp_row(12, name="Harry", unpaid="123.45"),
        affiliatewp_row(7, name="Ivy", unpaid="60.10"),
    )
    shop = export(
        tmp_path / "orders.csv", f"{EDD},License Key", edd_row(1043, email="carol@example.org", License_Key=KEY)
    )
    assert "2 affiliates moved in." in run("import_affiliates", program, "--apply", source="affiliatewp")
    assert "1 order moved in." in run("import_orders", shop, "--apply", source="edd")
    assert License.objects.working().get(key_index=KEY).order.reference == "EDD-1043"

    notify_moved_affiliates(now=timezone.now())
    work()
    notify_moved_affiliates(now=timezone.now())
    terms = current_terms()
    assert terms
    for affiliate in Affiliate.objects.all():
        accept_terms(affiliate=affiliate, version=terms, now=timezone.now(), actor=affiliate.user)

    buyer = Client()
    buyer.get("/products/bps-pro/?ref=12")
    place(buyer, email="dave@example.org")
    harry = Affiliate.objects.get(user__email_index="harry@example.com")
    assert Attribution.objects.get().affiliate == harry
    payment = Payment.objects.get()
    Payment.objects.filter(pk=payment.pk).update(state=Payment.State.CAPTURING, paypal_order_id="O-1")
    payment.refresh_from_db()
    apply_capture(payment=payment, capture=capture_of(payment, amount="59.95"))
    clock.shift(timedelta(days=1))
    approve_commission(commission=Commission.objects.get(), actor=None)

    paid = prepare_payout(currency="USD", actor=bob)
    amounts = {item.receiver: str(item.total) for item in paid.items.all()}
    assert amounts == {"harry.pay@example.com": "$141.44", "ivy.pay@example.com": "$60.10"}  # $123.45 + $17.99
    assert first_difference(paypal_since=None) == ""
    assert Order.objects.count() == 2
