"""Sales by label: from three buyers on, and no arithmetic tells which label one buyer's order came under.

The attacker is an affiliate with a browser, who reads the portal's pages and files after every single sale.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as how_often
from hypothesis import strategies as st

from affiliates.models import Affiliate, Attribution, Click, LabelSales, UncountedSale
from affiliates.statistics.label_sales import FEWEST, count_label_sales
from affiliates.tracking.labels import declare_label
from aitpro.housekeeping import JOBS
from privacy.erasure.erase import erase_person
from privacy.erasure.retention import purge_expired
from shop.models import Order, Product
from shop.payments.capture_booking import apply_capture
from tests.affiliates.portal.pages import PORTAL
from tests.affiliates.sales import refund, sale
from tests.cast import signed_in
from tests.shop.purchases import capture_of, place

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")


def buy(name: str, sub: str = "") -> Order:
    """A buyer follows the link and pays."""
    browser = Client()
    browser.get(f"/go/DEMO/?sub={sub}" if sub else "/go/DEMO/")
    order = place(browser, email=f"{name}@example.net")
    payment = order.payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    JOBS["sales counted by label"].run(timezone.now())
    return order


def labels(affiliate: Affiliate, *names: str) -> None:
    for name in names:
        declare_label(affiliate=affiliate, text=name)


def shown(affiliate: Affiliate) -> dict[str, list[str]]:
    """The table of sales by label, as the affiliate reads it, without the line of the rest."""
    page = BeautifulSoup(signed_in(affiliate.user).get(f"{PORTAL}campaigns/").content, "html.parser")
    table = page.select_one("section:has(> #sales) tbody")
    rows = [row for row in table.select("tr") if "Without a label" not in row.get_text()] if table else []
    return {row.th.get_text(strip=True): [cell.get_text(strip=True) for cell in row.select("td")] for row in rows}  # type: ignore[union-attr]


def orders_of(affiliate: Affiliate) -> dict[str, int]:
    return {label: int(cells[0]) for label, cells in shown(affiliate).items()}


def test_label_sales_appear_from_three_buyers(alice: Affiliate, product: Product) -> None:
    labels(alice, "may")
    for name in ("carol", "dave"):
        buy(name, "may")
        assert shown(alice) == {}
    buy("erin", "may")
    assert shown(alice) == {"may": ["3", "$179.85", "$53.97"]}
    assert not UncountedSale.objects.exists()


def test_three_orders_of_one_buyer_stay_hidden(alice: Affiliate, product: Product) -> None:
    labels(alice, "may")
    for _ in range(4):
        buy("carol", "may")
    assert shown(alice) == {}


def test_next_order_is_not_revealed_by_difference(alice: Affiliate, product: Product) -> None:
    labels(alice, "may")
    for name in ("carol", "dave", "erin"):
        buy(name, "may")
    for name in ("frank", "grace"):
        buy(name, "may")
        assert orders_of(alice) == {"may": 3}
    buy("heidi", "may")
    assert orders_of(alice) == {"may": 6}


def test_remaining_sales_are_of_zero_or_three_buyers(alice: Affiliate, product: Product) -> None:
    """Who subtracts the labels from the whole gets no single order either."""
    labels(alice, "may")
    for name, sub in [("a", "may"), ("b", "may"), ("c", "may"), ("d", ""), ("e", "may"), ("f", "may")]:
        buy(name, sub)
    assert orders_of(alice) == {"may": 3}  # after c; of the next three, d would be the only one without
    for name in ("g", "h", "i"):
        buy(name)
    assert orders_of(alice) == {"may": 3}  # e and f are two
    for name in ("j", "k", "l"):
        buy(name, "may")
    assert orders_of(alice) == {"may": 8}  # with four without


def test_label_waits_if_two_buyers_would_remain(alice: Affiliate, product: Product) -> None:
    labels(alice, "may", "june")
    for name, sub in zip("abcdef", ["june", "may", "june", "june", "", "june"], strict=True):
        buy(name, sub)
    assert shown(alice) == {}  # four of June, and two others who could be told apart
    for name in "ghi":
        buy(name)
    assert orders_of(alice) == {"june": 4}


def test_later_refund_or_rejection_does_not_change_label_sales(alice: Affiliate, product: Product) -> None:
    labels(alice, "may")
    lines = [sale(alice, product, campaign="may", email=f"{name}@example.net") for name in "abc"]
    count_label_sales()
    before = shown(alice)
    assert before
    refund(lines[0], "59.95")
    count_label_sales()
    assert shown(alice) == before


def test_label_sales_do_not_depend_on_period(alice: Affiliate, product: Product, clock: time_machine.Traveller) -> None:
    labels(alice, "may")
    for name in "abc":
        buy(name, "may")
        clock.shift(timedelta(days=1))
    client = signed_in(alice.user)
    tables = set()
    for query in ("", "?since=2026-03-02&until=2026-03-02", "?since=2026-03-03&until=2026-03-04"):
        page = BeautifulSoup(client.get(f"{PORTAL}campaigns/{query}").content, "html.parser")
        tables.add(str(page.select_one("section:has(> #sales) tbody")))
    assert len(tables) == 1
    assert "179.85" in tables.pop()


FILES = ("commissions", "ledger", "payouts")


def test_label_of_order_is_shown_nowhere(alice: Affiliate, product: Product, staff: Client) -> None:
    labels(alice, "secretmay")
    order = buy("carol", "secretmay")
    assert order.attribution.click is not None
    assert order.attribution.click.label_id == alice.labels.get().pk
    number = order.attribution.commission.number
    client = signed_in(alice.user)
    assert number in client.get(f"{PORTAL}commissions/").content.decode()
    for path in (f"commissions/{number}/", "commissions/", "statement/?period=2026", "payouts/", "objections/"):
        assert "secretmay" not in client.get(PORTAL + path).content.decode()
    overview = BeautifulSoup(client.get(PORTAL).content, "html.parser")
    assert [
        row.get_text(" ", strip=True)
        for row in overview.select("section:has(> h2:-soup-contains('Your links')) tbody tr")
    ] == [
        "Without a label / 0 1 $59.95 $17.99 View the link without a label",
        "secretmay / 1 0 $0.00 $0.00 View the link secretmay",
    ]
    for kind in FILES:
        assert "secretmay" not in client.get(f"{PORTAL}files/{kind}.csv").getvalue().decode()
    commission = order.attribution.commission
    for page in (f"commission/{commission.pk}/explain/", f"explain/?reference={order.reference}"):
        response = staff.get(f"/admin/affiliates/{page}")
        assert "secretmay" not in response.content.decode()


def test_label_is_deleted_with_visit_after_thirty_days(
    alice: Affiliate, product: Product, clock: time_machine.Traveller
) -> None:
    labels(alice, "may")
    for name in ("carol", "dave"):
        buy(name, "may")
    clock.shift(timedelta(days=30))
    purge_expired(now=timezone.now())
    assert not Click._base_manager.exists()
    buy("erin", "may")
    assert shown(alice) == {}  # one is left of three


def test_deleted_visit_counts_under_no_label(alice: Affiliate, product: Product) -> None:
    labels(alice, "may")
    for name in ("carol", "dave"):
        buy(name, "may")
    browser = Client()
    browser.get("/go/DEMO/?sub=may")
    order = place(browser, email="erin@example.net")
    browser.post("/privacy/referral/")
    payment = order.payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    count_label_sales()
    assert shown(alice) == {}


def test_erasing_buyer_deletes_visit_and_keeps_label_sales(alice: Affiliate, product: Product) -> None:
    labels(alice, "may")
    for name in ("carol", "dave", "erin"):
        buy(name, "may")
    erase_person(email="carol@example.net")
    assert Click._base_manager.count() == 2
    assert Attribution.objects.filter(click=None).count() == 1
    assert orders_of(alice) == {"may": 3}


def test_counting_label_sales_twice_counts_once(alice: Affiliate, product: Product) -> None:
    labels(alice, "may")
    for name in "abc":
        sale(alice, product, campaign="may", email=f"{name}@example.net")
    assert [count_label_sales() for _ in range(2)] == [3, 0]
    assert LabelSales.objects.get().orders == 3


def test_affiliate_without_labels_costs_no_queries(alice: Affiliate, product: Product) -> None:
    buy("carol")
    assert not UncountedSale.objects.exists()


SALES = st.lists(st.tuples(st.sampled_from("abcdefg"), st.sampled_from(["", "may", "june", "july"])), max_size=15)


@given(SALES)
@how_often(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_difference_attack_reveals_no_single_buyer(
    db: None, alice: Affiliate, product: Product, sales: list[tuple[str, str]]
) -> None:
    """After each sale the attacker reads the sums. Whatever moves between two readings, in a label or in what the
    labels leave of the whole, belongs to three buyers or more."""
    with transaction.atomic():
        labels(alice, "may", "june", "july")
        seen: list[tuple[str, str]] = []  # buyer and label of each sale, in order
        before: dict[str, int] = {}
        open_round = 0  # sales before this one have been told of, or folded
        for buyer, label in sales:
            sale(alice, product, campaign=label, email=f"{buyer}@example.net")
            seen.append((buyer, label))
            count_label_sales()
            after = {row.label.name: row.orders for row in LabelSales.objects.select_related("label")}
            moved = {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}
            if moved:
                told = seen[open_round:]
                for name, count in moved.items():
                    group = [one for one in told if one[1] == name]
                    assert len(group) == count
                    assert len({one[0] for one in group}) >= FEWEST
                rest = {one[0] for one in told if one[1] not in moved}
                assert not rest or len(rest) >= FEWEST
            if not UncountedSale.objects.exists():
                open_round = len(seen)
            before = after
        transaction.set_rollback(True)
