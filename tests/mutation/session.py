"""Pytest's plugin: once the databases are made, a process is forked for each mutant, which runs tests until one fails.

The tests that name the module come first; what survives them meets all others that were collected.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from .mutants import Mutant, apply, mutants_of

SECONDS = 60  # a mutant that keeps the tests busy for so long is taken for killed: it hangs
OTHERS = 25  # seconds for the tests that don't name the module


class Mutating:
    def __init__(self, files: list[Path], root: Path) -> None:
        self.files, self.root = files, root
        self.killed, self.survivors = 0, list[Mutant]()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests once."""
        items = session.items
        _run(items[0], items[-1])  # makes the databases
        before = _Databases()
        for path in self.files:
            own, others = _split(items, path)
            if self._is_killed(None, own, []):
                raise pytest.UsageError(f"a test of {path} fails without any change")
            for mutant in mutants_of(path, (self.root / path).read_text()):
                before.restore()
                if self._is_killed(mutant, own, others):
                    self.killed += 1
                else:
                    self.survivors.append(mutant)
                    print(mutant, flush=True)
            print(f"{path}: {self.killed} killed so far, {len(self.survivors)} survived", file=sys.stderr, flush=True)
        return True

    def _is_killed(self, mutant: Mutant | None, own: list[pytest.Item], others: list[pytest.Item]) -> bool:
        child = os.fork()
        if child == 0:
            os._exit(_try(mutant, self.root, own, others))
        until = time.monotonic() + SECONDS + OTHERS
        while time.monotonic() < until:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return status != 0
            time.sleep(0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return True


def _try(mutant: Mutant | None, root: Path, own: list[pytest.Item], others: list[pytest.Item]) -> int:
    """In the forked process: 1 as soon as a test fails."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    seen = _Failures()
    own[0].config.pluginmanager.register(seen)
    try:
        if mutant is not None:
            apply(mutant, str(root / mutant.path))
        return int(_any_fails(own, seen, SECONDS) or _any_fails(others, seen, OTHERS))
    except BaseException:
        return 1


def _any_fails(items: list[pytest.Item], seen: _Failures, seconds: float) -> bool:
    until = time.monotonic() + seconds
    for item, following in zip(items, [*items[1:], items[-1]], strict=True):
        _run(item, following)
        if seen.failed:
            return True
        if time.monotonic() > until:
            return False
    return False


def _run(item: pytest.Item, following: pytest.Item) -> None:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


class _Failures:
    failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed


class _Databases:
    """Their files, as they were before any test. The connections are closed: none may be shared with a fork."""

    def __init__(self) -> None:
        connections.close_all()
        self.files = [Path(str(database["NAME"])) for database in settings.DATABASES.values()]
        for file in self.files:
            shutil.copy(file, f"{file}.before")

    def restore(self) -> None:
        connections.close_all()
        for file in self.files:
            for log in ("-wal", "-shm"):
                Path(f"{file}{log}").unlink(missing_ok=True)
            shutil.copy(f"{file}.before", file)


def _split(items: list[pytest.Item], path: Path) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests of files that name the module, and all others."""
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    parent, _, name = module.rpartition(".")
    naming = (module, f"from {parent} import {name}")
    names = {file for file in {item.path for item in items} if any(text in file.read_text() for text in naming)}
    own = [item for item in items if item.path in names]
    return own or items, [item for item in items if item.path not in names] if own else []


def files_below(root: Path, places: list[str]) -> Iterator[Path]:
    for place in places:
        found = root / place
        paths = sorted(found.rglob("*.py")) if found.is_dir() else [found]
        yield from (path.relative_to(root) for path in paths if "migrations" not in path.parts)


def answered(root: Path) -> str:
    text: Any = (root / "docs" / "mutation.md").read_text()
    return str(text)
