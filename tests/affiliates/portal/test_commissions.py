"""The list of commissions, their receipts, and objections."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from pytest_django import DjangoAssertNumQueries
from time_machine import Traveller

from accounts.models import User
from affiliates.commissions.flags import raise_flag
from affiliates.commissions.lifecycle import reject_commission
from affiliates.commissions.objections import answer_objection
from affiliates.models import Affiliate, Flag, Objection
from shop.models import Product
from shop.money import Money
from tests.affiliates.sales import approved_sale, refund, sale
from tests.cast import signed_in

from .pages import PORTAL, text_of

pytestmark = pytest.mark.usefixtures("clock")

LINES = f"{PORTAL}commissions/"


def rows(user: User, query: str = "") -> list[str]:
    page = BeautifulSoup(signed_in(user).get(f"{LINES}{query}").content, "html.parser")
    return [row.get_text(" ", strip=True) for row in page.select("tbody tr")]


def test_commissions_page_lists_own_commissions(alice: Affiliate, product: Product) -> None:
    number = sale(alice, product, campaign="may").number
    row = " ".join(rows(alice.user)[0].split())
    assert row == f"Mar 2, 2026 Receipt of commission {number} your link pending until Apr 1, 2026 $59.95 30% $17.99"


def test_commissions_page_never_shows_customer(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    order = commission.attribution.order
    assert (order.name, order.email) == ("Carol Customer", "carol@example.org")
    for path in ("commissions/", f"commissions/{commission.number}/"):
        page = signed_in(alice.user).get(PORTAL + path).content.decode()
        assert commission.number in page
        for secret in ("Carol", "Customer", "carol@example.org", str(order.pk), order.reference, str(commission.pk)):
            assert secret not in page


def test_commissions_page_filters_by_state(alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product, "11.00")
    sale(alice, product, "22.00")
    raise_flag(attribution=sale(alice, product, "33.00").attribution, kind=Flag.Kind.SAME_ADDRESS)
    reject_commission(commission=sale(alice, product, "44.00"), reason="bought by yourself")
    refund(sale(alice, product, "55.00"), "55.00")
    found = {
        state: rows(alice.user, f"?state={state}")
        for state in ("approved", "held", "rejected", "reversed", "pending", "")
    }
    assert [len(lines) for lines in found.values()] == [1, 1, 1, 1, 1, 5]
    assert "11.00" in found["approved"][0]
    assert "33.00" in found["held"][0]
    assert "22.00" in found["pending"][0]
    assert "55.00" in found["reversed"][0]
    assert "bought by yourself" in found["rejected"][0]
    assert "No matches" in text_of(alice.user, "commissions/?state=paid")


def test_commissions_page_filters_by_days(alice: Affiliate, product: Product, clock: Traveller) -> None:
    sale(alice, product, "11.00")
    clock.shift(timedelta(days=3))
    sale(alice, product, "22.00")
    assert "11.00" in rows(alice.user, "?until=2026-03-02")[0]
    assert "22.00" in rows(alice.user, "?since=2026-03-03&until=2026-03-05")[0]
    assert len(rows(alice.user, "?since=2026-03-02&until=2026-03-05")) == 2


@pytest.mark.parametrize("query", ["state=stolen", "since=x", "since=2026-03-02&until=2026-03-01", "until=0000-00-00"])
def test_commissions_page_reports_invalid_filter(alice: Affiliate, product: Product, query: str) -> None:
    sale(alice, product)
    response = signed_in(alice.user).get(f"{LINES}?{query}")
    assert response.status_code == 200
    assert response.context["form"].errors
    assert len(rows(alice.user, f"?{query}")) == 1


def test_commissions_page_paginates_and_keeps_filter(alice: Affiliate, product: Product) -> None:
    for _ in range(27):
        sale(alice, product)
    page = BeautifulSoup(signed_in(alice.user).get(f"{LINES}?state=pending").content, "html.parser")
    assert len(page.select("tbody tr")) == 25
    assert "Page 1 of 2, 27 in total" in page.get_text()
    older = page.find("a", rel="next")
    assert older is not None
    assert older["href"] == "?state=pending&page=2"
    assert len(rows(alice.user, str(older["href"]))) == 2


@pytest.mark.parametrize("page", ["0", "99", "x", "-1", "%00", ""])
def test_commissions_page_number_out_of_range_shows_nearest_page(alice: Affiliate, page: str) -> None:
    assert signed_in(alice.user).get(f"{LINES}?page={page}").status_code == 200


def test_commissions_page_has_constant_query_count(
    alice: Affiliate, product: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    sale(alice, product)
    with django_assert_num_queries(8):  # who, affiliate, terms, objections, how many lines, lines, menu
        client.get(LINES)
    for _ in range(39):
        sale(alice, product)
    with django_assert_num_queries(8):
        client.get(LINES)


def test_commissions_page_without_commissions_suggests_sharing_link(alice: Affiliate) -> None:
    text = text_of(alice.user, "commissions/")
    assert "No commissions yet" in text
    assert "Share your first link" in text


def test_receipt_explains_commission(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    refund(commission, "10.00")
    text = text_of(alice.user, f"commissions/{commission.number}/")
    assert "Commission of $14.99" in text
    for words in ("Source", "30% of $59.95", "$10.00 of $59.95 was refunded to the buyer", "Approved"):
        assert words in text


def test_objection_shows_deadline_and_answer(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    path = f"commissions/{commission.number}/"
    client = signed_in(alice.user)
    response = client.post(f"{PORTAL}{path}object/", {"text": "I was promised 40%."}, follow=True)
    assert response.redirect_chain == [(f"{PORTAL}{path}", 302)]
    text = text_of(alice.user, path)
    assert "waiting for an answer" in text
    assert "We will answer by March 16, 2026." in text
    assert "Object to this commission" not in text
    assert "Your objections (1 open)" in text_of(alice.user, "commissions/")
    objection = Objection.objects.get()
    answer_objection(objection=objection, answer="So you were.", upheld=True, actor=bob, adjustment=Money(600, "USD"))
    for place in (path, "objections/"):
        text = text_of(alice.user, place)
        assert "upheld" in text
        assert "I was promised 40%." in text
        assert "So you were." in text
    assert "Object to this commission" in text_of(alice.user, path)


def test_overdue_objection_says_so(alice: Affiliate, product: Product, clock: Traveller) -> None:
    commission = sale(alice, product)
    signed_in(alice.user).post(f"{LINES}{commission.number}/object/", {"text": "Hm."})
    clock.shift(timedelta(days=20))
    assert "We are late: our answer was due on March 16, 2026" in text_of(
        alice.user, f"commissions/{commission.number}/"
    )


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_invalid_objection_form_keeps_its_text(alice: Affiliate, product: Product, text: str) -> None:
    commission = sale(alice, product)
    response = signed_in(alice.user).post(f"{LINES}{commission.number}/object/", {"text": text})
    assert response.status_code == 200
    assert response.context["form"].errors
    assert text.strip() in response.content.decode()
    assert not Objection.objects.exists()


def test_second_open_objection_on_page_is_refused(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    client = signed_in(alice.user)
    for _ in range(2):
        response = client.post(f"{LINES}{commission.number}/object/", {"text": "Hm."}, follow=True)
    assert Objection.objects.count() == 1
    assert b"You already have an open objection to this commission" in response.content
