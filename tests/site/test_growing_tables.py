"""No table only grows: each one of the live schema says what bounds it, and housekeeping does it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, connections, models, router
from django.utils import timezone

from accounts.passwords.link import send_password_link
from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate, Click, DailyClicks, HourlyClicks, LedgerCheck, RateNotice
from affiliates.models.rollup import By
from aitpro.housekeeping import JOBS, housekeep
from aitpro.traffic.models import DomainDay, PageDay
from contacts.models import SeenMessage
from privacy.erasure import pruning
from privacy.erasure.pruning import delete_in_batches, prune_old_rows
from privacy.evidence import attack_history
from privacy.evidence.attacks import closed_breaches
from privacy.keystore.router import ALIAS
from privacy.models.attack import AttackKind, Attempt, Breach
from privacy.models.consent import MailTally
from privacy.models.evidence import PromiseState
from privacy.models.submitted_form import SubmittedForm
from privacy.registry.coverage import live_columns
from privacy.registry.declarations import growth_of
from privacy.registry.growth import PRUNING, Bounded, DeletedWith, Kept, Pruned, Queue
from privacy.web.rate_limits import has_room
from shop.models import PayPalEvent, Product
from shop.models.delivery import CountedDownload
from tests import factories
from tests.privacy.world import everything_about
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db(databases=[DEFAULT_DB_ALIAS, ALIAS]), pytest.mark.usefixtures("clock")]

DOCUMENT = Path(settings.BASE_DIR, "docs", "tables.md")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def live_tables() -> dict[str, str]:
    """The alias of the database that each table is in."""
    own = {model._meta.db_table: router.db_for_write(model) for model in apps.get_models(include_auto_created=True)}
    return {table: own.get(table, alias) for alias in [ALIAS, DEFAULT_DB_ALIAS] for table, _ in _columns(alias)}


def _columns(alias: str) -> list[tuple[str, str]]:
    return live_columns(connections[alias])


def pruned_tables() -> dict[str, Pruned]:
    return {table: rule for table in sorted(live_tables()) if isinstance(rule := growth_of(table), Pruned)}


# --- Each table has a rule ---


@pytest.mark.parametrize("alias", [DEFAULT_DB_ALIAS, ALIAS])
def test_every_table_of_the_live_schema_says_what_bounds_it(alias: str) -> None:
    tables = {table for table, _ in _columns(alias)}
    assert {"django_migrations", "keystore_daykey"} & tables
    assert {table for table in tables if growth_of(table) is None} == set()


def test_every_job_that_a_rule_names_is_part_of_housekeeping() -> None:
    rules = [growth_of(table) for table in live_tables()]
    named = {rule.job for rule in rules if isinstance(rule, Pruned | Queue)}
    assert len(named) > 4
    assert named <= set(JOBS)


def test_tables_are_listed_in_the_documentation() -> None:
    if os.environ.get("WRITE_DOCS"):
        DOCUMENT.write_text(document())
    assert DOCUMENT.read_text() == document(), f"WRITE_DOCS=1 python -m pytest {Path(__file__).name}"


def document() -> str:
    headings: dict[Any, str] = {
        Pruned: "Old rows are deleted",
        Queue: "Queues",
        DeletedWith: "Deleted with what they belong to",
        Bounded: "Bounded",
        Kept: "Kept",
    }
    lines = [
        "# What bounds each table",
        "",
        "Printed from the declarations next to the models (`growth=`, and the retention of personal data) by",
        "`tests/site/test_growing_tables.py`, which fails for a table without a rule. The jobs are those of",
        "`manage.py housekeeping`; “expired rows purged” is the purge of personal data.",
    ]
    for kind, heading in headings.items():
        lines += ["", f"## {heading}", "", "| table | rule |", "|---|---|"]
        for table in sorted(live_tables()):
            if isinstance(rule := growth_of(table), kind):
                lines += [f"| {table} | {rule} |"]
    return "\n".join(lines) + "\n"


# --- Housekeeping carries it out ---


@pytest.fixture
def a_row_of_everything(clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    """At least one row in every table that is pruned."""
    now = timezone.now()
    everything_about("erin@example.org", name="erin", product=product, brought_by=alice)
    send_password_link(alice.user)
    run_due_tasks()
    PayPalEvent.objects.update(handled_at=now)
    Click._base_manager.update(counted=True)
    factories.attempt(AttackKind.SWEEP)
    factories.attempt(AttackKind.SWEEP)
    Breach.objects.create(
        promise="access", kind="sweep", place="x", tried=False, found_at=now, last_found_at=now, ended_at=now
    )
    DailyClicks.objects.create(affiliate=alice, day=now.date(), by=By.ALL)
    HourlyClicks.objects.create(affiliate=alice, hour=now)
    RateNotice.objects.create(affiliate=alice, rate=set_rate(percent=Decimal(35), actor=None), change="start")
    LedgerCheck.objects.create(paypal=False)
    SeenMessage.note("a message")
    LogEntry.objects.create(
        user=alice.user, content_type=ContentType.objects.get_for_model(Product), object_repr="x", action_flag=2
    )
    MailTally.objects.create(day=now.date(), kind="shop/receipt", purpose="order", outcome="sent")
    SubmittedForm.objects.create(digest="d", claimed_at=now)
    CountedDownload.objects.create(link_digest="d", expires_at=now)
    DomainDay.objects.create(day=now.date(), domain="example.com", views=3)
    PageDay.objects.create(day=now.date(), page="/", views=3)
    has_room("contact", "192.0.2.0/24", slots=3, now=now)


def dated(table: str, rule: Pruned, moment: datetime) -> Any:
    """A moment as the column contains it."""
    model = next((model for model in apps.get_models() if model._meta.db_table == table), None)
    if model is not None and not isinstance(model._meta.get_field(rule.since), models.DateTimeField):
        return moment.date()
    return connections[live_tables()[table]].ops.adapt_datetimefield_value(moment.replace(microsecond=0))


def execute(table: str, statement: str, *values: Any) -> Any:
    """Past the rules of the models and the purposes of their rows."""
    with connections[live_tables()[table]].cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0] if cursor.description else None


@pytest.mark.exhaustive
@pytest.mark.usefixtures("a_row_of_everything")
@pytest.mark.parametrize(("beyond", "kept"), [(-DAY, None), (DAY, {"privacy_attempt"})], ids=["young", "old"])
def test_housekeeping_deletes_old_rows_alone_from_every_pruned_table(beyond: timedelta, kept: set[str] | None) -> None:
    now, rules = timezone.now(), pruned_tables()
    moments = {table: dated(table, rule, now - timedelta(days=rule.days) - beyond) for table, rule in rules.items()}
    for table, rule in rules.items():
        assert execute(table, f"SELECT count(*) FROM {table}"), f"no row in {table}"
        execute(table, f"UPDATE {table} SET {rule.since} = %s", moments[table])
    assert None not in housekeep(now=now).values()
    here = {
        table
        for table, rule in rules.items()
        if execute(table, f"SELECT count(*) FROM {table} WHERE {rule.since} = %s", moments[table])
    }
    assert here == (set(rules) if kept is None else kept)  # of attacks, the last completed one


def test_last_completed_attack_is_kept_however_old_it_is(clock: time_machine.Traveller) -> None:
    old = factories.attempt(AttackKind.SWEEP)
    clock.shift(DAY)
    last = factories.attempt(AttackKind.SWEEP)
    clock.shift(DAY)
    failed = attack_history.begin(AttackKind.SWEEP, now=timezone.now())
    attack_history.fail(failed, "no memory", now=timezone.now())
    clock.shift(400 * DAY)
    assert attack_history.last_completed(AttackKind.SWEEP, now=timezone.now()) == last
    assert prune_old_rows(now=timezone.now()) >= 2
    assert attack_history.last_completed(AttackKind.SWEEP, now=timezone.now()) == last
    assert not Attempt.objects.filter(pk__in=[old.pk, failed.pk]).exists()


def test_places_where_a_promise_was_found_broken_stay_public(clock: time_machine.Traveller) -> None:
    now = timezone.now()
    for place, tried in (("a column", True), ("a page", False)):
        Breach.objects.create(
            promise="access", kind="sweep", place=place, tried=tried, found_at=now, last_found_at=now, ended_at=now
        )
    clock.shift(400 * DAY)
    assert len(closed_breaches()["access"]) == 2
    prune_old_rows(now=timezone.now())
    assert [breach.place for breach in closed_breaches()["access"]] == ["a column"]


def test_history_of_a_promise_is_never_pruned(clock: time_machine.Traveller) -> None:
    began_at = timezone.now()
    PromiseState.objects.create(promise="access", kept=False, began_at=began_at, ended_at=began_at + HOUR)
    clock.shift(10_000 * DAY)
    prune_old_rows(now=timezone.now())
    assert PromiseState.objects.breaks().get().began_at == began_at


def test_event_that_waits_for_staff_is_not_pruned(clock: time_machine.Traveller) -> None:
    open_event, done = factories.paypal_event(), factories.paypal_event(handled_at=timezone.now())
    clock.shift(400 * DAY)
    prune_old_rows(now=timezone.now())
    assert list(PayPalEvent.objects.all()) == [open_event]
    assert done.pk != open_event.pk


def test_pruning_goes_by_batches_and_stops_when_its_time_is_up(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 2)
    for digest in "abcde":
        SubmittedForm.objects.create(digest=digest, claimed_at=timezone.now())
    clock.shift(2 * DAY)
    old = SubmittedForm.objects.all()
    assert delete_in_batches(old, until=-1.0) == 0
    monotonic = iter([0.0, 0.0, 9.0])
    monkeypatch.setattr("time.monotonic", lambda: next(monotonic))
    assert delete_in_batches(old, until=5.0) == 4
    monkeypatch.undo()
    assert prune_old_rows(now=timezone.now()) == 1


def test_clock_that_jumped_ahead_prunes_nothing(clock: time_machine.Traveller) -> None:
    housekeep(now=timezone.now())
    SubmittedForm.objects.create(digest="d", claimed_at=timezone.now())
    clock.shift(400 * DAY)
    assert PRUNING not in housekeep(now=timezone.now())
    assert SubmittedForm.objects.exists()
