"""Reports: sums by month, affiliate, product and campaign that agree with the ledger, on the page and as a file."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.lifecycle import reject_commission
from affiliates.models import Affiliate, Click, Commission, DailyClicks, LedgerEntry, PayoutItem
from affiliates.payouts.item_states import release_funds
from affiliates.payouts.runs import prepare_payout
from affiliates.statistics.click_rollups import count_visits
from affiliates.statistics.reports import AffiliateReport, ReportBy, ReportRow
from privacy.admin_base.reporting.periods import chosen_days
from privacy.audit.models import AuditEntry
from privacy.erasure.retention import purge_expired
from shop.models import Product
from shop.reports.breakdowns import breakdowns
from shop.reports.sales_report import shares
from tests import factories
from tests.affiliates.sales import approved_sale, refund, sale

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")
PAGE, FILE = "/admin/affiliates/reports/", "/admin/affiliates/reports/report.csv"
MARCH = chosen_days(date(2026, 3, 1), date(2026, 3, 31))
THIS_MONTH = "period=this-month"


def rows(by: str, code: str = "") -> dict[str, ReportRow]:
    return {row.label: row for row in AffiliateReport(MARCH, "USD", by, code).rows()}


def read(staff: Client, query: str = "") -> str:
    response = staff.get(f"{PAGE}{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def file_of(staff: Client, query: str = "") -> list[dict[str, str]]:
    response = staff.get(f"{FILE}{query}")
    assert response.status_code == 200
    return list(csv.DictReader(StringIO(response.getvalue().decode("utf-8-sig"))))


def a_day(alice: Affiliate, product: Product) -> None:
    """Four clicks, two of them of a campaign; three sales, one rejected, one partially refunded; two affiliates."""
    erin = factories.affiliate("erin@example.com", "ERIN")
    for sub in ("blog", "blog", "", ""):
        factories.click(alice, sub=sub)
    factories.click(erin)
    DailyClicks.objects.create(affiliate=alice, day=date(2026, 3, 2), bots=5, previews=2, refused=3)
    refund(approved_sale(alice, product), "20.00")
    sale(alice, product, "100.00", campaign="blog")
    reject_commission(commission=sale(erin, product, "10.00"), reason="bought by herself")
    count_visits(now=timezone.now())


def test_report_by_affiliate(alice: Affiliate, product: Product) -> None:
    a_day(alice, product)
    found = rows(ReportBy.AFFILIATE)
    assert list(found) == ["DEMO", "ERIN"]
    statistics = found["DEMO"].statistics
    assert (statistics.clicks, statistics.bots, statistics.previews, statistics.refused, statistics.orders) == (
        4,
        5,
        2,
        3,
        2,
    )
    assert (str(found["DEMO"].sales), str(found["DEMO"].earned)) == ("$159.95", "$47.99")
    assert str(found["DEMO"].reversed_amount) == "$6.00"
    assert found["DEMO"].conversion == 50
    assert (found["ERIN"].statistics.orders, found["ERIN"].earned.minor) == (1, 0)


def test_report_by_campaign_has_row_for_unlabeled_clicks(alice: Affiliate, product: Product) -> None:
    a_day(alice, product)
    found = rows(ReportBy.CAMPAIGN)
    assert set(found) == {"DEMO: blog", "No campaign"}
    assert (found["DEMO: blog"].statistics.clicks, found["DEMO: blog"].statistics.orders) == (2, 0)
    assert (found["No campaign"].statistics.clicks, found["No campaign"].statistics.orders) == (3, 0)


def test_report_by_campaign_shows_no_sales(staff: Client, alice: Affiliate, product: Product) -> None:
    a_day(alice, product)
    page = read(staff, f"?{THIS_MONTH}&by=campaign")
    assert "DEMO: blog" in page
    assert "Orders</th>" not in page
    assert "100.00" not in page
    [row] = [row for row in file_of(staff, f"?{THIS_MONTH}&by=campaign") if row["campaign"] == "DEMO: blog"]
    assert (row["clicks"], row["orders"], row["sales"], row["earned"]) == ("2", "", "", "")


def test_report_by_product(alice: Affiliate, product: Product) -> None:
    a_day(alice, product)
    sale(alice, factories.product(slug="other", name="Other"), "50.00")
    found = rows(ReportBy.PRODUCT)
    assert list(found) == ["BPS Pro", "Other"]
    assert (found["BPS Pro"].statistics.orders, found["BPS Pro"].statistics.earned_minor) == (3, 4799)
    assert found["BPS Pro"].conversion is None
    assert found["BPS Pro"].paid is None


def test_report_by_month_has_no_gaps(alice: Affiliate, product: Product, clock: time_machine.Traveller) -> None:
    sale(alice, product)
    clock.move_to(datetime(2026, 6, 1, 6, 59, 59, tzinfo=UTC))  # still May where the business is
    sale(alice, product)
    clock.move_to(datetime(2026, 6, 1, 7, tzinfo=UTC))
    sale(alice, product)
    found = AffiliateReport(chosen_days(date(2026, 3, 1), date(2026, 6, 30)), "USD", ReportBy.MONTH).rows()
    assert [(row.label, row.statistics.orders) for row in found] == [
        ("2026-03", 1),
        ("2026-04", 0),
        ("2026-05", 1),
        ("2026-06", 1),
    ]


@pytest.mark.parametrize("by", ReportBy.values)
def test_all_reports_have_same_totals(alice: Affiliate, product: Product, by: str) -> None:
    a_day(alice, product)
    report = AffiliateReport(MARCH, "USD", by)
    total = report.total(report.rows())
    kept = Commission.objects.exclude(state="rejected")
    if report.has_sales:
        assert total.statistics.orders == Commission.objects.count() == 3
        assert total.sales.minor == sum(c.base_minor for c in Commission.objects.all())
        assert total.earned.minor == sum(c.amount_minor for c in kept)
        assert total.reversed_amount.minor == sum(c.reversed_minor for c in kept)
    if report.has_visits:
        assert total.statistics.clicks == Click.objects.filter(attribution=None).count() == 5  # a sale's is made beside


def test_report_payouts_match_ledger(alice: Affiliate, product: Product, bob: User, erin: Affiliate) -> None:
    for affiliate in (alice, erin):
        for _ in range(3):
            approved_sale(affiliate, product)
    prepare_payout(currency="USD", actor=bob)
    PayoutItem.objects.update(state="paid", settled_at=timezone.now())
    release_funds([PayoutItem.objects.get(affiliate=erin)], state=PayoutItem.State.RETURNED, error="")
    moved = LedgerEntry.objects.filter(kind__in=["payout", "return"])
    for by in (ReportBy.MONTH, ReportBy.AFFILIATE):
        report = AffiliateReport(MARCH, "USD", by)
        paid = report.total(report.rows()).paid
        assert paid is not None
        assert paid.minor == -sum(entry.amount_minor for entry in moved) == 5397
    assert str(rows(ReportBy.AFFILIATE)["ERIN"].paid) == "$0.00"


def test_report_survives_deletion_of_clicks(alice: Affiliate, product: Product, clock: time_machine.Traveller) -> None:
    a_day(alice, product)
    before = rows(ReportBy.CAMPAIGN)
    clock.shift(timedelta(days=31))
    purge_expired(now=timezone.now())
    assert not Click._base_manager.exists()
    count_visits(now=timezone.now())
    assert rows(ReportBy.CAMPAIGN) == before
    assert before["DEMO: blog"].statistics.clicks == 2


def test_report_for_one_affiliate(alice: Affiliate, product: Product) -> None:
    a_day(alice, product)
    assert list(rows(ReportBy.AFFILIATE, code="DEMO")) == ["DEMO"]
    assert rows(ReportBy.PRODUCT, code="ERIN")["BPS Pro"].statistics.orders == 1
    assert rows(ReportBy.CAMPAIGN, code="ERIN")["No campaign"].statistics.clicks == 1


@pytest.mark.parametrize("by", ReportBy.values)
def test_report_has_constant_query_count(staff: Client, alice: Affiliate, product: Product, by: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            read(staff, f"?{THIS_MONTH}&by={by}")
        return len(seen)

    a_day(alice, product)
    queries()
    few = queries()
    for number in range(5):
        affiliate = factories.affiliate(f"a{number}@example.com", f"CODE{number}")
        sale(affiliate, factories.product(slug=f"p{number}", name=f"P{number}"), campaign=f"c{number}")
    assert queries() == few <= 14  # two periods, each with a look at which of its days are summed


def test_report_page_shows_table_and_chart(staff: Client, alice: Affiliate, product: Product) -> None:
    a_day(alice, product)
    page = read(staff, f"?{THIS_MONTH}&by=affiliate")
    assert "<rect " in page
    assert "<title>DEMO: $47.99; before $0.00</title>" in page
    assert "50.0%" in page
    assert "alice@example.com" not in page


def test_report_without_data_says_so(staff: Client) -> None:
    assert "Nothing happened in this period (February 2026)." in read(staff)


def test_report_csv_is_exact_and_audited(staff: Client, alice: Affiliate, product: Product) -> None:
    a_day(alice, product)
    [demo, _] = file_of(staff, f"?{THIS_MONTH}&by=affiliate")
    assert demo == {
        "affiliate": "DEMO",
        "clicks": "4",
        "refused": "3",
        "bots": "5",
        "previews": "2",
        "orders": "2",
        "conversion in %": "50.00",
        "currency": "USD",
        "sales": "159.95",
        "earned": "47.99",
        "reversed": "6.00",
        "paid out": "0.00",
    }
    assert AuditEntry.objects.filter(action="affiliates.report.downloaded").exists()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?by=nothing", "Select a valid choice."),
        ("?since=soon", "Enter a valid date."),
        ("?since=2026-03-02&until=2026-03-01", "The first day is after the last one."),
        ("?code=NOBODY", "No affiliate has this code or link."),
        ("?code=alice%40example.com", "No affiliate has this code or link."),
        ("?since=0001-01-01&until=9999-12-31", "Please choose days from January 1, 2000 to March 2, 2026"),
        ("?since=1900-01-01&until=9999-12-31", "Please choose days from January 1, 2000 to March 2, 2026"),
        ("?until=0001-01-02", "The first day is after the last one."),
        ("?since=2017-01-01&until=2026-03-01&by=day", "Please choose at most a year by day"),
    ],
)
def test_invalid_report_choice_shows_message(
    staff: Client, alice: Affiliate, product: Product, query: str, message: str
) -> None:
    a_day(alice, product)
    page = read(staff, query)
    assert message in page
    assert "DEMO" not in page
    file = staff.get(f"{FILE}{query}", follow=True)
    assert file.redirect_chain
    assert message in file.content.decode()


@pytest.mark.parametrize(
    "pasted", ["DEMO", " demo ", "https://testserver/go/DEMO/products/bps-pro/", "/products/bps-pro/?ref=DEMO"]
)
def test_report_takes_a_code_or_a_pasted_link(staff: Client, alice: Affiliate, product: Product, pasted: str) -> None:
    a_day(alice, product)
    response = staff.get(PAGE, {"period": "this-month", "code": pasted})
    assert [row.label for row in response.context["rows"]] == ["DEMO"]


def test_affiliates_sales_are_the_share_of_the_shop(staff: Client, alice: Affiliate, product: Product) -> None:
    a_day(alice, product)
    report = AffiliateReport(MARCH, "USD", ReportBy.DAY)
    [route] = [row for row in shares(MARCH, breakdowns()["route"], "USD") if row.label == "Affiliate's link"]
    total = report.total(report.rows())
    assert (total.statistics.orders, total.sales) == (route.sales.orders, route.sales.gross)


def test_report_requires_permission(client: Client, alice: Affiliate) -> None:
    for address in (PAGE, FILE):
        client.logout()
        assert client.get(address).status_code == 302
        client.force_login(factories.user(f"{len(address)}@example.com", is_staff=True))
        assert client.get(address).status_code == 403
