"""The report of the shop and its files: every paid order is in them, and all sums agree."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, LedgerEntry, PayoutItem
from affiliates.payouts.runs import prepare_payout
from privacy.audit.models import AuditEntry
from privacy.registry.deadlines import local_day
from shop.models import Order, Payment, Product, Refund
from shop.money import Money
from shop.payments.capture_booking import apply_capture
from tests import factories
from tests.affiliates.sales import approved_sale, refund, sale
from tests.cast import signed_in
from tests.shop.purchases import capture_of

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")
PAGE = "/admin/shop/reports/"
MARCH = "?since=2026-03-01&until=2026-03-31"
APRIL = datetime(2026, 4, 2, 20, 0, tzinfo=UTC)


def direct_sale(product: Product, price: str = "59.95", currency: str = "USD", **fields: str) -> Order:
    """Paid, and brought by no affiliate."""
    minor = Money.of(price, currency).minor
    order = factories.order(product, amount_minor=minor, currency=currency, **fields)
    payment = factories.payment(order, state=Payment.State.CAPTURING, paypal_order_id=f"O-{order.pk}")
    apply_capture(payment=payment, capture=capture_of(payment, amount=price))
    order.refresh_from_db()
    return order


def page_of(staff: Client, query: str = MARCH) -> BeautifulSoup:
    response = staff.get(f"{PAGE}{query}")
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def table(page: BeautifulSoup, label: str = "Sales") -> dict[str, list[str]]:
    """The rows of a table, and its total."""
    [found] = page.select(f'div.results[aria-label="{label}"]')
    return {
        row.th.get_text(strip=True): [cell.get_text(strip=True) for cell in row.find_all("td")]
        for row in found.select("tbody tr, tfoot tr")
        if row.th
    }


def file_of(staff: Client, key: str, query: str = MARCH) -> list[dict[str, str]]:
    response = staff.get(f"{PAGE}{key}.csv{query}")
    assert response.status_code == 200
    return list(csv.DictReader(StringIO(response.getvalue().decode("utf-8-sig"))))


def figures(page: BeautifulSoup) -> dict[str, str]:
    names, values = page.select(".figures dt"), page.select(".figures strong")
    return {name.get_text(strip=True): value.get_text(strip=True) for name, value in zip(names, values, strict=True)}


@pytest.fixture
def march(alice: Affiliate, product: Product, clock: time_machine.Traveller) -> None:
    """Five paid orders in two currencies, two of them direct, and two refunds; one order stays unpaid."""
    factories.order(product)
    refund(approved_sale(alice, product), "20.00")
    sale(alice, product, "100.00")
    direct_sale(product, "40.00")
    other = factories.product(slug="other", name="=Other")
    order = direct_sale(other, "10.05")
    Refund.objects.create(
        payment=order.payments.get(), amount_minor=1005, currency="USD", state="completed", completed_at=timezone.now()
    )
    Payment.objects.filter(order=order).update(refunded_minor=1005, state="refunded")
    direct_sale(product, "7000", currency="JPY")
    clock.move_to(APRIL)


def test_direct_orders_are_in_the_report(staff: Client, march: None) -> None:
    page = page_of(staff)
    assert figures(page) == {
        "Orders": "4",
        "Gross": "$210.00",
        "Refunds": "$30.05",
        "Net": "$179.95",
        "Average order": "$52.50",
    }
    routes = table(page, "Route")
    assert routes["Affiliate's link"][:2] == ["2", "$159.95"]
    assert routes["Affiliate's link"][4] == "76%"
    assert routes["Direct"][:4] == ["2", "$50.05", "$10.05", "$40.00"]


@pytest.mark.parametrize("by", ["", "day", "month", "product", "route"])
def test_rows_add_up_to_the_total_whatever_they_are_divided_by(staff: Client, march: None, by: str) -> None:
    page = page_of(staff, f"{MARCH}&by={by}")
    rows = table(page)
    total = rows.pop("Total")
    assert total[:4] == ["4", "$210.00", "$30.05", "$179.95"]
    assert sum(int(row[0]) for row in rows.values()) == 4
    for column in (1, 2, 3):
        amounts = [Decimal(row[column].replace("$", "")) for row in rows.values()]
        assert f"${sum(amounts)}" == total[column]


def test_sums_of_the_files_are_those_of_the_report(staff: Client, march: None) -> None:
    rows = {key: file_of(staff, key) for key in ("orders", "payments", "refunds")}

    def total(key: str, currency: str) -> Decimal:
        return sum((Decimal(row["amount"]) for row in rows[key] if row["currency"] == currency), Decimal(0))

    assert total("orders", "USD") == total("payments", "USD") == Decimal("210.00")
    assert total("orders", "JPY") == total("payments", "JPY") == Decimal(7000)
    assert total("refunds", "USD") == Decimal("30.05")
    received = Payment.objects.filter(state__in=Payment.RECEIVED, currency="USD")
    assert sum(payment.amount_minor for payment in received) == 21000
    assert sum(payment.refunded_minor for payment in received) == 3005


def test_file_of_orders_has_a_row_per_order_and_names_no_buyer(staff: Client, march: None) -> None:
    rows = file_of(staff, "orders")
    assert len(rows) == 5
    assert {row["route"] for row in rows} == {"Affiliate's link", "Direct"}
    [other] = [row for row in rows if row["amount"] == "10.05"]
    assert other["product"] == "'=Other"  # no formula
    assert other["paid on"] == "2026-03-02"
    content = staff.get(f"{PAGE}orders.csv{MARCH}").getvalue().decode()
    assert "Carol" not in content
    assert "carol@example.org" not in content


def test_currencies_are_never_added(staff: Client, march: None) -> None:
    page = page_of(staff)
    assert "there were also sales or refunds in JPY" in " ".join(page.get_text(" ").split())
    yen = page_of(staff, f"{MARCH}&currency=JPY")
    assert figures(yen)["Net"] == "7,000 JPY"
    assert figures(yen)["Orders"] == "1"


def test_file_of_payouts_agrees_with_the_ledger(
    staff: Client, alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    PayoutItem.objects.update(state="paid", settled_at=timezone.now())
    [row] = file_of(staff, "payouts")
    moved = LedgerEntry.objects.filter(kind__in=["payout", "return"])
    assert (row["affiliate"], row["amount"], row["currency"]) == ("DEMO", "53.97", "USD")
    assert row["payout run"] == f"prepared on {local_day(timezone.now())}"
    assert -sum(entry.amount_minor for entry in moved) == 5397
    assert "alice@example.com" not in staff.get(f"{PAGE}payouts.csv{MARCH}").getvalue().decode()


def test_last_month_is_shown_first_and_the_files_are_one_click_away(staff: Client, march: None) -> None:
    page = page_of(staff, "")
    assert "Sales, March 2026" in page.get_text()
    [chosen] = page.select(".period-presets [aria-current]")
    assert chosen.get_text(strip=True) == "Last month"
    [orders] = [link for link in page.select(".downloads a") if link.get_text() == "Orders"]
    response = staff.get(f"{PAGE}orders.csv{str(orders['href']).partition('orders.csv')[2]}")
    assert response["Content-Disposition"] == 'attachment; filename="orders-2026-03-01-2026-03-31.csv"'
    assert len(response.getvalue().decode().splitlines()) == 6


def test_period_is_compared_with_the_one_before(staff: Client, product: Product, clock: time_machine.Traveller) -> None:
    direct_sale(product, "50.00")
    clock.move_to(APRIL)
    direct_sale(product, "75.00")
    clock.move_to(APRIL + timedelta(days=20))
    page = page_of(staff, "?period=this-month")
    text = " ".join(page.get_text(" ").split())
    assert "50% more (before: $50.00)" in text
    assert "Compared with March 1 to 22, 2026" in text
    assert len(page.select(".chart-before")) == 1  # of March 2; days with nothing before have none


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?since=1900-01-01&until=9999-12-31", "Please choose days from January 1, 2000 to March 2, 2026"),
        ("?since=2026-03-02&until=2026-03-01", "The first day is after the last one."),
        ("?since=yesterday&until=2026-13-45", "Enter a valid date."),
        ("?since=2017-01-01&until=2026-03-01&by=day", "Please choose at most a year by day"),
        ("?by=buyer", "Select a valid choice."),
        ("?currency=%00", "Select a valid choice."),
    ],
)
def test_senseless_choice_gets_a_message_and_no_report(
    staff: Client, product: Product, query: str, message: str
) -> None:
    page = page_of(staff, query)
    assert message in page.get_text()
    assert not page.select("div.results, figure")
    followed = staff.get(f"{PAGE}orders.csv{query}", follow=True)
    assert followed.redirect_chain
    assert message in followed.content.decode()


def test_download_is_audited(staff: Client, march: None, bob: User) -> None:
    file_of(staff, "refunds")
    entry = AuditEntry.objects.filter(action="privacy.staff.exported").latest("pk")
    assert (entry.actor, entry.object_model) == (bob.pk, "shop.refund")
    assert not AuditEntry.objects.filter(action__contains="carol").exists()


def test_report_costs_as_many_queries_however_many_orders(staff: Client, product: Product, alice: Affiliate) -> None:
    def queries(query: str) -> int:
        staff.get(f"{PAGE}{query}")
        with CaptureQueriesContext(connection) as seen:
            staff.get(f"{PAGE}{query}")
        return len(seen)

    direct_sale(product)
    choices = [f"?period=this-month&by={by}" for by in ("day", "month", "product", "route")]
    few = [queries(query) for query in choices]
    for number in range(4):
        direct_sale(factories.product(slug=f"p{number}", name=f"P{number}"))
        refund(sale(alice, product), "10.00")
    assert [queries(query) for query in choices] == few
    assert max(few) <= 16


def member_with(*codenames: str) -> Client:
    user = factories.user("limited@example.com", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return signed_in(user)


def test_report_and_files_need_their_permissions(client: Client, march: None) -> None:
    assert client.get(PAGE).status_code == 302
    reader = member_with("view_order")
    page = page_of(reader)
    assert [link.get_text() for link in page.select(".downloads a")] == ["Orders"]
    assert [link.get_text(strip=True) for link in page.select(".report-tabs a")] == ["Shop"]
    for key in ("payments", "refunds", "payouts"):
        assert reader.get(f"{PAGE}{key}.csv{MARCH}").status_code == 403
    assert reader.get(f"{PAGE}nothing.csv").status_code == 404


def test_staff_without_permissions_see_no_report(vera: User) -> None:
    assert signed_in(vera).get(PAGE).status_code == 403
    assert signed_in(vera).get(f"{PAGE}orders.csv").status_code == 403


def test_day_that_changes_the_clocks_keeps_its_orders(
    bob: User, product: Product, clock: time_machine.Traveller
) -> None:
    """Daylight saving time begins in Los Angeles on March 8, 2026, at 10:00 UTC, and ends on November 1, at 9:00."""
    for moment in (
        datetime(2026, 3, 8, 7, 59, tzinfo=UTC),  # March 7, 23:59
        datetime(2026, 3, 8, 8, 0, tzinfo=UTC),  # midnight
        datetime(2026, 3, 9, 6, 59, tzinfo=UTC),  # 23:59 in summer time
        datetime(2026, 3, 9, 7, 0, tzinfo=UTC),  # March 9
        datetime(2026, 11, 1, 7, 0, tzinfo=UTC),  # midnight
        datetime(2026, 11, 2, 7, 59, tzinfo=UTC),  # 23:59 in standard time
        datetime(2026, 11, 2, 8, 0, tzinfo=UTC),  # November 2
    ):
        clock.move_to(moment)
        direct_sale(product, "1.00")
    clock.move_to(datetime(2026, 11, 20, tzinfo=UTC))
    rows = table(page_of(signed_in(bob), "?since=2026-03-01&until=2026-11-15&by=day"))
    sold = {label: row[0] for label, row in rows.items() if row[0] != "0" and label != "Total"}
    assert sold == {"Mar 7": "1", "Mar 8": "2", "Mar 9": "1", "Nov 1": "2", "Nov 2": "1"}
