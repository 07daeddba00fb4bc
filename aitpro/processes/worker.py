"""The background worker: that of django-tasks-db, made to survive databases that come and go, and other workers' death.

The library marks a task as running, runs it, and marks it as done. A worker that is killed in between leaves it marked
as running for ever, and one whose database is stopped ends. This one:

- runs a task's work and the mark that it is done in one transaction (`privacy.databases.tasks` names the exceptions);
- waits out an outage, then puts back the task that it interrupted;
- puts back tasks that have been running for longer than `ABANDONED_AFTER`. A task that works in one transaction holds
  its row meanwhile, so it isn't put back while it runs, however slow it is. The others may then run twice at once,
  which they are made for.
"""

from __future__ import annotations

import logging
import sys
import time
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from secrets import SystemRandom
from types import FrameType
from typing import Any
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.db import close_old_connections, transaction
from django.utils import timezone
from django_tasks_db.compat import TaskContext, TaskResultStatus, task_finished, task_started
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

from privacy.databases.outages import is_outage, is_waiting, through_outages

ABANDONED_AFTER = timedelta(minutes=2)
MOST_RUNS = 10  # of a task whose worker dies or whose database goes away each time
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)  # before it runs again; doubled each time
RANDOM = SystemRandom()
LOOK_EVERY = 60  # seconds, for abandoned tasks

AnyTask = DBTaskResult[..., Any]

logger = logging.getLogger(__name__)


class TaskAbandoned(RuntimeError):
    """Its worker died each time, or its database went away."""


def put_back_abandoned(now: datetime) -> None:
    """Tasks whose worker is considered dead run again."""
    overdue = DBTaskResult.objects.running().filter(started_at__lt=now - ABANDONED_AFTER)
    for pk in list(overdue.values_list("pk", flat=True)):
        put_back(pk, now=now, started_before=now - ABANDONED_AFTER)


@transaction.atomic
def put_back(pk: UUID, *, now: datetime, started_before: datetime | None = None, worker_id: str = "") -> None:
    """Lets the task run again, after a pause, or fails it after too many attempts. Does nothing if another worker has
    it, or still works on it."""
    task = DBTaskResult.objects.running().select_for_update(skip_locked=True).filter(pk=pk).first()
    if task is None or (started_before and task.started_at and task.started_at >= started_before):
        return
    if worker_id and task.worker_ids[-1:] != [worker_id]:
        return
    runs = len(task.worker_ids)
    if runs >= MOST_RUNS:
        logger.error("task %s (%s) was interrupted %d times; it won't run again", pk, task.task_name, runs)
        task.set_failed(TaskAbandoned(f"interrupted {runs} times"))
        return
    logger.warning("task %s (%s) was interrupted; it runs again", pk, task.task_name)
    task.status, task.started_at = TaskResultStatus.READY, None
    task.run_after = now + min(FIRST_PAUSE * 2 ** (runs - 1), LONGEST_PAUSE)
    task.save(update_fields=["status", "started_at", "run_after"])


class Worker(db_worker.Worker):
    def run(self) -> None:
        logger.info("worker %s starts", self.worker_id)
        if self.startup_delay and self.interval:
            time.sleep(RANDOM.random())  # so that several workers don't ask at once
        self.interrupted: set[UUID] = set()
        self.next_look = 0.0
        through_outages(self.put_back_own)
        while self.running:
            has_worked = through_outages(self.step)
            if self.max_tasks is not None and self._run_tasks >= self.max_tasks:
                return
            if not has_worked:
                if self.batch:
                    return
                if self.running:
                    time.sleep(self.interval)

    def put_back_own(self) -> None:
        """A worker that was started with the name of a dead one goes on with its task."""
        for task in DBTaskResult.objects.running():
            if task.worker_ids[-1:] == [self.worker_id]:
                put_back(task.pk, now=timezone.now(), worker_id=self.worker_id)

    def step(self) -> bool:
        """Runs the next task that is due. Returns whether there was one. An outage is raised, and the interrupted task
        put back by the next step that finds the database."""
        close_old_connections()
        for pk in list(self.interrupted):
            put_back(pk, now=timezone.now(), worker_id=self.worker_id)
            self.interrupted.discard(pk)
        if time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + LOOK_EVERY
            put_back_abandoned(timezone.now())
        task = self.claim_next()
        if task is not None:
            self.run_task(task)
        close_old_connections()
        return task is not None

    def claim_next(self) -> AnyTask | None:
        due = DBTaskResult.objects.ready().filter(backend_name=self.backend_name)
        if not self.process_all_queues:
            due = due.filter(queue_name__in=self.queue_names)
        if self.excluded_queue_names:
            due = due.exclude(queue_name__in=self.excluded_queue_names)
        if not due.exists():  # most of the time; SQLite would lock the database to find out
            return None
        with exclusive_transaction(due.db):
            task = due.get_locked()
            if task is not None:
                task.claim(self.worker_id)
        return task

    def run_task(self, db_task_result: AnyTask) -> None:
        """Marks the task as done or as failed, unless an outage interrupts it."""
        self.running_task = True
        self.interrupted.add(db_task_result.pk)
        try:
            self.perform(db_task_result)
        except Exception as error:
            if is_outage(error):
                raise
            self.fail(db_task_result, error)
        except BaseException:  # asked to end a second time
            with suppress(Exception):
                put_back(db_task_result.pk, now=timezone.now(), worker_id=self.worker_id)
            raise
        finally:
            self.running_task = False
            self._run_tasks += 1
        self.interrupted.discard(db_task_result.pk)

    def perform(self, db_task_result: AnyTask) -> None:
        task, result = db_task_result.task, db_task_result.task_result
        sender = type(task.get_backend())
        task_started.send(sender=sender, task_result=result)
        context: list[Any] = [TaskContext(task_result=result)] if task.takes_context else []
        with ExitStack() as stack:
            if not getattr(task.func, "commits_by_itself", False):
                stack.enter_context(transaction.atomic())
                if not self.still_has(db_task_result):
                    return
            returned = task.call(*context, *result.args, **result.kwargs)
            db_task_result.set_successful(returned)
        task_finished.send(sender=sender, task_result=db_task_result.task_result)

    def fail(self, db_task_result: AnyTask, error: Exception) -> None:
        db_task_result.set_failed(error)
        try:
            sender, result = type(db_task_result.task.get_backend()), db_task_result.task_result
        except (ImportError, SuspiciousOperation):
            logger.exception("task %s can't be run", db_task_result.pk)
        else:
            task_finished.send(sender=sender, task_result=result)

    def still_has(self, task: AnyTask) -> bool:
        """Locks the task's row. False if it was put back, because this process stood still for too long."""
        row = DBTaskResult.objects.running().select_for_update().filter(pk=task.pk).first()
        return row is not None and row.worker_ids == task.worker_ids

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Lets the task in hand end, unless it waits for a database, or the signal is the second. Logs nothing: the
        signal may have come while a line was being written, and would be lost."""
        if is_waiting() or not self.running_task:
            sys.exit(0)
        if not self.running:
            sys.exit(1)
        self.running = False
