"""Mails about changed rates: once per change, to those whose rate it changes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates.commissions.rate_notices import announce_rate_changes
from affiliates.commissions.rates import end_rate, set_rate
from affiliates.models import Affiliate, AffiliateGroup, RateNotice, RateStep
from shop.models import Product
from tests.worker import run_due_tasks

pytestmark = pytest.mark.usefixtures("clock")


def announce() -> int:
    return announce_rate_changes(now=timezone.now())


@pytest.fixture
def people(clock: time_machine.Traveller, alice: Affiliate, erin: Affiliate) -> None:
    """Both joined yesterday."""
    clock.shift(timedelta(days=1))


@pytest.mark.usefixtures("people")
def test_affiliates_are_told_of_new_general_rate_once(alice: Affiliate) -> None:
    set_rate(percent=Decimal(35), starts_at=timezone.now() + timedelta(days=2), actor=None)
    assert announce() == 2
    assert announce() == 0
    run_due_tasks()
    assert sorted(each.to[0] for each in mail.outbox) == ["alice@example.com", "erin@example.com"]
    assert mail.outbox[0].subject == "Your commission rate changes"
    assert "From March 5, 2026, 12:00 UTC, your commission is 35% instead of 30%." in mail.outbox[0].body


@pytest.mark.usefixtures("people")
def test_affiliate_with_own_rate_is_not_told_of_general_one(alice: Affiliate, erin: Affiliate) -> None:
    set_rate(affiliate=alice, percent=Decimal(40), actor=None)
    assert announce() == 1
    set_rate(percent=Decimal(35), actor=None)
    assert announce() == 1
    assert {notice.affiliate_id for notice in RateNotice.objects.all()} == {alice.pk, erin.pk}
    run_due_tasks()
    assert [each.to[0] for each in mail.outbox] == ["alice@example.com", "erin@example.com"]


@pytest.mark.usefixtures("people")
def test_mail_names_product_and_last_day_of_its_rate(alice: Affiliate, product: Product) -> None:
    ends = timezone.now() + timedelta(days=10)
    set_rate(affiliate=alice, product=product, percent=Decimal(50), ends_at=ends, actor=None)
    assert announce() == 1
    run_due_tasks()
    assert f"until March 13, 2026, 12:00 UTC, your commission for {product.name} is 50%" in mail.outbox[0].body


@pytest.mark.usefixtures("people")
def test_end_of_a_rate_is_told_when_it_comes(alice: Affiliate, clock: time_machine.Traveller) -> None:
    set_rate(affiliate=alice, percent=Decimal(50), ends_at=timezone.now() + timedelta(days=2), actor=None)
    assert announce() == 1
    clock.shift(timedelta(days=2))
    assert announce() == 1
    run_due_tasks()
    assert "is 30% instead of 50%" in mail.outbox[1].body


@pytest.mark.usefixtures("people")
def test_replaced_rate_is_told_once(alice: Affiliate, clock: time_machine.Traveller) -> None:
    set_rate(affiliate=alice, percent=Decimal(40), actor=None)
    announce()
    clock.shift(timedelta(hours=1))
    set_rate(affiliate=alice, percent=Decimal(45), actor=None)
    assert announce() == 1
    run_due_tasks()
    assert "is 45% instead of 40%" in mail.outbox[1].body
    assert len(mail.outbox) == 2


@pytest.mark.usefixtures("people")
def test_canceled_rate_is_told_to_those_who_were_told_of_it(alice: Affiliate) -> None:
    rate = set_rate(affiliate=alice, percent=Decimal(50), starts_at=timezone.now() + timedelta(days=2), actor=None)
    announce()
    end_rate(rate=rate, actor=None)
    assert announce() == 1
    assert announce() == 0
    run_due_tasks()
    assert mail.outbox[1].subject == "Your commission rate stays as it is"
    assert "Your rate is 30%." in mail.outbox[1].body


@pytest.mark.usefixtures("people")
def test_rate_that_was_canceled_before_anybody_was_told_is_not_mentioned(alice: Affiliate) -> None:
    rate = set_rate(affiliate=alice, percent=Decimal(50), starts_at=timezone.now() + timedelta(days=2), actor=None)
    end_rate(rate=rate, actor=None)
    assert announce() == 0


@pytest.mark.usefixtures("people")
def test_rate_that_changes_nothing_is_not_announced(alice: Affiliate) -> None:
    set_rate(percent=Decimal(30), actor=None)
    assert announce() == 0


def test_affiliate_who_joins_after_a_rate_was_set_is_not_told_of_it(
    clock: time_machine.Traveller, request: pytest.FixtureRequest, db: None
) -> None:
    set_rate(percent=Decimal(35), actor=None)
    clock.shift(timedelta(minutes=1))
    request.getfixturevalue("alice")
    assert announce() == 0


@pytest.mark.usefixtures("people")
def test_suspended_affiliate_is_not_told_of_a_rate(alice: Affiliate, erin: Affiliate) -> None:
    Affiliate.objects.filter(pk=alice.pk).update(state="suspended")
    set_rate(percent=Decimal(35), actor=None)
    assert announce() == 1


@pytest.mark.usefixtures("people")
def test_database_allows_one_notice_per_change(alice: Affiliate) -> None:
    rate = set_rate(affiliate=alice, percent=Decimal(35), actor=None)
    announce()
    with pytest.raises(IntegrityError), transaction.atomic():
        RateNotice.objects.create(affiliate=alice, rate=rate, change="start")


@pytest.mark.usefixtures("people")
def test_mail_names_steps_of_a_group_and_reaches_its_members_alone(alice: Affiliate) -> None:
    group = AffiliateGroup.objects.create(name="Agencies")
    Affiliate.objects.filter(pk=alice.pk).update(group=group)
    steps = [RateStep(from_sales=20, percent=Decimal(35))]
    set_rate(group=group, percent=Decimal(30), steps=steps, step_period="month", actor=None)
    assert announce() == 1
    run_due_tasks()
    assert mail.outbox[0].to == ["alice@example.com"]
    assert "is 30%, 35% from 20 sales a month instead of 30%." in mail.outbox[0].body
