"""Where PayPal sends a browser to: whatever stands in the address, nothing breaks and nothing is given away."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.models import Order, Payment, Product
from tests import factories

RETURN = "/checkout/return/"
ALREADY_PAID = "5O190127TN364715T"
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@pytest.fixture
def payment(product: Product) -> Payment:
    return factories.payment(
        factories.order(product, state=Order.State.OPEN), state=Payment.State.CREATED, paypal_order_id=ALREADY_PAID
    )


def assert_plain_404(query: str | dict[str, str]) -> None:
    client = Client()
    response = client.get(f"{RETURN}?{query}") if isinstance(query, str) else client.get(RETURN, query)
    assert response.status_code == 404
    page = response.content.decode()
    assert "<h1" in page
    assert "Traceback" not in page
    assert ALREADY_PAID not in page


@pytest.mark.usefixtures("payment")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "token=",
        "token=%00",
        "token=%0d%0aLocation:%20https://evil.example",
        "token=" + "A" * 10_000,
        "token=%ff%fe",
        "token[]=5O190127TN364715T",
        "token%5B%5D=5O190127TN364715T",
        "token=5O190127TN364715T&token=",
        "token=5o190127tn364715t",
        "token=5O190127TN364715T%20",
        "token=' OR 1=1 --",
        "token=../../admin/",
        "token={{7*7}}",
        "PayerID=5O190127TN364715T",
    ],
)
def test_a_token_that_is_none_of_ours_is_a_plain_404(query: str) -> None:
    assert_plain_404(query)


@pytest.mark.usefixtures("payment")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=ANYTHING, payer=ANYTHING)
def test_so_is_any_other_text(token: str, payer: str) -> None:
    assert_plain_404({"token": f"x{token}", "PayerID": payer})


@pytest.mark.usefixtures("paypal_down")
@pytest.mark.parametrize("payer", ["", "A" * 10_000, "%00", "SOMEBODY-ELSE", "%0d%0aSet-Cookie:%20a=b"])
def test_the_payers_number_is_never_looked_at(payment: Payment, payer: str) -> None:
    response = Client().get(f"{RETURN}?token={ALREADY_PAID}&PayerID={payer}&amount=0.01&currency=JPY")
    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"/orders/{payment.order_id}/")
    payment.refresh_from_db()
    assert (payment.state, str(payment.total)) == ("created", "59.95 USD")


@pytest.mark.usefixtures("payment")
def test_it_takes_no_form() -> None:
    assert Client().post(RETURN, {"token": ALREADY_PAID}).status_code == 405
