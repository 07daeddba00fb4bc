"""The background worker's part, without its process."""

from __future__ import annotations

from collections.abc import Callable

from django_tasks_db.models import DBTaskResult


def run_due_tasks(after_each: Callable[[], object] = lambda: None) -> int:
    """Runs due tasks until none is left, and `after_each` after each.

    An error in a task is raised, so that no test passes over it.
    """
    done = 0
    while result := DBTaskResult.objects.ready().first():
        result.claim("tests")
        result.task.call(*result.args_kwargs["args"], **result.args_kwargs["kwargs"])
        result.set_successful(None)
        after_each()
        done += 1
    return done
