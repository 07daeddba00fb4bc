"""Finished days are summed once, and a report says at any moment what the orders themselves say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Affiliate, Attribution
from affiliates.statistics.day_sums import commissions_by, sum_commissions
from privacy.admin_base.reporting import day_sums
from privacy.admin_base.reporting.periods import ReportPeriod
from privacy.models import ChangedMoment, SummedDays
from shop.models import Order, Product, Refund, SalesDay
from shop.reports.breakdowns import breakdowns
from shop.reports.day_sums import live_sales, sum_sales
from shop.reports.sales_report import sales_by
from tests import factories
from tests.shop.reports.test_shop_figures import paid, refunded

FEBRUARY = ReportPeriod(date(2026, 2, 1), date(2026, 2, 28))
YEAR = ReportPeriod(date(2025, 12, 1), date(2026, 11, 30))
LATE = datetime(2026, 2, 11, 7, 30, tzinfo=UTC)  # still the tenth in Los Angeles
NOW = datetime(2026, 12, 1, 20, 0, tzinfo=UTC)


def net(period: ReportPeriod = FEBRUARY, by: str = "day") -> dict[Any, int]:
    return {
        key: sales.net.minor
        for key, sales in sales_by(period, by).get("USD", {}).items()
        if sales.orders or sales.refund_count
    }


def as_they_are(period: ReportPeriod, by: str) -> dict[Any, int]:
    """The same from the orders, whatever was summed."""
    sums: dict[Any, int] = {}
    for key, day, sales in live_sales(period, "" if by == "day" else by):
        place = day if by == "day" else key
        sums[place] = sums.get(place, 0) + sales.net.minor
    return sums


def assert_same(period: ReportPeriod = YEAR) -> None:
    for by in ("day", *breakdowns()):
        assert net(period, by) == as_they_are(period, by)


@pytest.fixture
def summed(product: Product) -> Order:
    """An order of February 10, whose day was summed."""
    order = paid(product, "10.00", LATE)
    refunded(paid(product, "7.00", LATE - timedelta(days=40)), "2.00", LATE)
    while sum_sales(now=NOW):
        pass
    assert not ChangedMoment.objects.filter(subject="sales").exists()
    return order


def test_finished_day_is_read_from_its_sums(summed: Order) -> None:
    assert_same()
    SalesDay.objects.update(gross_minor=100_000)
    assert net()[date(2026, 2, 10)] == 99_800


def test_wrong_sum_of_a_finished_day_is_reported_and_corrected(summed: Order) -> None:
    call_command("rebuild_rollups", "--check")
    SalesDay.objects.filter(day=date(2026, 2, 10)).update(gross_minor=100_000)
    with pytest.raises(CommandError, match="1 statistics differ, first: 2026-02-10: the sums of the day's sales"):
        call_command("rebuild_rollups", "--check")
    assert net()[date(2026, 2, 10)] == 99_800
    call_command("rebuild_rollups")
    call_command("rebuild_rollups", "--check")
    assert_same()


def test_sum_of_a_day_without_orders_is_reported_and_removed(summed: Order) -> None:
    SalesDay.objects.create(day=date(2025, 1, 1), currency="USD", orders=1, gross_minor=100)
    with pytest.raises(CommandError, match="2025-01-01"):
        call_command("rebuild_rollups", "--check")
    call_command("rebuild_rollups")
    assert not SalesDay.objects.filter(day=date(2025, 1, 1)).exists()


def test_day_that_waits_to_be_summed_again_is_no_difference(summed: Order, product: Product) -> None:
    paid(product, "5.00", LATE)
    call_command("rebuild_rollups", "--check")


def test_order_paid_on_a_finished_day_counts_at_once(summed: Order, product: Product) -> None:
    paid(product, "5.00", LATE)
    assert net() == {date(2026, 2, 10): 1300}
    assert sum_sales(now=NOW) == 1
    assert net() == {date(2026, 2, 10): 1300}
    assert_same()


@pytest.mark.parametrize(
    "change",
    [
        lambda order: Refund.objects.update(state="reverted"),
        lambda order: Refund.objects.update(completed_at=LATE + timedelta(days=3)),
        lambda order: Refund.objects.all().delete(),
        lambda order: Order.objects.filter(pk=order.pk).update(amount_minor=1),
        lambda order: Order.objects.filter(pk=order.pk).update(paid_at=LATE + timedelta(days=1)),
        lambda order: Order.objects.filter(pk=order.pk).update(paid_at=None),
        lambda order: Order.objects.filter(pk=order.pk).update(product=factories.product(slug="other", name="Other")),
        lambda order: refunded(order, "3.00", LATE + timedelta(days=2)),
    ],
)
def test_every_change_of_a_finished_day_counts_at_once(summed: Order, change: Any) -> None:
    before = net(YEAR), net(YEAR, "product")
    change(summed)
    assert before != (net(YEAR), net(YEAR, "product"))
    assert_same()
    sum_sales(now=NOW)
    assert_same()


def test_attribution_of_a_paid_order_moves_it_to_its_route(summed: Order, alice: Affiliate) -> None:
    refunded(summed, "1.00", LATE + timedelta(days=2))
    sum_sales(now=NOW)
    assert set(net(by="route")) == {""}
    Attribution.objects.create(order=summed, affiliate=alice, route="code", rate_percent=30, terms_version="1")
    assert net(by="route") == {"": -200, "code": 900}
    assert_same()


def test_change_that_changes_no_sum_asks_for_nothing(summed: Order) -> None:
    Order.objects.filter(pk=summed.pk).update(state="refunded", downloads=3)
    assert not ChangedMoment.objects.exists()


def test_today_is_never_summed(product: Product) -> None:
    paid(product, "1.00", NOW)
    sum_sales(now=NOW)
    assert SummedDays.objects.get(subject="sales").through == date(2026, 11, 30)
    assert not SalesDay.objects.exists()
    assert not ChangedMoment.objects.exists()


def test_other_time_zone_sums_all_days_anew(summed: Order, settings: Any) -> None:
    settings.BUSINESS = {**settings.BUSINESS, "time_zone": "UTC"}
    assert set(net()) == {date(2026, 2, 11)}
    while sum_sales(now=NOW):
        pass
    assert_same()
    assert SalesDay.objects.filter(day=date(2026, 2, 11)).exists()
    assert not SalesDay.objects.filter(day=date(2026, 2, 10)).exists()


def test_many_changes_are_not_looked_at_one_by_one(
    summed: Order, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_sums, "MOST_CHANGES", 2)
    for day in range(4):
        paid(product, "1.00", LATE + timedelta(days=day))
    assert_same()
    while sum_sales(now=NOW):
        pass
    assert not ChangedMoment.objects.filter(subject="sales").exists()
    assert_same()


def test_report_of_a_year_reads_few_rows(summed: Order) -> None:
    with CaptureQueriesContext(connection) as queries:
        sales_by(YEAR, "day")
    assert len(queries) == 3  # changes, how far, sums


@pytest.mark.django_db
def test_without_sales_there_is_nothing_to_do() -> None:
    while sum_sales(now=NOW):
        pass
    assert net() == {}


@pytest.mark.django_db
def test_commissions_are_summed_and_follow_a_reversal(alice: Affiliate, product: Product, clock: Any) -> None:
    from affiliates.commissions.lifecycle import reject_commission
    from tests.affiliates.sales import approved_sale, refund, sale

    kept, rejected = approved_sale(alice, product), sale(alice, product, "10.00")
    clock.shift(timedelta(days=2))
    now = timezone.now()
    while sum_commissions(now=now):
        pass
    period = ReportPeriod(date(2026, 1, 1), date(2026, 12, 31))
    by_affiliate = commissions_by(period, currency="USD", by="affiliate")
    assert by_affiliate[str(alice.pk)]["orders"] == 2
    before = by_affiliate[str(alice.pk)]["earned_minor"]
    reject_commission(commission=rejected, reason="bought by himself")
    refund(kept, "20.00")
    for summing in (False, True):
        if summing:
            assert sum_commissions(now=now) == 1
        for by in ("day", "affiliate", "product"):
            [sums] = commissions_by(period, currency="USD", by=by).values()
            assert (sums["orders"], sums["earned_minor"], sums["reversed_minor"]) == (2, before - 300, 600)
        [sums] = commissions_by(period, currency="USD", by="day", affiliate=alice.pk).values()
        assert sums["earned_minor"] == before - 300
        assert commissions_by(period, currency="USD", by="product", affiliate=alice.pk)[product.name]["orders"] == 2
    assert commissions_by(period, currency="EUR", by="day") == {}
