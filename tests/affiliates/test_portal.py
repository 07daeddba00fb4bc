"""The portal: one's own figures and lines, nobody else's, and never a customer."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from affiliates.models import Affiliate
from affiliates.payouts import prepare_payout
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, refund, sale

pytestmark = pytest.mark.usefixtures("clock")

PORTAL = "/affiliates/portal/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def erin(db: None) -> Affiliate:
    return factories.affiliate("erin@example.com", "ERIN")


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    response = client.get(PORTAL)
    assert (response.status_code, response.headers["Location"]) == (302, f"/accounts/login/?next={PORTAL}")


def test_it_shows_ones_own_lines(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    page = signed_in(alice.user).get(PORTAL).content.decode()
    assert commission.attribution.order.reference in page
    assert "30 % of 59.95 USD is 17.99 USD" in page
    assert "until 1 Apr 2026" in page
    assert "/go/DEMO/" in page


def test_another_affiliate_sees_none_of_it(alice: Affiliate, erin: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    prepare_payout(currency="USD", prepared_by=bob)
    sale(alice, product)
    reference = commission.attribution.order.reference
    own = signed_in(alice.user).get(PORTAL).content.decode()
    others = signed_in(erin.user).get(PORTAL).content.decode()
    for secret in (reference, "17.99 USD", "DEMO"):
        assert secret in own
        assert secret not in others
    assert "No commissions yet" in others
    assert "Nothing was paid out yet" in others


@pytest.mark.parametrize("who", ["staff", "nobody in particular"])
def test_who_is_no_affiliate_gets_a_plain_404(bob: User, who: str) -> None:
    user = bob if who == "staff" else factories.user("dave@example.org")
    response = signed_in(user).get(PORTAL)
    assert response.status_code == 404
    assert (
        "This page isn&#x27;t here" in response.content.decode() or "This page isn't here" in response.content.decode()
    )


@pytest.mark.parametrize("path", ["2/", "payouts/", "?page=2/../admin"])
def test_an_unknown_address_of_the_portal_is_a_plain_answer(alice: Affiliate, path: str) -> None:
    response = signed_in(alice.user).get(PORTAL + path)
    assert response.status_code == (200 if path.startswith("?") else 404)


def test_it_never_shows_a_customer(alice: Affiliate, product: Product) -> None:
    order = sale(alice, product).attribution.order
    assert (order.name, order.email) == ("Carol Customer", "carol@example.org")
    page = signed_in(alice.user).get(PORTAL).content.decode()
    assert order.reference in page
    for secret in ("Carol", "Customer", "carol@example.org", str(order.pk)):
        assert secret not in page


def test_it_counts_clicks_without_showing_visitors(alice: Affiliate, erin: Affiliate) -> None:
    for affiliate in (alice, alice, erin):
        factories.click(affiliate, address="203.0.113.77")
    response = signed_in(alice.user).get(PORTAL)
    assert response.context["overview"].clicks == 2
    assert "203.0.113.77" not in response.content.decode()


def test_it_sums_by_state(alice: Affiliate, product: Product, bob: User) -> None:
    paid = approved_sale(alice, product)
    prepare_payout(currency="USD", prepared_by=bob)
    refund(paid, "59.95")
    approved_sale(alice, product, "100.00")
    sale(alice, product, "10.00")
    overview = signed_in(alice.user).get(PORTAL).context["overview"]
    assert (str(overview.pending), str(overview.approved)) == ("3.00 USD", "30.00 USD")
    assert (overview.in_payout.minor, overview.paid.minor, overview.orders) == (0, 0, 3)
    assert str(overview.balance) == "12.01 USD"


def test_a_reversed_line_says_why(alice: Affiliate, product: Product) -> None:
    refund(approved_sale(alice, product), "59.95")
    page = signed_in(alice.user).get(PORTAL).content.decode()
    assert "the order was refunded" in page
    assert "less what was refunded" in page


def test_a_suspended_affiliate_is_told_so(alice: Affiliate, product: Product) -> None:
    Affiliate.objects.update(state=Affiliate.State.SUSPENDED)
    page = signed_in(alice.user).get(PORTAL).content.decode()
    assert "Your account is suspended" in page


def test_long_lists_come_in_pages(alice: Affiliate, product: Product) -> None:
    lines = [sale(alice, product) for _ in range(27)]
    client = signed_in(alice.user)
    first, second = (client.get(f"{PORTAL}?page={page}").content.decode() for page in (1, 2))
    references = [line.attribution.order.reference for line in lines]
    assert sum(reference in first for reference in references) == 25
    assert sum(reference in second for reference in references) == 2
    assert "Page 1 of 2" in first


@pytest.mark.parametrize("page", ["0", "99", "x", "-1", "%00", ""])
def test_a_page_that_does_not_exist_is_the_nearest_one(alice: Affiliate, page: str) -> None:
    assert signed_in(alice.user).get(f"{PORTAL}?page={page}").status_code == 200


def test_its_cost_does_not_grow_with_its_lines(
    alice: Affiliate, product: Product, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    with django_assert_num_queries(9) as empty:
        client.get(PORTAL)
    for _ in range(5):
        approved_sale(alice, product)
        prepare_payout(currency="USD", prepared_by=bob)
        sale(alice, product)
    with django_assert_num_queries(len(empty.captured_queries) + 1):  # now there are lines to fetch
        client.get(PORTAL)


def test_it_is_never_cached(alice: Affiliate) -> None:
    assert "no-store" in signed_in(alice.user).get(PORTAL).headers["Cache-Control"]
