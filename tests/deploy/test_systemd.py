"""deploy/systemd as systemd itself reads it, and what it says about the sandboxes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from aitpro.housekeeping import Lane
from tests.programs import program
from tests.running_site import ROOT

UNITS = ROOT / "deploy" / "systemd"
SERVICES = [
    "aitpro-web@1",
    "aitpro-worker",
    "aitpro-clock",
    "aitpro-housekeeping@here",
    "aitpro-mail-in",
    "aitpro-backup",
]
NEWER = {"RestartSteps", "RestartMaxDelaySec"}  # systemd 254; older ones say that they ignore them
MOST_EXPOSED = 2.0  # of 10; systemd calls up to 2.9 "OK" and an unchanged service "UNSAFE"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As in /etc/systemd/system, with one instance of the templates, and a Python that is there."""
    folder = tmp_path_factory.mktemp("systemd") / "system"
    shutil.copytree(UNITS, folder)
    (folder / "credentials.conf").rename(folder / "aitpro-.service.d" / "credentials.conf")
    for kind in ("service", "socket"):
        (folder / f"aitpro-web@.{kind}").rename(folder / f"aitpro-web@1.{kind}")
    for kind in ("service", "timer"):
        (folder / f"aitpro-housekeeping@.{kind}").rename(folder / f"aitpro-housekeeping@here.{kind}")
    for unit in folder.glob("*.service"):
        unit.write_text(unit.read_text().replace("/srv/aitpro/.venv/bin/python", "/bin/true"))
    return folder


def analyze(installed: Path, *arguments: str) -> str:
    done = subprocess.run(
        [program("systemd-analyze"), *arguments],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{installed}:", "SYSTEMD_LOG_COLOR": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_systemd_has_no_complaint(installed: Path) -> None:
    units = [str(path) for path in sorted(installed.iterdir()) if path.is_file()]
    assert len(units) >= 11
    complaints = analyze(installed, "verify", "--man=no", *units).splitlines()
    own = [line for line in complaints if "aitpro" in line]
    assert [line for line in own if not any(f"'{name}'" in line for name in NEWER)] == []


def test_systemd_would_complain_of_a_mistake(installed: Path, tmp_path: Path) -> None:
    mistaken = tmp_path / "aitpro-mistaken.service"
    mistaken.write_text("[Service]\nExecStart=/bin/true\nProtectSytem=strict\n")
    assert "ProtectSytem" in analyze(installed, "verify", "--man=no", str(mistaken))


@pytest.mark.parametrize("service", SERVICES)
def test_service_is_sandboxed(installed: Path, service: str) -> None:
    said = analyze(installed, "security", "--offline=true", str(installed / f"{service}.service"))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found, said
    assert float(found.group(1)) <= MOST_EXPOSED, said


def test_services_outlive_a_long_absence_of_the_database(installed: Path) -> None:
    common = (installed / "aitpro-.service.d" / "common.conf").read_text()
    assert "StartLimitIntervalSec=0" in common
    for service in SERVICES[:3]:
        assert "Restart=always" in (installed / f"{service}.service").read_text(), service


@pytest.mark.parametrize("service", ["aitpro-clock", "aitpro-housekeeping@here"])
def test_nightly_attack_outlives_what_started_it(installed: Path, service: str) -> None:
    assert "KillMode=process" in (installed / f"{service}.service").read_text()


def test_each_lane_of_housekeeping_has_a_timer_that_the_clock_replaces(installed: Path) -> None:
    conflicts = re.findall(r"aitpro-housekeeping@(\w+)\.timer", (installed / "aitpro-clock.service").read_text())
    assert conflicts == [lane.value for lane in Lane]


def test_commands_of_the_services_exist() -> None:
    """What systemd-analyze can't know: that these are the project's own."""
    commands = re.findall(r"^ExecStart=/srv/aitpro/\.venv/bin/python (.+)$", _all_units(), re.MULTILINE)
    assert len(commands) == 6
    own = {path.stem for path in ROOT.glob("*/management/commands/*.py")}
    for command in commands:
        words = command.split()
        assert words[:3] == ["-m", "gunicorn", "aitpro.wsgi"] or (words[0] == "manage.py" and words[1] in own), command


def test_sockets_are_those_that_nginx_asks() -> None:
    [template] = re.findall(r"^ListenStream=(.+)$", _all_units(), re.MULTILINE)
    site = (ROOT / "deploy" / "nginx" / "aitpro.conf").read_text()
    asked = re.findall(r"server unix:(\S+) ", site)
    assert asked == [template.replace("%i", number) for number in ("1", "2")]


def _all_units() -> str:
    return "\n".join(path.read_text() for path in sorted(UNITS.glob("*.*")) if path.is_file())
