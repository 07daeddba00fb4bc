"""The overview: balances, the next payout, and explained statistics."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from time_machine import Traveller

from accounts.models import User
from affiliates.commissions.flags import raise_flag
from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate, DailyClicks, Flag, PayoutRun
from affiliates.payouts.manual import mark_paid_manually
from affiliates.payouts.runs import approve_payout, prepare_payout
from affiliates.statistics.click_rollups import count_visits
from affiliates.statistics.label_sales import count_label_sales
from affiliates.tracking.labels import declare_label
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, refund, sale
from tests.cast import signed_in

from .pages import PORTAL, text_of

pytestmark = pytest.mark.usefixtures("clock")

IN_FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"}


def test_overview_shows_click_immediately(alice: Affiliate) -> None:
    assert "Clicks" not in text_of(alice.user)
    assert Client().get("/go/DEMO/?sub=may", headers=IN_FIREFOX).status_code == 302
    assert "Clicks 1 new 0 in the previous 30 days" in text_of(alice.user)
    count_visits(now=timezone.now())
    assert "Clicks 1 new" in text_of(alice.user)


def test_overview_shows_sale_immediately(alice: Affiliate, product: Product) -> None:
    assert "Pending" not in text_of(alice.user)
    sale(alice, product)
    page = text_of(alice.user)
    assert "Pending $17.99" in page
    assert "Orders 1 new" in page
    assert "Sales $59.95" in page


def test_overview_counts_each_amount_in_one_state(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    approved_sale(alice, product, "100.00")
    sale(alice, product, "10.00")
    held = sale(alice, product, "20.00")
    raise_flag(attribution=held.attribution, kind=Flag.Kind.SAME_ADDRESS)
    page = text_of(alice.user)
    for line in ("Pending $3.00", "Held $6.00", "Approved $30.00", "In a payout $17.99", "Paid $0.00"):
        assert line in page


def test_overview_sums_commissions_by_state(alice: Affiliate, product: Product, bob: User) -> None:
    paid = approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    refund(paid, "59.95")
    approved_sale(alice, product, "100.00")
    sale(alice, product, "10.00")
    overview = signed_in(alice.user).get(PORTAL).context["accounts"][0].sums
    assert (str(overview.pending), str(overview.approved)) == ("$3.00", "$30.00")
    assert (overview.in_payout.minor, overview.paid.minor, overview.orders) == (0, 0, 3)
    assert str(overview.balance) == "$12.01"


def test_overview_says_what_next_payout_needs(alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product, "10.00")
    alice.payout_email = None
    alice.save()
    page = text_of(alice.user)
    assert "Your next payout $3.00 not yet" in page
    assert "You need $10.00 in approved commissions to be paid. You have $3.00." in page
    assert "There is no PayPal address." in page


def test_overview_says_that_payout_is_ready(alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product)
    page = text_of(alice.user)
    assert "Your next payout $17.99 ready" in page
    assert "still missing" not in page


def test_held_commission_is_not_due(alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product)
    held = approved_sale(alice, product, "100.00")
    raise_flag(attribution=held.attribution, kind=Flag.Kind.PAYMENT_DISPUTE, dispute_id="1")
    page = text_of(alice.user)
    assert "Your next payout $17.99 ready" in page
    assert "Held $30.00" in page


def test_overview_says_when_next_pending_commission_is_approved(alice: Affiliate, product: Product) -> None:
    sale(alice, product)
    assert "Your next pending commission will be approved on April 1, 2026, unless" in text_of(alice.user)


@pytest.mark.parametrize("few", [500, 0], ids=["of few orders", "of many"])
def test_next_approval_ignores_held_and_other_commissions(
    alice: Affiliate, product: Product, clock: Traveller, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affiliates.portal.next_payout.FEW", few)
    carol = factories.affiliate("carol@example.com", "CAROL")
    sale(carol, product)
    clock.shift(timedelta(days=1))
    held = sale(alice, product)
    raise_flag(attribution=held.attribution, kind=Flag.Kind.SAME_ADDRESS)
    clock.shift(timedelta(days=1))
    sale(alice, product)
    clock.shift(timedelta(days=1))
    sale(alice, product)
    assert "Your next pending commission will be approved on April 3, 2026, unless" in text_of(alice.user)
    assert "Your next pending commission will be approved on April 1, 2026, unless" in text_of(carol.user)


def test_refund_after_payout_is_set_off_against_next_payout(alice: Affiliate, product: Product, bob: User) -> None:
    paid = approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    refund(paid, "59.95")
    page = text_of(alice.user)
    assert "Balance -$17.99" in page
    assert "You owe $17.99 after refunds or deductions. It is set off against your next commissions" in page


def test_refund_after_payout_keeps_paid_total(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob, method=PayoutRun.Method.CSV)
    approve_payout(run=run, actor=bob)
    mark_paid_manually(run=run, items=run.items.all(), reference="B", paid_on=date(2026, 3, 1), actor=bob)
    assert "Paid $17.99 Paid out to you." in text_of(alice.user)
    refund(commission, "59.95")
    page = text_of(alice.user)
    assert "Paid $17.99 Paid out to you." in page
    assert "Your next payout $0.00 not yet" in page
    assert "You owe $17.99 after refunds or deductions. It is set off against your next commissions" in page
    assert "Balance -$17.99" in page
    account = staff.get(f"/admin/affiliates/affiliate/{alice.pk}/change/").context["account"]
    assert [str(balance.paid) for balance in account.balances] == ["$17.99"]


def test_overview_explains_current_rate(alice: Affiliate, product: Product, bob: User) -> None:
    assert "BPS Pro 30% the program's rate" in text_of(alice.user)
    from decimal import Decimal

    set_rate(affiliate=alice, product=None, percent=Decimal(40), actor=bob)
    assert "BPS Pro 40% agreed with you, since March 2, 2026" in text_of(alice.user)


def test_overview_says_how_long_click_counts(alice: Affiliate) -> None:
    assert "A click counts for 30 days" in text_of(alice.user)


def test_overview_compares_with_previous_period(alice: Affiliate, clock: Traveller) -> None:
    for days, clicks in ((3, 3), (9, 2)):
        for _ in range(clicks):
            factories.click(alice, timezone.now() - timedelta(days=days))
    page = text_of(alice.user, "?since=2026-02-24&until=2026-03-02")
    assert "Clicks 3 50% more 2 in the previous 7 days" in page
    assert "February 24, 2026 to March 2, 2026" in page


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (3, 2, "50% more"),
        (1, 2, "50% less"),
        (2, 2, "unchanged"),
        (2, 0, "new"),
        (0, 0, "unchanged"),
        (-5, 0, "less"),
    ],
)
def test_trend_text(now: int, before: int, words: str) -> None:
    from privacy.web.trend import Trend

    assert Trend(now, before).text == words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=2026-03-02&until=2026-03-01", "The first day is after the last one."),
        ("since=1990-03-02&until=1991-03-01", "Please choose days after 1999."),
        ("since=2010-03-02&until=2026-03-01", "Please choose at most five years."),
        ("since=2026-03-02&until=9999-12-31", "five years"),
        ("since=yesterday", "Enter a valid date."),
        ("since=0001-01-01&until=0001-01-02", "Please choose days after 1999."),
    ],
)
def test_overview_reports_invalid_period(alice: Affiliate, query: str, words: str) -> None:
    factories.click(alice)
    response = signed_in(alice.user).get(f"{PORTAL}?{query}")
    page = response.content.decode()
    assert response.status_code == 200
    assert words in page
    assert query.partition("=")[2].partition("&")[0] in page
    assert "February 1, 2026 to March 2, 2026" in page


def test_chart_has_bar_per_day_and_table(alice: Affiliate, product: Product) -> None:
    factories.click(alice)
    factories.click(alice, timezone.now() - timedelta(days=2))
    sale(alice, product)
    page = BeautifulSoup(signed_in(alice.user).get(PORTAL).content, "html.parser")
    bars = [title.get_text() for title in page.select(".bars rect title")]
    assert bars == ["February 28, 2026: 1", "March 2, 2026: 1", "March 2, 2026: 1", "March 2, 2026: $17.99"]
    rows = page.select("figure details tbody tr")
    assert len(rows) == 30
    assert rows[-1].get_text(" ", strip=True) == "March 2, 2026 1 1 $17.99"
    assert not page.select("[style]")


def test_chart_of_twelve_months_has_bar_per_month(alice: Affiliate) -> None:
    factories.click(alice)
    first = signed_in(alice.user).get(PORTAL)
    year = next(choice for choice in first.context["form"].choices if choice.name == "12 months")
    page = BeautifulSoup(signed_in(alice.user).get(f"{PORTAL}?{year.period.query}").content, "html.parser")
    rows = [row.get_text(" ", strip=True) for row in page.select("figure details tbody tr")]
    assert (len(rows), rows[0], rows[-1]) == (12, "April 2025 0 0 $0.00", "March 2026 1 0 $0.00")


def test_all_time_statistics_start_at_first_day(alice: Affiliate, clock: Traveller) -> None:
    factories.click(alice)
    clock.shift(timedelta(days=400))
    Affiliate.objects.update()
    assert "Since you joined Clicks 1 since March 2, 2026" in text_of(alice.user)
    assert "Clicks 0 unchanged" in text_of(alice.user)


def steps_of(affiliate: Affiliate) -> dict[str, bool]:
    """The first steps of a new affiliate, and whether each is done."""
    page = BeautifulSoup(signed_in(affiliate.user).get(PORTAL).content, "html.parser")
    return {
        item.h3.get_text(" ", strip=True).removesuffix(" done"): "is-done" in item.get_attribute_list("class")
        for item in page.select(".steps > li")
        if item.h3
    }


def test_new_affiliate_gets_first_steps_instead_of_zeros(alice: Affiliate) -> None:
    alice.payout_email = None
    alice.save()
    assert list(steps_of(alice).values()) == [True, False, False, False]
    text = text_of(alice.user)
    assert "We can't pay you before you tell us where." in text
    assert "$0.00" not in text
    assert "Peak" not in text


def test_first_steps_end_with_address_saved_link_and_click(alice: Affiliate) -> None:
    assert steps_of(alice) == {
        "Accept the terms": True,
        "Enter your PayPal address": True,
        "Save your first link": False,
        "Get your first click": False,
    }
    declare_label(affiliate=alice, text="may", page="/services/")
    assert steps_of(alice)["Save your first link"]
    factories.click(alice)
    assert steps_of(alice) == {}


def test_first_step_tests_the_link_without_counting(alice: Affiliate) -> None:
    page = BeautifulSoup(signed_in(alice.user).get(PORTAL).content, "html.parser")
    link = page.find("a", string="Test your link")
    assert link is not None
    assert b"This was only a test" in Client().get(urlsplit(str(link["href"]))._replace(netloc="").geturl()).content
    assert not steps_of(alice)["Get your first click"]


def test_own_link_comes_first_and_can_be_copied(alice: Affiliate, settings: Settings) -> None:
    page = BeautifulSoup(signed_in(alice.user).get(PORTAL).content, "html.parser")
    first, button = page.select_one("main h2"), page.select_one("button[data-copy]")
    assert first is not None
    assert first.get_text() == "Your link"
    assert button is not None
    assert button.has_attr("hidden")  # until the script shows it
    box = page.find(id=str(button["data-copy"]))
    assert box is not None
    assert (box.get_text(), box["translate"]) == (f"{settings.SITE_URL}/go/DEMO/", "no")
    assert page.find("script", src=re.compile("copy"))


def test_amounts_and_counts_have_thousands_separators(alice: Affiliate, product: Product) -> None:
    sale(alice, product, "3397.17")
    DailyClicks.objects.create(affiliate=alice, day=timezone.now().date(), clicks=1234)
    page = text_of(alice.user)
    assert "Pending $1,019.15" in page
    assert "Sales $3,397.17" in page
    assert "Clicks 1,234" in page


def test_saved_links_show_what_each_brought(alice: Affiliate, product: Product) -> None:
    declare_label(affiliate=alice, text="may", page="/services/")
    for number in range(3):
        sale(alice, product, campaign="may", email=f"buyer{number}@example.org")
    factories.click(alice)
    count_visits(now=timezone.now())
    count_label_sales()
    sale(alice, product, "10.00")
    page = BeautifulSoup(signed_in(alice.user).get(PORTAL).content, "html.parser")
    rows = [
        row.get_text(" ", strip=True) for row in page.select("section:has(> h2:-soup-contains('Your links')) tbody tr")
    ]
    assert rows == [
        "Without a label / 1 1 $10.00 $3.00 View the link without a label",
        "may /services/ 0 3 $179.85 $53.97 View the link may",
    ]


def test_overview_has_constant_query_count(
    alice: Affiliate, product: Product, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    sale(alice, product)
    with django_assert_num_queries(22):
        client.get(PORTAL)
    for _ in range(20):
        approved_sale(alice, product)
        sale(alice, product)
        factories.click(alice)
    prepare_payout(currency="USD", actor=bob)
    with django_assert_num_queries(22):
        client.get(PORTAL)


def test_portal_pages_are_never_cached(alice: Affiliate) -> None:
    assert "no-store" in signed_in(alice.user).get(PORTAL).headers["Cache-Control"]
