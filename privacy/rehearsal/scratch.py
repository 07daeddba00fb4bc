"""The scratch copy: a folder, databases, keys and ports of its own, and the process that rehearses in them.

This is the part that runs in the real site. It hands the copy the site's settings, but none of its secrets.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ..encryption.keys import RootKey
from .report import Report

SECONDS = 300  # a rehearsal that takes longer is ended, and was not kept
PROGRAM = (sys.executable, "-m", "privacy.rehearsal")


class RehearsalFailed(Exception):
    """It ended without a report: a crash, or too late."""


@dataclass(frozen=True)
class Scratch:
    folder: Path
    environment: dict[str, str]

    @property
    def log(self) -> Path:
        return self.folder / "rehearsal.log"

    def prepare(self) -> None:
        """Makes the databases. Raises `RehearsalFailed`."""
        if self._run((*PROGRAM, "prepare"), SECONDS):
            raise RehearsalFailed("its databases could not be made")

    def rehearse(self, program: Sequence[str] = PROGRAM, *, seconds: int = SECONDS) -> Report:
        """Runs the rehearsal's process to its end. Raises `RehearsalFailed`."""
        report = self.folder.parent / "report.json"
        code = self._run((*program, str(report)), seconds)
        try:
            return Report.read(report)
        except (OSError, ValueError, TypeError, KeyError):
            raise RehearsalFailed(f"it ended with code {code}, and no report") from None

    def _run(self, command: Sequence[str], seconds: int) -> int:
        """In a group of processes that ends with it, also when it takes longer than that."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                command, cwd=settings.BASE_DIR, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
            try:
                return process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                raise RehearsalFailed(f"it was not done within {seconds} seconds") from None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def scratch_copy(prepared: Scratch | None = None) -> Iterator[Scratch]:
    """Made, and removed with the block, whatever happened in it. From a prepared one in a moment."""
    place = Path(tempfile.mkdtemp(prefix="aitpro-rehearsal-"))
    folder = place / "data"
    try:
        if prepared is None:
            folder.mkdir()
            (folder / "tmp").mkdir()
            copy = Scratch(folder, environment(folder))
            copy.prepare()
        else:
            shutil.copytree(prepared.folder, folder)
            keys = {name: prepared.environment[name] for name in ("SECRET_KEY", "ENCRYPTION_KEYS")}
            copy = Scratch(folder, {**environment(folder), **keys})
        yield copy
    finally:
        shutil.rmtree(place, ignore_errors=True)


def environment(folder: Path) -> dict[str, str]:
    """The site's own variables, with everything replaced that leads to its data, its keys, or out of this machine."""
    own = {
        "REHEARSAL": "1",
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/aitpro.sqlite3",
        "KEYSTORE_URL": f"sqlite:///{folder}/keystore.sqlite3",
        "CACHE_URL": "locmemcache://rehearsal",
        "EMAIL_URL": f"filemail:///{folder}/mail",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": RootKey.generate().written_out(),
        "PRODUCT_FILES_DIR": str(folder / "products"),
        "SITE_URL": settings.SITE_URL,
        "PAYPAL_MODE": "standin",
        "PAYPAL_STANDIN_PORT": str(_free_port()),
        "PAYPAL_CLIENT_ID": "standin-client",
        "PAYPAL_CLIENT_SECRET": "standin-secret",
        "PAYPAL_WEBHOOK_ID": "standin-webhook",
        "STAFF_SECOND_FACTOR": str(settings.STAFF_SECOND_FACTOR),
        "POLICY_LEAVES_OUT": ",".join(settings.POLICY_LEAVES_OUT),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONUNBUFFERED": "1",
    }
    return {**{k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE" and not k.endswith("_FILE")}, **own}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
