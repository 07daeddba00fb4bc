"""Rates: which one applies and when; none is ever edited."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.rates import end_rate, rate_for, set_rate
from affiliates.models import Affiliate, Rate, calculate_commission
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.money import Money
from tests import factories
from tests.affiliates.sales import sale

pytestmark = pytest.mark.usefixtures("clock")
ADD = "/admin/affiliates/rate/add/"


def terms(affiliate: Affiliate, product: Product, currency: str = "USD") -> str:
    return rate_for(affiliate=affiliate, product=product, currency=currency, moment=timezone.now()).terms


def test_most_specific_rate_applies(alice: Affiliate, product: Product) -> None:
    assert terms(alice, product) == "30%"  # of the settings
    set_rate(percent=Decimal(10), actor=None)
    assert terms(alice, product) == "10%"
    set_rate(product=product, percent=Decimal(15), actor=None)
    assert terms(alice, product) == "15%"
    set_rate(affiliate=alice, percent=Decimal("12.5"), actor=None)
    assert terms(alice, product) == "12.5%"
    set_rate(affiliate=alice, product=product, flat=Money(500, "USD"), actor=None)
    assert terms(alice, product) == "$5.00 per sale"


def test_rate_of_another_affiliate_or_product_does_not_apply(
    alice: Affiliate, product: Product, erin: Affiliate
) -> None:
    other = factories.product(slug="other")
    set_rate(affiliate=erin, percent=Decimal(90), actor=None)
    set_rate(product=other, percent=Decimal(80), actor=None)
    set_rate(affiliate=alice, product=other, percent=Decimal(70), actor=None)
    assert (terms(alice, product), terms(erin, product), terms(alice, other)) == ("30%", "90%", "70%")


def test_rate_applies_from_start_to_end(alice: Affiliate, product: Product, clock: time_machine.Traveller) -> None:
    now = timezone.now()
    set_rate(
        affiliate=alice,
        percent=Decimal(50),
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=2),
        actor=None,
    )
    clock.shift(timedelta(days=1) - timedelta(seconds=1))
    assert terms(alice, product) == "30%"
    clock.shift(timedelta(seconds=1))
    assert terms(alice, product) == "50%"
    clock.shift(timedelta(days=1))
    assert terms(alice, product) == "30%"


def test_flat_rate_in_another_currency_is_ignored(alice: Affiliate, product: Product) -> None:
    set_rate(affiliate=alice, flat=Money(500, "JPY"), actor=None)
    assert (terms(alice, product), terms(alice, product, "JPY")) == ("30%", "500 JPY per sale")


def test_new_rate_ends_old_one(alice: Affiliate, product: Product, clock: time_machine.Traveller) -> None:
    old = set_rate(affiliate=alice, percent=Decimal(10), actor=None)
    earlier = sale(alice, product, "100.00")
    clock.shift(timedelta(hours=1))
    new = set_rate(affiliate=alice, percent=Decimal(20), actor=None)
    old.refresh_from_db()
    assert old.ends_at == new.starts_at
    assert (str(earlier.total), str(sale(alice, product, "100.00").total)) == ("$10.00", "$20.00")
    assert earlier.attribution.rate == old


def test_ended_rate_no_longer_applies(alice: Affiliate, product: Product, clock: time_machine.Traveller) -> None:
    rate = set_rate(affiliate=alice, percent=Decimal(10), actor=None)
    clock.shift(timedelta(hours=1))
    assert end_rate(rate=rate, actor=None)
    assert not end_rate(rate=rate, actor=None)
    assert terms(alice, product) == "30%"


@pytest.mark.parametrize(
    ("price", "flat", "earned"), [(5995, 500, 500), (5995, 5995, 5995), (300, 500, 300), (300, 0, 0)]
)
def test_flat_rate_is_limited_to_base(price: int, flat: int, earned: int) -> None:
    assert calculate_commission(Money(price, "USD"), percent=None, flat_minor=flat).minor == earned


@pytest.mark.parametrize(("yen", "rate", "earned"), [(5, "10", 1), (4, "10", 0), (1001, "12.5", 125)])
def test_commission_in_yen_is_rounded_to_whole_yen(yen: int, rate: str, earned: int) -> None:
    assert calculate_commission(Money(yen, "JPY"), percent=Decimal(rate), flat_minor=None).minor == earned


def test_rate_cannot_start_in_past(alice: Affiliate) -> None:
    with pytest.raises(ActionRefused, match="in the past"):
        set_rate(affiliate=alice, percent=Decimal(1), starts_at=timezone.now() - timedelta(hours=1), actor=None)


def test_rate_must_end_after_start(staff: Client, alice: Affiliate) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    with pytest.raises(ActionRefused, match="end after it starts"):
        set_rate(affiliate=alice, percent=Decimal(1), starts_at=tomorrow, ends_at=tomorrow, actor=None)
    moment = {"0": f"{tomorrow:%Y-%m-%d}", "1": "12:00:00"}
    times = {f"{name}_{part}": text for name in ("starts_at", "ends_at") for part, text in moment.items()}
    page = staff.post(ADD, {"affiliate": str(alice.pk), "percent": "12.50", "currency": "USD", **times})
    assert "A rate must end after it starts" in page.content.decode()
    assert not Rate.objects.exists()


def test_rate_ended_before_start_does_not_block_others(alice: Affiliate) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    never = set_rate(affiliate=alice, percent=Decimal(10), starts_at=tomorrow, actor=None)
    assert end_rate(rate=never, actor=None)
    now = set_rate(affiliate=alice, percent=Decimal(20), actor=None)
    assert (now.ends_at, Rate.objects.get(percent=10).ends_at) == (None, tomorrow)
    anew = set_rate(affiliate=alice, percent=Decimal(30), starts_at=tomorrow, actor=None)
    assert list(Rate.objects.in_force(tomorrow)) == [anew]


def test_overlapping_rates_are_refused(alice: Affiliate) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    set_rate(affiliate=alice, percent=Decimal(10), starts_at=tomorrow, actor=None)
    with pytest.raises(ActionRefused, match="is already set from"):
        set_rate(affiliate=alice, percent=Decimal(20), actor=None)
    set_rate(affiliate=alice, percent=Decimal(20), ends_at=tomorrow, actor=None)
    assert Rate.objects.count() == 2


def test_database_refuses_overlapping_rates(alice: Affiliate) -> None:
    now = timezone.now()
    Rate.objects.create(affiliate=alice, percent=10, starts_at=now, ends_at=now + timedelta(days=2))
    with pytest.raises(IntegrityError, match="one target has one rate"), transaction.atomic():
        Rate.objects.create(affiliate=alice, percent=20, starts_at=now + timedelta(days=1))
    Rate.objects.create(affiliate=alice, percent=20, starts_at=now + timedelta(days=2))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"percent": 101},
        {"percent": -1},
        {"percent": 10, "flat_minor": 5, "currency": "USD"},
        {"flat_minor": 5},
        {"percent": 10, "currency": "USD"},
    ],
)
def test_database_refuses_invalid_rate(db: None, fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Rate.objects.create(**fields)


@pytest.mark.parametrize("change", [{"percent": 90}, {"starts_at": timezone.now()}, {"affiliate": None}])
def test_database_refuses_edited_rate(alice: Affiliate, change: dict[str, object]) -> None:
    set_rate(affiliate=alice, percent=Decimal(10), actor=None)
    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        Rate.objects.update(**change)


def test_rate_end_cannot_be_postponed(alice: Affiliate, clock: time_machine.Traveller) -> None:
    rate = set_rate(affiliate=alice, percent=Decimal(10), actor=None)
    end_rate(rate=rate, actor=None)
    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        Rate.objects.update(ends_at=None)


def test_staff_set_percentage_rate(staff: Client, bob: User, alice: Affiliate, product: Product) -> None:
    staff.post(ADD, {"affiliate": str(alice.pk), "percent": "17.50", "currency": "USD"})
    rate = Rate.objects.get()
    assert (rate.terms, rate.affiliate, rate.created_by) == ("17.5%", alice, bob)
    entry = AuditEntry.objects.get(action="affiliates.rate.changed")
    assert (entry.actor, entry.object_id) == (bob.pk, str(rate.pk))
    page = staff.get("/admin/affiliates/rate/").content.decode()
    assert "17.5%" in page
    assert staff.get(f"/admin/affiliates/rate/{rate.pk}/change/").status_code == 200


def test_staff_set_and_end_flat_rate(staff: Client, alice: Affiliate, product: Product) -> None:
    confirmed = f"$5.00 per sale for {product}"
    staff.post(ADD, {"product": str(product.pk), "flat": "5.00", "currency": "USD", "rate_confirmed": confirmed})
    rate = Rate.objects.get()
    assert rate.terms == "$5.00 per sale"
    staff.post("/admin/affiliates/rate/", {"action": "end", "_selected_action": [str(rate.pk)]})
    assert terms(alice, product) == "30%"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"percent": "12,5"}, "Enter a number"),
        ({"percent": "100.01"}, "between 0 and 100"),
        ({"percent": "-1"}, "between 0 and 100"),
        ({}, "either a percentage or a flat amount"),
        ({"percent": "10", "flat": "5"}, "either a percentage or a flat amount"),
        ({"percent": "10", "starts_at_0": "2026-03-01", "starts_at_1": "12:00"}, "start in the past"),
    ],
)
def test_invalid_rate_form_stores_nothing(staff: Client, product: Product, typed: dict[str, str], says: str) -> None:
    page = staff.post(ADD, {"currency": "USD", **typed}).content.decode()
    assert says in page
    assert not Rate.objects.exists()


@pytest.mark.parametrize("typed", [{"percent": "35"}, {"flat": "5.00"}])
@pytest.mark.parametrize("target", ["the program", "product", "affiliate", "both"])
@pytest.mark.parametrize("later", [False, True])
def test_staff_replace_open_rate(
    staff: Client,
    alice: Affiliate,
    product: Product,
    clock: time_machine.Traveller,
    typed: dict[str, str],
    target: str,
    later: bool,
) -> None:
    whose = {"affiliate": alice if target in {"affiliate", "both"} else None}
    what = {"product": product if target in {"product", "both"} else None}
    old = set_rate(**whose, **what, percent=Decimal(30), actor=None)  # type: ignore[arg-type]
    clock.shift(timedelta(hours=1))
    named = {name: str(one.pk) for name, one in (whose | what).items() if one is not None}
    start = timezone.now().replace(microsecond=0) + timedelta(days=1)
    local = start.astimezone(ZoneInfo(settings.BUSINESS["time_zone"]))
    from_then = {"starts_at_0": f"{local:%Y-%m-%d}", "starts_at_1": f"{local:%H:%M:%S}"} if later else {}
    answer = sent(staff, typed | named | from_then)
    assert "was added successfully" in answer.text
    old.refresh_from_db()
    new = Rate.objects.exclude(pk=old.pk).get()
    assert (old.ends_at, new.ends_at) == (new.starts_at, None)
    assert new.starts_at == start if later else new.starts_at < start
    assert (new.affiliate, new.product) == (old.affiliate, old.product)


def sent(staff: Client, typed: dict[str, str]) -> BeautifulSoup:
    """What staff see after sending a rate; asked whether it is right, they say yes once."""
    fields = {"currency": "USD", **typed}
    page = BeautifulSoup(staff.post(ADD, fields, follow=True).content, "html.parser")
    if box := page.select_one("input[name=rate_confirmed]"):
        confirmed = staff.post(ADD, fields | {"rate_confirmed": str(box["value"])}, follow=True)
        page = BeautifulSoup(confirmed.content, "html.parser")
    return page


def test_replacement_rate_applies_from_start(
    staff: Client, alice: Affiliate, product: Product, clock: time_machine.Traveller
) -> None:
    set_rate(affiliate=alice, percent=Decimal(30), actor=None)
    clock.shift(timedelta(hours=1))
    sent(staff, {"affiliate": str(alice.pk), "percent": "40"})
    assert terms(alice, product) == "40%"


@pytest.mark.parametrize("slip", [{"percent": "12,5"}, {"percent": "10", "flat": "5"}, {}, {"percent": "101"}])
def test_invalid_rate_message_names_no_constraint(staff: Client, product: Product, slip: dict[str, str]) -> None:
    set_rate(percent=Decimal(30), actor=None)
    page = sent(staff, slip).text
    assert "Please correct the error" in page
    assert "Constraint" not in page and "is violated" not in page


@pytest.mark.parametrize(("typed", "asked"), [("95", True), ("45.01", True), ("14.99", True), ("45", False)])
def test_large_rate_change_requires_confirmation(staff: Client, product: Product, typed: str, asked: bool) -> None:
    fields = {"product": str(product.pk), "percent": typed, "currency": "USD"}
    for _ in range(2):  # submitted twice, it is still only asked about
        page = BeautifulSoup(staff.post(ADD, fields).content, "html.parser")
        if not asked:
            break
        assert not Rate.objects.exists()
        assert f"from 30% to {typed}%. Is that right?" in page.text
    if asked:
        [box] = page.select("input[name=rate_confirmed]")
        staff.post(ADD, fields | {"percent": "99", "rate_confirmed": str(box["value"])})
        assert not Rate.objects.exists()  # what is confirmed is this rate, not another one
        staff.post(ADD, fields | {"rate_confirmed": str(box["value"])})
    assert Rate.objects.get().percent == Decimal(typed)
