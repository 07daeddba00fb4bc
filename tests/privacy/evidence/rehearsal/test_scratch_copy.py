"""Of the scratch copy nothing stays: no folder, no database, no process, whatever happened in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import Settings

from privacy.evidence.rehearsal import scratch_copy as scratch
from privacy.evidence.rehearsal.scratch_copy import RehearsalFailed, Scratch, scratch_copy
from tests.running_site import wait_for

# In place of the rehearsal's program: it makes no tables, and does as a test says.
PROGRAM = """
import os, subprocess, sys, time
from pathlib import Path
from privacy.evidence.rehearsal.parent_watchdog import exit_with_parent
from privacy.evidence.rehearsal.report import RehearsalReport as Report
exit_with_parent()
report, folder = Path(sys.argv[-1]), Path(os.environ["DATA_DIR"])
if sys.argv[-1] != "prepare":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL)
    (folder.parent.parent / "processes").write_text(f"{os.getpid()} {child.pid}")
    DEED
"""
PARENT = """
import sys
import django
django.setup()
from privacy.evidence.rehearsal import scratch_copy as scratch
scratch.PROGRAM = tuple(sys.argv[1:])
with scratch.scratch_copy() as copy:
    copy.rehearse(scratch.PROGRAM)
"""


def program(deed: str) -> tuple[str, ...]:
    return (sys.executable, "-c", PROGRAM.replace("DEED", deed))


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "PROGRAM", program("pass"))
    return tmp_path


def left(places: Path) -> list[Path]:
    return [*places.glob(f"{scratch.PREFIX}*")]


def processes(places: Path) -> list[int]:
    """Those that the program in the copy started, and itself."""
    return [int(pid) for pid in (places / "processes").read_text().split()]


def running(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _runs(pid)]


def _runs(pid: int) -> bool:
    """What nobody has asked about yet is a zombie, which does nothing any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def nothing_runs(pids: list[int]) -> bool:
    return not running(pids)


def rehearse(copy: Scratch, deed: str) -> object:
    return copy.rehearse(program(deed))


def test_report_comes_back_and_nothing_stays(places: Path) -> None:
    with scratch_copy() as copy:
        report = rehearse(copy, "Report(ways=7).write(report)")
        assert getattr(report, "ways", None) == 7
        assert len(left(places)) == 1
    assert left(places) == []
    assert wait_for(lambda: nothing_runs(processes(places)), "the end")


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("sys.exit(3)", "it ended with exit code 3, without a report"),
        ("os.kill(os.getpid(), 9)", "it ended with exit code -9, without a report"),
        ("report.write_text('{')", "it ended with exit code 0, without a report"),
        ("report.write_text('{}')", "it ended with exit code 0, without a report"),
    ],
)
def test_crash_is_told_and_leaves_nothing(places: Path, deed: str, reason: str) -> None:
    with pytest.raises(RehearsalFailed, match=reason), scratch_copy() as copy:
        rehearse(copy, deed)
    assert left(places) == []
    assert wait_for(lambda: nothing_runs(processes(places)), "the end")


def test_databases_that_cannot_be_made_are_told(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "PROGRAM", (sys.executable, "-c", "raise SystemExit(1)"))
    with pytest.raises(RehearsalFailed, match="its databases could not be created"), scratch_copy():
        pass
    assert left(places) == []


def test_one_that_takes_too_long_is_ended_with_all_its_processes(places: Path) -> None:
    with pytest.raises(RehearsalFailed, match="it timed out"), scratch_copy(seconds=6) as copy:
        rehearse(copy, "time.sleep(600)")
    assert left(places) == []
    assert wait_for(lambda: nothing_runs(processes(places)), "the end")


def test_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(RehearsalFailed, match="operating system error: No space left on device"), scratch_copy():
        pass


def test_interruption_leaves_nothing(places: Path) -> None:
    with pytest.raises(KeyboardInterrupt), scratch_copy():
        raise KeyboardInterrupt
    assert left(places) == []


def test_when_its_starter_is_killed_its_processes_end_and_the_next_copy_removes_the_rest(places: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", PARENT, *program("time.sleep(600)")],
        cwd=settings.BASE_DIR,
        env={**os.environ, "TMPDIR": str(places), "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    try:
        wait_for((places / "processes").is_file, "the rehearsal", 60)
        started = wait_for(lambda: processes(places), "its processes")
        assert running(started) == started
        with scratch_copy():
            assert len(left(places)) == 2  # one that runs is left alone
    finally:
        os.kill(starter.pid, signal.SIGKILL)
        starter.wait()
    assert wait_for(lambda: nothing_runs(started), "the end")
    [place] = left(places)
    os.utime(place, (time.time() - 120,) * 2)
    with scratch_copy():
        assert not place.exists()
    assert left(places) == []


def test_two_at_once_have_nothing_in_common(places: Path) -> None:
    with scratch_copy() as one, scratch_copy() as other:
        assert one.folder != other.folder
        common = {name for name in one.environment if one.environment[name] == other.environment[name]}
        assert not common & {"DATABASE_URL", "KEYSTORE_URL", "SECRET_KEY", "ENCRYPTION_KEYS", "PAYPAL_STANDIN_PORT"}
        assert len(left(places)) == 2


def test_scratch_copy_is_readable_only_by_its_user(places: Path) -> None:
    with scratch_copy():
        assert [path.stat().st_mode & 0o077 for path in left(places)] == [0]


def test_pages_come_first(places: Path) -> None:
    with scratch_copy() as copy:
        rehearse(copy, "Report(ways=os.nice(0)).write(report)")
        report = rehearse(copy, "time.sleep(0.2); Report(ways=os.nice(0)).write(report)")
        assert getattr(report, "ways", 0) >= scratch.NICENESS


def test_program_refuses_to_rehearse_in_the_sites_own_databases() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "privacy.evidence.rehearsal", "prepare"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "use `manage.py probe_promises`" in done.stderr


def test_time_limit_comes_from_the_settings(settings: Settings) -> None:
    settings.REHEARSAL_SECONDS = 300  # the copy is made in a few seconds, on a busy machine in a minute
    with scratch_copy() as copy:
        assert copy.deadline - time.monotonic() < 300
