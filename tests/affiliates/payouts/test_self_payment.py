"""An affiliate pays from their own PayPal account, from the form to the receipt, over HTTP."""

from __future__ import annotations

import pytest
from django.test import Client

from affiliates.models import Affiliate, Commission, Flag
from shop.models import Product
from tests.shop.purchases import buy
from tests.standin_process import Standin

pytestmark = pytest.mark.usefixtures("product")
PAYER = "payer@standin.example"  # who pays at the stand-in


@pytest.mark.parametrize(("payout_email", "is_held"), [(PAYER, True), ("alice@example.com", False)])
def test_commission_is_held_if_payer_is_affiliate(
    client: Client, paypal: Standin, alice: Affiliate, product: Product, payout_email: str, is_held: bool
) -> None:
    alice.payout_email = payout_email
    alice.save()
    buy(client, paypal, code="DEMO")
    assert Commission.objects.get().is_held is is_held
    assert list(Flag.objects.values_list("kind", flat=True)) == ([Flag.Kind.SAME_PAYER] if is_held else [])
