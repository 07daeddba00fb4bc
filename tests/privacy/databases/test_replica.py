"""What may read the replica, what never does, and what happens while it is away. A real one is in `tests/chaos`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, router
from django.urls import get_resolver

from accounts.models import User
from aitpro.checks import replica as replica_check
from privacy.databases import replica
from privacy.databases.aliases import own_aliases
from privacy.databases.replica import Source, current_source, declared, reads_replica
from privacy.models import OutgoingMail
from shop.models import Order, Payment, Refund
from tests.own_apps import OWN_APPS

SECOND = timedelta(seconds=1)


@pytest.fixture
def lag(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta | None], None]:
    """Pretends that there is a replica, so far behind."""

    def pretend(behind: timedelta | None) -> None:
        for module in (replica, replica_check):
            monkeypatch.setattr(module, "has_replica", lambda: True)
            monkeypatch.setattr(module, "replica_lag", lambda: behind)

    return pretend


@reads_replica(Order, Refund)
def aliases_in_a_report() -> list[str]:
    return [router.db_for_read(model) for model in (Order, Refund, Payment, User, OutgoingMail)]


def test_only_these_reports_read_the_replica_and_only_these_tables() -> None:
    """No gate, no limit, no account, and nothing that money depends on: a new entry needs a reason."""
    assert get_resolver().url_patterns  # imports all views
    reports = {name: tables for name, tables in declared().items() if not name.startswith(__name__)}
    assert reports == {
        "shop.reports.views.report": {"shop.Order", "shop.Refund"},
        "affiliates.staff.report_views.report": {
            "affiliates.Commission",
            "affiliates.DailyClicks",
            "affiliates.PayoutItem",
        },
        "affiliates.staff.yearly_views.yearly": {"affiliates.PayoutItem"},
    }


def test_report_reads_its_own_tables_from_the_replica_and_all_others_from_the_main_database(
    lag: Callable[[timedelta | None], None],
) -> None:
    lag(SECOND)
    assert aliases_in_a_report() == ["replica", "replica", "default", "default", "default"]
    assert [router.db_for_read(model) for model in (Order, Refund)] == ["default", "default"]
    assert current_source() is None


@pytest.mark.parametrize("behind", [timedelta(seconds=61), timedelta(days=1), None])
def test_report_reads_the_main_database_if_the_replica_is_away_or_far_behind(
    lag: Callable[[timedelta | None], None], behind: timedelta | None
) -> None:
    lag(behind)
    assert aliases_in_a_report() == ["default"] * 5


def test_report_reads_the_main_database_if_the_replica_fails_meanwhile(
    lag: Callable[[timedelta | None], None],
) -> None:
    lag(SECOND)
    seen: list[Source | None] = []

    @reads_replica(Order)
    def fails_on_the_replica() -> str:
        seen.append(current_source())
        if router.db_for_read(Order) == "replica":
            raise OperationalError("terminating connection due to conflict with recovery")
        return "the figures"

    assert fails_on_the_replica() == "the figures"
    assert [bool(source and source.tables) for source in seen] == [True, False]


def test_nothing_is_written_or_migrated_there(lag: Callable[[timedelta | None], None]) -> None:
    lag(SECOND)

    @reads_replica(Order)
    def aliases() -> list[str]:
        return [router.db_for_write(Order), router.db_for_write(Order, instance=order_of("replica"))]

    assert aliases() == ["default", "default"]
    assert not router.allow_migrate("replica", "shop")
    assert not router.allow_migrate("replica", "keystore")
    assert own_aliases() == ["default", "keystore"]


EVERY_DATABASE = re.compile(r"in (connections|settings\.DATABASES)\b(?!\[)|list\(connections\)|connections\.all\(\)")
WITH_THE_REPLICA = {
    "aitpro/http/kept_pages.py": "what a page was made of may have been read there",
    "aitpro/checks/connections.py": "whether it is reached without TLS",
    "aitpro/checks/database_log.py": "whether its log says what people typed",
    "aitpro/file_permissions.py": "files of SQLite, which has no replica",
    "aitpro/management/commands/run_demo.py": "the demo has none",
    "aitpro/probes/third_parties.py": "the scratch copy has none",
    "privacy/databases/aliases.py": "leaves it out",
    "privacy/databases/outages.py": "whether a transaction is open",
    "privacy/databases/replica.py": "whether there is one",
    "privacy/evidence/rehearsal/process.py": "the scratch copy has none",
    "privacy/evidence/sweep/files.py": "files of SQLite, which has no replica",
}


def test_what_goes_through_all_databases_leaves_the_replica_out() -> None:
    """It would be migrated, backed up, searched and counted twice, or stop a start while it is away."""
    root = Path(settings.BASE_DIR)
    files = [file for app in OWN_APPS for file in (root / app).rglob("*.py")]
    found = {str(file.relative_to(root)) for file in files if EVERY_DATABASE.search(file.read_text())}
    assert found == WITH_THE_REPLICA.keys()


def order_of(alias: str) -> Order:
    found = Order()
    found._state.db = alias
    return found


def test_row_that_a_report_found_is_read_again_from_the_main_database() -> None:
    found = order_of("replica")
    assert router.db_for_read(Order, instance=found) == "default"
    assert router.allow_relation(found, order_of("default"))


def test_deploy_check_names_a_replica_that_is_none(lag: Callable[[timedelta | None], None]) -> None:
    assert replica_check.replica_follows(None) == []
    lag(SECOND)
    assert replica_check.replica_follows(None) == []
    lag(None)
    assert [message.id for message in replica_check.replica_follows(None)] == ["aitpro.W017"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (Source(timedelta(), frozenset({Order})), "come from the read replica, which is up to date."),
        (Source(SECOND, frozenset({Order})), "come from the read replica, which is 1 second behind."),
        (Source(3 * SECOND, frozenset({Order})), "come from the read replica, which is 3 seconds behind."),
        (Source(600 * SECOND), "come from the main database: the read replica is 10 minutes behind."),
        (Source(None), "come from the main database: the read replica does not say how far it is behind."),
    ],
)
def test_staff_are_told_where_the_figures_come_from(source: Source, said: str) -> None:
    assert str(source) == f"These figures {said}"
