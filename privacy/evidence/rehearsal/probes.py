"""The registry of probes. Each tries to break some promises and reports when it succeeds.

Apps contribute probes in their `probes` module or package, which is discovered like `admin.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from django.apps import apps
from django.utils.module_loading import import_string, module_has_submodule

from privacy.registry.promises import PROMISES

if TYPE_CHECKING:
    from .rehearsal import Rehearsal


class Stage(IntEnum):
    """The order of probes. Within a stage, apps of lower layers come first."""

    SET_UP = 1  # creates staff of each role, a product, an affiliate
    PLANT = 2  # people submit canaries everywhere
    LOOK = 3  # every store and every page is searched
    BREAK_IN = 4  # thieves and strangers try unauthorized access
    ASK = 5  # people make privacy requests
    END = 6  # refunds, payouts, deletions; and another search
    EXPIRE = 7  # 30 days have passed
    LAST = 8  # all responses and all remaining data are searched again


@dataclass(frozen=True)
class Probe:
    """A probe: `name` is module and function. It tests each of `promises`, which count as broken if the probe fails."""

    name: str
    stage: Stage
    promises: tuple[str, ...]
    run: Callable[[Rehearsal], None]


_probes: list[Probe] = []


def probe(*promises: str, stage: Stage) -> Callable[[Callable[[Rehearsal], None]], Callable[[Rehearsal], None]]:
    """Declares a function as a probe of these promises. Raises `ValueError` for an unknown ID."""
    if unknown := {*promises} - {promise.id for promise in PROMISES}:
        raise ValueError(f"there is no promise {', '.join(sorted(unknown))}")

    def declare(function: Callable[[Rehearsal], None]) -> Callable[[Rehearsal], None]:
        _probes.append(Probe(f"{function.__module__}.{function.__name__}", stage, promises, function))
        return function

    return declare


def all_probes() -> list[Probe]:
    """All probes in order of execution: by stage, lower layers first."""
    for config in reversed(list(apps.get_app_configs())):
        if module_has_submodule(config.module, "probes"):
            import_string(f"{config.name}.probes.__name__")
    return sorted(_probes, key=lambda each: each.stage)
