"""Daily statistics: each visit is counted once, without visitor data, and kept after 30 days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as how_often
from hypothesis import strategies as st

from affiliates.commissions.lifecycle import reject_commission
from affiliates.models import Affiliate, By, Click, DailyClicks, DailySales, PendingVisitCount
from affiliates.statistics.click_rollups import count_visits
from affiliates.statistics.daily_statistics import Statistics, breakdown, statistics_by_period
from affiliates.statistics.rebuild import rebuild
from affiliates.tracking.labels import declare_label
from affiliates.tracking.visit_kinds import Visit
from privacy.erasure.retention import purge_expired
from shop.models import Product
from shop.payments.capture_booking import apply_capture
from tests import factories
from tests.affiliates.sales import attributed_order, refund, sale
from tests.shop.purchases import capture_of

TODAY = date(2026, 3, 2)
pytestmark = pytest.mark.usefixtures("clock")


def count() -> int:
    return count_visits(now=timezone.now())


def of_today(affiliate: Affiliate, **choice: Any) -> Statistics:
    return statistics_by_period(affiliate, since=TODAY, until=TODAY, currency="USD", **choice)[TODAY]


def clicks_by_label(affiliate: Affiliate, days: int = 0) -> dict[str, int]:
    names = {label.pk.hex: label.name for label in affiliate.labels.all()}
    found = breakdown(affiliate, by=By.CAMPAIGN, since=TODAY, until=TODAY + timedelta(days=days))
    return {names[label]: line.clicks for label, line in found.items()}


class Crash(Exception):
    """The process dies before it commits."""


def count_and_crash() -> None:
    with pytest.raises(Crash), transaction.atomic():
        count()
        raise Crash


def test_click_is_counted_immediately_and_once(alice: Affiliate, client: Client) -> None:
    """Seen within a second, also before the clock has added it up."""
    client.get("/go/DEMO/?sub=spring")
    client.get("/go/DEMO/", headers={"DNT": "1"})
    assert of_today(alice) == Statistics(clicks=1, refused=1)
    assert count() == 2
    assert of_today(alice) == Statistics(clicks=1, refused=1)
    assert count() == 0


def test_count_survives_deletion_of_click(alice: Affiliate, clock: time_machine.Traveller) -> None:
    factories.click(alice, sub="spring")
    clock.shift(timedelta(days=31))
    purge_expired(now=timezone.now())
    assert not Click._base_manager.exists()
    assert of_today(alice).clicks == 1
    count()
    assert (of_today(alice).clicks, clicks_by_label(alice)) == (1, {"spring": 1})


def test_count_survives_visitors_deletion(alice: Affiliate, client: Client) -> None:
    client.get("/go/DEMO/")
    client.post("/privacy/referral/")
    assert not Click._base_manager.exists()
    assert of_today(alice).clicks == 1
    assert rebuild(now=timezone.now()) == []
    assert of_today(alice).clicks == 1


def test_click_deleted_before_rebuild_stays_counted(alice: Affiliate) -> None:
    clicks = [factories.click(alice, sub="a") for _ in range(3)]
    count()
    clicks[0].delete()
    assert rebuild(now=timezone.now()) == []
    assert of_today(alice).clicks == 3


def test_crash_while_counting_counts_nothing_twice(alice: Affiliate) -> None:
    factories.click(alice)
    count_and_crash()
    assert of_today(alice).clicks == 1
    assert not DailyClicks.objects.exists()
    count()
    assert DailyClicks.objects.get(by=By.ALL).clicks == 1


def test_statistics_contain_no_visitor_data() -> None:
    counters = {"id", "affiliate", "day", "clicks", "unstored_clicks", "bots", "previews", "refused"}
    assert {field.name for field in DailyClicks._meta.get_fields()} == counters | {"by", "label"}
    assert {field.name for field in PendingVisitCount._meta.get_fields()} == counters | {"label", "landing_path"}


def test_undeclared_labels_count_in_total_only(alice: Affiliate) -> None:
    factories.click(alice, sub="declared")
    for word in ("jane.doe@example.com", "made-up"):
        Client().get(f"/go/DEMO/?sub={word}")
    count()
    assert clicks_by_label(alice) == {"declared": 1}
    assert of_today(alice).clicks == 3
    assert rebuild(now=timezone.now()) == []


def test_statistics_by_campaign_and_page(alice: Affiliate) -> None:
    for sub, page in [("mail", "/"), ("mail", "/services/"), ("", "/")]:
        factories.click(alice, sub=sub, landing_path=page)
    for _ in range(2):  # before and after it is added up
        pages = breakdown(alice, by=By.LANDING, since=TODAY, until=TODAY)
        assert clicks_by_label(alice) == {"mail": 2}
        assert {label: line.clicks for label, line in pages.items()} == {"/": 2, "/services/": 1}
        count()


def test_statistics_have_no_gaps(alice: Affiliate) -> None:
    factories.click(alice)
    days = statistics_by_period(alice, since=TODAY - timedelta(days=2), until=TODAY, currency="USD")
    assert [line.clicks for line in days.values()] == [0, 0, 1]
    months = statistics_by_period(alice, since=date(2025, 12, 31), until=TODAY, currency="USD", by="month")
    assert {start.isoformat(): line.clicks for start, line in months.items()} == {
        "2025-12-01": 0,
        "2026-01-01": 0,
        "2026-02-01": 0,
        "2026-03-01": 1,
    }


def test_statistics_days_are_utc(alice: Affiliate, clock: time_machine.Traveller) -> None:
    clock.move_to("2026-03-02T23:59:59+00:00")
    factories.click(alice)
    clock.move_to("2026-03-03T00:00:00+00:00")
    factories.click(alice)
    for _ in range(2):
        days = statistics_by_period(alice, since=TODAY, until=TODAY + timedelta(days=1), currency="USD")
        assert [line.clicks for line in days.values()] == [1, 1]
        count()


def test_statistics_are_separate_per_affiliate(alice: Affiliate, erin: Affiliate) -> None:
    factories.click(alice)
    for _ in range(2):
        assert (of_today(alice).clicks, of_today(erin).clicks) == (1, 0)
        count()


def test_sales_statistics_update_immediately(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    assert of_today(alice) == Statistics(orders=1, sales_minor=5995, earned_minor=1799)
    sale(alice, product, "100.00")
    refund(commission, "59.95")
    assert of_today(alice) == Statistics(orders=2, sales_minor=15995, earned_minor=4799, reversed_minor=1799)
    assert rebuild(now=timezone.now()) == []


def test_another_sale_of_the_day_is_added_in_one_statement(alice: Affiliate, product: Product) -> None:
    sale(alice, product)
    with CaptureQueriesContext(connection) as queries:
        sale(alice, product, "100.00")
    assert len([query for query in queries if "affiliates_dailysales" in query["sql"]]) == 1
    assert of_today(alice) == Statistics(orders=2, sales_minor=15995, earned_minor=4799)
    assert rebuild(now=timezone.now()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", [0, 1])
def test_sales_and_rejections_at_the_same_moment_all_count(alice: Affiliate, product: Product, before: int) -> None:
    earlier = [sale(alice, product) for _ in range(before)]
    orders = [attributed_order(alice, product, amount_minor=5995) for _ in range(4)]
    payments = [factories.payment(each, state="capturing", paypal_order_id=f"O-{each.pk}") for each in orders]
    changes: list[Callable[[], object]] = [
        *(partial(apply_capture, payment=each, capture=capture_of(each, amount="59.95")) for each in payments),
        *(partial(reject_commission, commission=each, reason="a test") for each in earlier),
    ]
    start = Barrier(len(changes))

    def change(one: Callable[[], object]) -> None:
        start.wait(timeout=30)
        try:
            one()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(changes)) as pool:
        list(pool.map(change, changes))
    assert of_today(alice).orders == 4 + before
    assert rebuild(now=timezone.now()) == []


def test_statistics_take_two_queries(alice: Affiliate, product: Product) -> None:
    sale(alice, product)
    factories.click(alice)
    count()
    with CaptureQueriesContext(connection) as queries:
        lines = statistics_by_period(alice, since=TODAY - timedelta(days=400), until=TODAY, currency="USD")
    assert len(lines) == 401
    assert len(queries.captured_queries) == 2


def test_rebuild_corrects_and_reports_differences(alice: Affiliate, capsys: pytest.CaptureFixture[str]) -> None:
    factories.click(alice)
    count()
    DailyClicks.objects.filter(by=By.ALL).update(clicks=7)
    with pytest.raises(
        CommandError, match="1 statistics differ, first: 2026-03-02 affiliate .*: 7 clicks, recounted 1"
    ):
        call_command("rebuild_rollups", "--check")
    assert of_today(alice).clicks == 7
    call_command("rebuild_rollups")
    assert "corrected: " in capsys.readouterr().out
    assert of_today(alice).clicks == 1
    call_command("rebuild_rollups", "--check")
    assert "All statistics match the rows" in capsys.readouterr().out


def test_rebuild_restores_lost_statistics(alice: Affiliate, product: Product) -> None:
    factories.click(alice, sub="a")
    sale(alice, product)
    count()
    before = of_today(alice), clicks_by_label(alice)
    DailyClicks.objects.all().delete()
    DailySales.objects.all().delete()
    assert of_today(alice) == Statistics()
    call_command("rebuild_rollups")
    assert (of_today(alice), clicks_by_label(alice)) == before


def test_rebuild_skips_days_without_stored_clicks(alice: Affiliate, clock: time_machine.Traveller) -> None:
    factories.click(alice)
    count()
    clock.shift(timedelta(days=30))
    purge_expired(now=timezone.now())
    assert rebuild(now=timezone.now()) == []
    assert of_today(alice).clicks == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("click"), st.sampled_from(["", "a", "b"])),
        st.tuples(st.just("again"), st.just("")),
        st.tuples(st.just("visit"), st.sampled_from(["bots", "previews", "refused"])),
        st.tuples(st.sampled_from(["count", "crash", "forget", "rebuild", "a week", "purge"]), st.just("")),
    ),
    max_size=25,
)
HEADERS = {"bots": {"User-Agent": "curl/8"}, "previews": {"Sec-Purpose": "prefetch"}, "refused": {"Sec-GPC": "1"}}


@given(STEPS)
@how_often(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_sequence_keeps_statistics_exact(
    db: None, clock: time_machine.Traveller, steps: list[tuple[str, str]]
) -> None:
    """Clicks, refreshes, programs, deletions, purges, crashes and rebuilds: each click counts once, for ever."""
    clock.move_to("2026-03-02T12:00:00+00:00")
    with transaction.atomic():
        alice = factories.affiliate("alice@example.com", "DEMO")
        for name in ("a", "b"):
            declare_label(affiliate=alice, text=name)
        expected: Counter[str] = Counter()
        visitor = Client()
        for step, value in steps:
            visitor = _do(step, value, visitor, clock, expected)
            assert _sum(alice) == expected
        count()
        assert _sum(alice) == expected
        assert rebuild(now=timezone.now()) == []
        transaction.set_rollback(True)


def _do(step: str, value: str, visitor: Client, clock: time_machine.Traveller, expected: Counter[str]) -> Client:
    if step == "click":
        visitor = Client()
        visitor.get(f"/go/DEMO/?sub={value}")
        expected.update({"clicks": 1, f"sub {value}": 1} if value else {"clicks": 1})
    elif step == "again" and visitor.cookies and _is_recent():
        visitor.get("/go/DEMO/")
    elif step == "visit":
        Client().get("/go/DEMO/", headers=HEADERS[value])
        expected[value] += 1
    elif step == "forget":
        visitor.post("/privacy/referral/")
        visitor = Client()
    elif step == "a week":
        clock.shift(timedelta(days=7))
    elif step in WORK:
        WORK[step]()
    return visitor


def _is_recent() -> bool:
    return bool(Click.objects.filter(clicked_at=timezone.now()).exists())


WORK: dict[str, Callable[[], object]] = {
    "count": count,
    "crash": count_and_crash,
    "rebuild": lambda: rebuild(now=timezone.now()),
    "purge": lambda: purge_expired(now=timezone.now()),
}


def _sum(affiliate: Affiliate) -> Counter[str]:
    span: Any = {"since": TODAY, "until": TODAY + timedelta(days=200), "currency": "USD"}
    whole = sum(statistics_by_period(affiliate, **span).values(), Statistics())
    found = Counter({visit.value: getattr(whole, visit.value) for visit in Visit})
    return +found + Counter({f"sub {label}": clicks for label, clicks in clicks_by_label(affiliate, 200).items()})


def test_rejected_commission_leaves_daily_earnings(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    assert of_today(alice).earned_minor == 1799
    reject_commission(commission=commission, reason="bought by herself")
    assert of_today(alice).earned_minor == 0
