"""The rehearsal's process: creates the databases, starts the PayPal stand-in, runs all probes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import time_machine
from django.conf import settings
from django.core.management import call_command

from .entry_points import measured
from .parent_watchdog import exit_with_parent
from .rehearsal import Rehearsal


def run(what: str) -> None:
    """Prepares (`what` is `prepare`) or rehearses (`what` is the report file), in the scratch copy's environment."""
    if "REHEARSAL" not in os.environ:
        raise SystemExit("This would write to the site's databases: use `manage.py probe_promises`.")
    exit_with_parent()
    if what == "prepare":
        prepare()
    else:
        rehearse(Path(what))


def prepare() -> None:
    for database in settings.DATABASES:
        call_command("migrate", database=database, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def rehearse(report: Path) -> None:
    with pretend_paypal(), time_machine.travel(datetime.now(UTC), tick=True) as clock:
        rehearsal = Rehearsal(Path(settings.DATA_DIR), clock)
        with measured(rehearsal.reached):
            rehearsal.run().write(report)


@contextmanager
def pretend_paypal() -> Iterator[None]:
    """Runs the PayPal stand-in. It sends no webhooks itself; probes fetch them and deliver them late or twice."""
    folder = settings.PAYPAL_TRUST_ROOTS.parent
    options = ["--port", str(settings.PAYPAL_STANDIN_PORT), "--data-dir", str(folder)]
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "paypal_standin", *options],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            line = HTTPConnection("127.0.0.1", settings.PAYPAL_STANDIN_PORT, timeout=5)
            try:
                line.request("GET", "/standin/clock")
                line.getresponse().read()
                break
            except OSError:
                time.sleep(0.05)
            finally:
                line.close()
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
