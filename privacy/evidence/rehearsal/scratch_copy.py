"""The scratch copy: its own folder, databases, keys and ports, and the process that rehearses in them.

This part runs in the live site. The copy gets the site's settings, but none of its secrets. Everything is removed
afterward: the copy's processes end with their parent, even if that is killed, and the next copy removes folders and
databases left behind by a killed one.
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
NICENESS = 10  # lower priority than the site


class RehearsalFailed(Exception):
    """The rehearsal ended without a report, by a crash or timeout. The text contains no values."""


@dataclass(frozen=True)
class Scratch:
    """A scratch copy. `deadline` applies to everything done in it, in terms of `time.monotonic()`."""

    folder: Path
    environment: dict[str, str]
    deadline: float

    @property
    def log(self) -> Path:
        """Output of the copy's processes, removed with the folder."""
        return self.folder / "rehearsal.log"

    def prepare(self) -> None:
        """Creates the database tables. Raises `RehearsalFailed`."""
        if code := self._run((*PROGRAM, "prepare")):
            raise RehearsalFailed(f"its databases could not be created (exit code {code})")

    def rehearse(self, program: Sequence[str] = PROGRAM) -> RehearsalReport:
        """Runs the rehearsal's process. Raises `RehearsalFailed`."""
        report = self.folder.parent / "report.json"
        code = self._run((*program, str(report)))
        try:
            return RehearsalReport.read(report)
        except (OSError, ValueError, TypeError, KeyError):
            raise RehearsalFailed(f"it ended with exit code {code}, without a report") from None

    def _run(self, command: Sequence[str]) -> int:
        """Runs the command in a process group that is killed afterward or on timeout. Returns its exit code.

        Standard input is a pipe that closes if this process is killed, upon which the copy ends itself.
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
                raise RehearsalFailed("it timed out") from None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if process.stdin:
                    process.stdin.close()


@contextmanager
def scratch_copy(prepared: Scratch | None = None, *, seconds: float | None = None) -> Iterator[Scratch]:
    """Creates a scratch copy and removes it after the block. Copying a prepared one is fast.

    `seconds` limits everything done in it. Raises `RehearsalFailed`.
    """
    deadline = time.monotonic() + (seconds or settings.REHEARSAL_SECONDS)
    try:
        with _place() as place, scratch_databases(prepared.environment if prepared else None) as databases:
            yield _copy(place / "data", databases, deadline, prepared)
    except NoDatabase as reason:
        raise RehearsalFailed(str(reason)) from None
    except OSError as error:
        raise RehearsalFailed(f"operating system error: {error.strerror or type(error).__name__}") from None


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
    """A temporary folder with a lock, so that folders of killed processes can be detected."""
    _remove_left_behind()
    place = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (place / "lock").open("w") as lock:
            locks.lock(lock, locks.LOCK_EX)
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _remove_left_behind() -> None:
    """Removes orphaned folders of this operating system user."""
    for place in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), (place / "lock").open() as lock:
            if _is_nobodys(place, lock):
                shutil.rmtree(place, ignore_errors=True)


def _is_nobodys(place: Path, lock: IO[str]) -> bool:
    """Whether a folder is orphaned: unlocked, and old enough that its owner would have locked it."""
    is_old = place.stat().st_mtime < time.time() - 60
    return is_old and locks.lock(lock, locks.LOCK_EX | locks.LOCK_NB)
