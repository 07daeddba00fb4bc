"""How a task's work ends: committed together with the mark that the task is done, unless it says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def commits_by_itself(function: Function) -> Function:
    """For tasks that call another server (mail, PayPal), which no transaction takes back, and for those that work in
    batches. Running twice, also at the same time, they do everything once: they claim each row before they work on it.

    The worker runs all others in one transaction with the mark that they are done. Killed at any moment, such a task
    has done nothing, and runs again.
    """
    function.commits_by_itself = True  # type: ignore[attr-defined]
    return function
