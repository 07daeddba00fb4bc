"""The figures of `/metrics` that come from the databases and the disk, read when they are asked for.

Counts, ages and sizes. Labels are names of this program: parts, jobs, states, promises' states.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from django.db import connections
from django.db.models import Count, Max, Min, Sum
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from aitpro.backups.last_backup import last_backup
from privacy.databases.replica import has_replica, replica_lag
from privacy.erasure.heartbeat import last_housekeeping
from privacy.models import OutgoingMail
from privacy.models.attack import AttackKind, Attempt
from privacy.models.consent import MailTally
from privacy.models.evidence import Measurement, PromiseState
from privacy.registry.purpose_binding import upkeep
from shop.models import Payment, PayPalEvent

from .deadline import Deadline
from .lookout import OK
from .models import JobRun
from .parts import folders, readiness
from .queue import oldest_due

Family = GaugeMetricFamily | CounterMetricFamily
Families = Callable[[datetime], Iterator[Family]]

PREFIX = "aitpro_"

logger = logging.getLogger(__name__)
_deadline = Deadline(seconds=5)


class SiteCollector:
    """What can't be read in time is left out, and `aitpro_part_up` says why."""

    def collect(self) -> Iterator[Family]:
        now = timezone.now()
        found: list[Family] = [*_parts()]
        pieces = {"figures of the database": _FROM_DATABASE, "figures of the disk": (_disk,)}
        _deadline.run({name: lambda reads=reads: _read(reads, now, found) for name, reads in pieces.items()})  # type: ignore[misc]
        yield from list(found)


@upkeep
def _read(reads: tuple[Families, ...], now: datetime, found: list[Family]) -> None:
    for read in reads:
        try:
            found.extend(read(now))
        except Exception as error:
            logger.warning("metrics: %s: %s", read.__name__.strip("_"), type(error).__name__)


def _parts() -> Iterator[Family]:
    states = {part: int(state == OK) for part, state in readiness.states().items()}
    yield _labelled("part_up", "Whether a part of the site works.", "part", states)


def _tasks(now: datetime) -> Iterator[Family]:
    rows = DBTaskResult.objects.order_by()
    counts = {"due": rows.ready().count(), "running": rows.running().count(), "failed": rows.failed().count()}
    yield _labelled("tasks", "Tasks by state; failed ones of the last seven days.", "state", counts)
    yield _age(
        "task_oldest_due_age_seconds", "How long the first due task has waited.", oldest_due(now=now) or now, now
    )


def _mails(now: datetime) -> Iterator[Family]:
    waiting = OutgoingMail.objects.filter(state__in=[OutgoingMail.State.QUEUED, OutgoingMail.State.SENDING])
    states = dict(waiting.order_by().values_list("state").annotate(Count("pk")))
    counts = {str(state): states.get(state, 0) for state in (OutgoingMail.State.QUEUED, OutgoingMail.State.SENDING)}
    yield _labelled("mails_waiting", "Mails that are not sent yet.", "state", counts)
    oldest = waiting.aggregate(at=Min("queued_at"))["at"]
    yield _age("mail_oldest_waiting_age_seconds", "How long the first of them has waited.", oldest or now, now)
    ended = dict(MailTally.objects.order_by().values_list("outcome").annotate(Sum("count")))
    family = CounterMetricFamily(f"{PREFIX}mails", "Mails by outcome.", labels=["outcome"])
    for outcome in MailTally.Outcome:
        family.add_metric([outcome], ended.get(outcome, 0))
    yield family


def _housekeeping(now: datetime) -> Iterator[Family]:
    if (last := last_housekeeping()) is not None:
        yield _age("housekeeping_age_seconds", "How long ago housekeeping last ran.", last, now)
    runs = list(JobRun.objects.all())
    yield _labelled("job_seconds", "How long a job last took.", "job", {run.name: run.seconds for run in runs})
    ages = {run.name: (now - run.ended_at).total_seconds() for run in runs}
    yield _labelled("job_age_seconds", "How long ago a job last ran.", "job", ages)
    yield _labelled("job_failed", "Whether its last run failed.", "job", {run.name: int(run.is_failed) for run in runs})
    family = CounterMetricFamily(f"{PREFIX}job_failures", "How often a job failed.", labels=["job"])
    for run in runs:
        family.add_metric([run.name], run.failures)
    yield family


def _money(now: datetime) -> Iterator[Family]:
    payments = Payment.objects.unsettled().order_by().aggregate(count=Count("pk"), oldest=Min("created_at"))
    yield _plain("payments_open", "Payments whose outcome at PayPal is unknown.", payments["count"])
    yield _age("payment_oldest_open_age_seconds", "How old the first of them is.", payments["oldest"] or now, now)
    yield _plain(
        "payments_with_problem", "Payments that staff have to look at.", Payment.objects.with_problem().count()
    )
    events = {"due": PayPalEvent.objects.due(now).count(), "given_up": PayPalEvent.objects.given_up(now).count()}
    yield _labelled("webhook_events_open", "Webhook events that are not processed.", "state", events)


def _promises(now: datetime) -> Iterator[Family]:
    found = dict(PromiseState.objects.current().order_by().values_list("kept").annotate(Count("pk")))
    yield _labelled(
        "promises", "Promises by state.", "state", {"kept": found.get(True, 0), "broken": found.get(False, 0)}
    )
    if (measured := Measurement.objects.aggregate(at=Max("measured_at"))["at"]) is not None:
        yield _age("evidence_age_seconds", "How long ago the last promise was measured.", measured, now)
    done = Attempt.objects.made(now).filter(state=Attempt.State.DONE).order_by().values_list("kind")
    attacks = dict(done.annotate(Max("ended_at")))
    ages = {str(kind): (now - attacks[kind]).total_seconds() for kind in AttackKind if kind in attacks}
    yield _labelled("attack_age_seconds", "How long ago the promises were last attacked.", "kind", ages)


def _backup(now: datetime) -> Iterator[Family]:
    """None if there never was one."""
    if (last := last_backup()) is not None:
        yield _age("backup_age_seconds", "How old the data of the last good backup is.", last, now)


def _sizes(now: datetime) -> Iterator[Family]:
    sizes = {}
    for alias, name in (("default", "database"), ("keystore", "key store")):
        connection = connections[alias]
        if connection.vendor == "sqlite":
            file = Path(connection.settings_dict["NAME"])
            sizes[name] = sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))
        else:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_database_size(current_database())")
                sizes[name] = cursor.fetchone()[0]
    yield _labelled("database_bytes", "Size of a database.", "database", sizes)


def _replica(now: datetime) -> Iterator[Family]:
    """None without a replica, and while it doesn't say."""
    if has_replica() and (lag := replica_lag()) is not None:
        yield _plain("replica_lag_seconds", "How far the read replica is behind.", lag.total_seconds())


def _disk(now: datetime) -> Iterator[Family]:
    usages = {name: shutil.disk_usage(folder) for name, folder in folders().items()}
    free, total = ({name: usage[at] for name, usage in usages.items()} for at in (2, 0))
    yield _labelled("disk_free_bytes", "Free space where the site writes to.", "folder", free)
    yield _labelled("disk_bytes", "Size of that disk.", "folder", total)


_FROM_DATABASE: tuple[Families, ...] = (_tasks, _mails, _housekeeping, _money, _promises, _backup, _sizes, _replica)


def _plain(name: str, text: str, value: float) -> Family:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _age(name: str, text: str, since: datetime, now: datetime) -> Family:
    return _plain(name, text, (now - since).total_seconds())


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> Family:
    family = GaugeMetricFamily(PREFIX + name, text, labels=[label])
    for value, figure in values.items():
        family.add_metric([value], figure)
    return family
