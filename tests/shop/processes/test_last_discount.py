"""Twenty buyers at once want the last places of a discount code: exactly as many get one as there are."""

from __future__ import annotations

import pytest

from tests.shop.processes.shop_site import ShopSite, all_at_once, form_on

pytestmark = pytest.mark.slow

BUYERS, PLACES = 20, 3
MAKE = f"""
from shop.models import DiscountCode
DiscountCode.objects.create(code="LAST", percent=10, max_uses={PLACES})
"""
COUNT = """
from shop.models import DiscountCode, DiscountUse, Order
code = DiscountCode.objects.get(code="LAST")
orders = Order.objects.filter(discount_codes="LAST").count()
print(code.places_taken, DiscountUse.objects.filter(discount=code).count(), orders)
"""


def test_twenty_buyers_racing_for_the_last_places_get_exactly_those(shop: ShopSite) -> None:
    shop.site.command("shell", "--no-imports", "-c", MAKE)
    forms = []
    for number in range(BUYERS):
        buyer = shop.site.visitor()
        buyer.open("/checkout/bps-pro/?code=LAST")
        forms.append(form_on(buyer, "Continue to PayPal", name="Carol", email=f"racer{number}@example.org"))
    answers = all_at_once(forms)
    sold = [answer for answer in answers if answer.status_code == 302]
    refused = [answer for answer in answers if "has been used up" in answer.text]
    assert (len(sold), len(refused)) == (PLACES, BUYERS - PLACES)
    counts = shop.site.command("shell", "--no-imports", "-c", COUNT).split()[-3:]
    assert counts == [str(PLACES)] * 3
