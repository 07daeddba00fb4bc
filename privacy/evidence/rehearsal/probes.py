"""The probes: each tries to break some promises, and says so when it succeeds.

An app writes its own in its `probes` module (a package, where there are many), which the rehearsal finds the way Django
finds `admin.py`.
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
    """What is done when. Within a stage the lower apps come first."""

    SET_UP = 1  # staff of each role, a product, an affiliate: what everything else needs
    PLANT = 2  # people come, with canaries in whatever they send
    LOOK = 3  # every store and every page is searched
    DOORS = 4  # thieves and strangers try what is not theirs
    ASK = 5  # people exercise their rights
    END = 6  # refunds, payouts, deletions; and another look
    EXPIRE = 7  # 30 days have passed
    LAST = 8  # what everybody saw, and whatever is left, is searched once more


@dataclass(frozen=True)
class Probe:
    """`name` is the function's, with its module. It is tried for each of `promises`, and red for them if it fails."""

    name: str
    stage: Stage
    promises: tuple[str, ...]
    run: Callable[[Rehearsal], None]


_probes: list[Probe] = []


def probe(*promises: str, stage: Stage) -> Callable[[Callable[[Rehearsal], None]], Callable[[Rehearsal], None]]:
    """Declares a function as a probe of these promises. Raises `ValueError` for an id that is none."""
    if unknown := {*promises} - {promise.id for promise in PROMISES}:
        raise ValueError(f"there is no promise {', '.join(sorted(unknown))}")

    def declare(function: Callable[[Rehearsal], None]) -> Callable[[Rehearsal], None]:
        _probes.append(Probe(f"{function.__module__}.{function.__name__}", stage, promises, function))
        return function

    return declare


def all_probes() -> list[Probe]:
    """In the order in which they are run: by stage, and the lower apps first."""
    for config in reversed(list(apps.get_app_configs())):
        if module_has_submodule(config.module, "probes"):
            import_string(f"{config.name}.probes.__name__")
    return sorted(_probes, key=lambda each: each.stage)
