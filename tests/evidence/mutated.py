"""Attacks code with holes: `python -m tests.evidence.mutated NAME+NAME REPORT`, in a scratch copy's environment."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import django


def main(names: str, report: str) -> None:
    from privacy.evidence.rehearsal.process import run
    from tests.evidence import holes  # noqa: F401  (registers them)
    from tests.evidence.mutations import MUTATIONS

    mutations = [MUTATIONS[name] for name in names.split("+") if name in MUTATIONS]
    for mutation in mutations:
        mutation.apply()
    if any(mutation.by == "sweep" for mutation in mutations):
        sweep_what_people_left(Path(report))
    else:
        run(report)


def sweep_what_people_left(report: Path) -> None:
    """The stores of a site that people have visited, and that has not attacked itself."""
    import time_machine
    from django.conf import settings

    from privacy.evidence.rehearsal.probes import Stage
    from privacy.evidence.rehearsal.process import pretend_paypal
    from privacy.evidence.rehearsal.rehearsal import Rehearsal
    from privacy.evidence.sweep.run import sweep

    with pretend_paypal(), time_machine.travel(datetime.now(UTC), tick=True) as clock:
        rehearsal = Rehearsal(Path(settings.DATA_DIR), clock)
        rehearsal.run({Stage.SET_UP, Stage.PLANT})
        rehearsal.work()
        sweep().write(report)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "aitpro.settings"
    django.setup()
    main(*sys.argv[1:])
