"""Labels that were typed freely are gone after the migration: no sum changes, no guard is lost, every commission has a
number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from affiliates.figures import Figures, figures
from affiliates.models import Affiliate, Attribution, Click, Commission, DailyClicks, DailySales, Tally
from affiliates.rebuilding import rebuild
from affiliates.verification import GUARDED, first_difference
from privacy.append_only import missing_guards
from privacy.sealed_models import uuid7
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale

WORD = "jane.doe@example.com"
TODAY = date(2026, 3, 2)
NAMED = ("attribution", "click", "tally", "dailyclicks", "dailysales")


@pytest.fixture
def old(transactional_db: None, clock: object) -> Iterator[Any]:
    """The models before, and the way forward."""
    yield lambda: MigrationExecutor(connection).migrate([("affiliates", "0019_objections")]).apps
    forward()


def forward() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def in_database(word: str) -> list[str]:
    """The tables of this app in which a word can be read."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("affiliates_"):
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                found += [table for row in cursor.fetchall() if word in str(row)]
    return found


def test_old_free_labels_are_folded_and_nothing_else_changes(old: Any) -> None:
    alice, product = factories.affiliate("alice@example.com", "DEMO"), factories.product()
    line = approved_sale(alice, product)
    click = factories.click(alice, counted=True)
    before = old()
    click_of_then = before.get_model("affiliates", "Click")
    click_of_then._base_manager.update(sub=WORD)
    day = {"affiliate_id": alice.pk, "day": TODAY}
    before.get_model("affiliates", "Tally").objects.create(**day, campaign=WORD, landing="/", clicks=2, rowless=2)
    daily = before.get_model("affiliates", "DailyClicks")
    daily.objects.create(**day, by="all", clicks=1)
    daily.objects.create(**day, by="campaign", label=WORD, clicks=1)
    daily.objects.create(**day, by="landing", label="/", clicks=1)
    money = {"currency": "USD", "orders": 1, "sales_minor": 5995, "earned_minor": 1799}
    before.get_model("affiliates", "DailySales").objects.create(**day, by="campaign", label=WORD, **money)
    before.get_model("affiliates", "Attribution").objects.create(
        order_id=factories.order(product).pk,
        affiliate_id=alice.pk,
        click_id=click.pk,
        campaign=WORD,
        clicked_at=timezone.now(),
        same_address=True,
        rate_percent=30,
        terms_version="1",
    )
    assert set(in_database(WORD)) == {f"affiliates_{name}" for name in NAMED}
    forward()
    assert in_database(WORD) == []
    assert Click._base_manager.get().pk == click.pk
    assert Click._base_manager.get().label_id is None
    today = figures(alice, since=TODAY, until=TODAY, currency="USD")[TODAY]
    assert today == Figures(clicks=3, orders=1, sales_minor=5995, earned_minor=1799)
    assert (Tally.objects.count(), DailyClicks.objects.count(), DailySales.objects.count()) == (1, 2, 1)
    assert rebuild(now=timezone.now()) == []
    call_command("rebuild_rollups", "--check")
    assert first_difference(paypal_since=None) == ""
    assert [name for table, actions in GUARDED.items() for name in missing_guards(connection, table, *actions)] == []
    assert Click._base_manager.get().same_address is True
    assert Commission.objects.get(number__regex="^C[0-9A-Z]{9}$").pk == line.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        Attribution.objects.update(route="code")
    with pytest.raises(IntegrityError), transaction.atomic():
        Commission.objects.update(number="C000000000")


def test_an_attribution_lets_the_visit_go_and_takes_no_other(alice: Affiliate, product: Product, clock: object) -> None:
    line = approved_sale(alice, product)
    click = factories.click(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Attribution.objects.filter(pk=line.attribution.pk).update(click=click)
    order = factories.order(product)
    made = Attribution.objects.create(
        id=uuid7(), order=order, affiliate=alice, click=click, route="cookie", rate_percent=30, terms_version="1"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Attribution.objects.filter(pk=made.pk).update(decided_at=timezone.now() + timedelta(days=1))
    click.delete()
    made.refresh_from_db()
    assert made.click_id is None
    assert (made.affiliate, made.route, made.rate_percent, made.terms_version) == (alice, "cookie", Decimal(30), "1")
