"""The scratch copy: a folder, databases, keys and ports of its own, and the process that rehearses in them.

This is the part that runs in the real site. It hands the copy the site's settings, but none of its secrets. Whatever
happens, nothing stays: the processes end with the one that started them, also when that is killed, and the next copy
removes the folder and the databases that a killed one left behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files import locks

from .databases import NoDatabase, scratch_databases
from .environment import environment
from .report import RehearsalReport

PROGRAM = (sys.executable, "-m", "privacy.evidence.rehearsal")
PREFIX = "aitpro-rehearsal-"
NICENESS = 10  # the pages come first


class RehearsalFailed(Exception):
    """It ended without a report: a crash, or too late. The text holds no value."""


@dataclass(frozen=True)
class Scratch:
    """`deadline` is that of `time.monotonic()`, for everything that is done in it."""

    folder: Path
    environment: dict[str, str]
    deadline: float

    @property
    def log(self) -> Path:
        """What its processes wrote. It goes with the folder."""
        return self.folder / "rehearsal.log"

    def prepare(self) -> None:
        """Makes the databases' tables. Raises `RehearsalFailed`."""
        if code := self._run((*PROGRAM, "prepare")):
            raise RehearsalFailed(f"its databases could not be made (code {code})")

    def rehearse(self, program: Sequence[str] = PROGRAM) -> RehearsalReport:
        """Runs the rehearsal's process to its end. Raises `RehearsalFailed`."""
        report = self.folder.parent / "report.json"
        code = self._run((*program, str(report)))
        try:
            return RehearsalReport.read(report)
        except (OSError, ValueError, TypeError, KeyError):
            raise RehearsalFailed(f"it ended with code {code}, and no report") from None

    def _run(self, command: Sequence[str]) -> int:
        """In a group of processes that ends with it, also when it takes too long.

        Its standard input is a pipe, which closes when this process is killed: then it ends itself.
        """
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                command,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
                return process.wait(timeout=max(self.deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                raise RehearsalFailed("it was not done in time") from None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if process.stdin:
                    process.stdin.close()


@contextmanager
def scratch_copy(prepared: Scratch | None = None, *, seconds: float | None = None) -> Iterator[Scratch]:
    """Made, and removed with the block, whatever happened in it. From a prepared one in a moment.

    `seconds` are for all that is done in it. Raises `RehearsalFailed`.
    """
    deadline = time.monotonic() + (seconds or settings.REHEARSAL_SECONDS)
    try:
        with _place() as place, scratch_databases(prepared.environment if prepared else None) as databases:
            yield _copy(place / "data", databases, deadline, prepared)
    except NoDatabase as reason:
        raise RehearsalFailed(str(reason)) from None
    except OSError as error:
        raise RehearsalFailed(f"the machine refuses: {error.strerror or type(error).__name__}") from None


def _copy(folder: Path, databases: dict[str, str], deadline: float, prepared: Scratch | None) -> Scratch:
    if prepared is not None:
        shutil.copytree(prepared.folder, folder)
        keys = {name: prepared.environment[name] for name in ("SECRET_KEY", "ENCRYPTION_KEYS")}
        return Scratch(folder, {**environment(folder, databases), **keys}, deadline)
    (folder / "tmp").mkdir(parents=True)
    copy = Scratch(folder, environment(folder, databases), deadline)
    copy.prepare()
    return copy


@contextmanager
def _place() -> Iterator[Path]:
    """A folder that is locked as long as it is used, so that what a killed process left behind can be told apart."""
    _remove_left_behind()
    place = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (place / "lock").open("w") as lock:
            locks.lock(lock, locks.LOCK_EX)
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _remove_left_behind() -> None:
    """Of this user's: others' can't be opened."""
    for place in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), (place / "lock").open() as lock:
            if _is_nobodys(place, lock):
                shutil.rmtree(place, ignore_errors=True)


def _is_nobodys(place: Path, lock: IO[str]) -> bool:
    """A lock that was just made is not taken yet."""
    is_old = place.stat().st_mtime < time.time() - 60
    return is_old and locks.lock(lock, locks.LOCK_EX | locks.LOCK_NB)
