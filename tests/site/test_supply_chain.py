"""Every package is pinned with its hashes, under a license that is allowed; a release is the same bytes everywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from aitpro import __version__
from supply_chain import audit
from supply_chain.licenses import allowed, contradiction, licenses
from supply_chain.pins import DEV, NEXT, ROOT, RUN, SERVERS, UV, Pin, read_pins
from supply_chain.sbom import sbom

pytestmark = pytest.mark.one_database

PINS = [RUN, DEV, NEXT, UV, SERVERS]
REQUIREMENTS = {
    "requirements.txt": RUN,
    "requirements-dev.txt": DEV,
    "requirements-next.txt": NEXT,
    "requirements-pins.txt": UV,
    "requirements-servers.txt": SERVERS,
}
RENEW = "run `make pins`"


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(file: str) -> set[tuple[str, str]]:
    """Name and version of each line of a requirements file."""
    lines = [line for line in Path(ROOT, file).read_text().splitlines() if line and line[0] not in "#-"]
    pairs = [re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[a-z,-]+\])?==(\S+)", line) for line in lines]
    assert all(pairs), f"{file} pins each package exactly"
    return {(normalized(pair[1]), pair[2]) for pair in pairs if pair}


def versions(pins: list[Pin]) -> set[tuple[str, str]]:
    return {(pin.name, pin.version) for pin in pins}


# --- Pins ---


@pytest.mark.parametrize(("file", "path"), REQUIREMENTS.items(), ids=REQUIREMENTS)
def test_every_requirement_is_pinned(file: str, path: Path) -> None:
    assert required(file)
    assert required(file) <= versions(read_pins(path)), RENEW


@pytest.mark.parametrize("path", PINS, ids=[path.name for path in PINS])
def test_every_pin_has_hashes(path: Path) -> None:
    assert read_pins(path)
    assert [pin.name for pin in read_pins(path) if not pin.hashes] == []


@pytest.mark.parametrize("path", PINS, ids=[path.name for path in PINS])
def test_pins_name_no_package_index(path: Path) -> None:
    assert "==" in path.read_text()
    assert re.search(r"://|--(extra-)?index-url|--find-links|-e ", path.read_text()) is None


def test_pins_hold_nothing_that_no_requirement_asks_for() -> None:
    for file, path in {"requirements.txt": RUN, "requirements-dev.txt": DEV}.items():
        pins = read_pins(path)
        direct = {name for name, _ in required(file) | required("requirements.txt")}
        assert {pin.name for pin in pins if not pin.via and pin.name not in direct} == set(), RENEW


def test_development_uses_the_packages_of_the_site() -> None:
    assert {(pin.name, pin.version, pin.hashes) for pin in read_pins(RUN)} <= {
        (pin.name, pin.version, pin.hashes) for pin in read_pins(DEV)
    }, RENEW


def test_a_replaced_file_is_not_installed(tmp_path: Path) -> None:
    """The file of a package on this machine, whose hash isn't among those that are pinned."""
    wheel = tmp_path / "segno-1.6.6-py3-none-any.whl"
    wheel.write_bytes(b"PK another file under the same name")
    [pin] = [pin for pin in read_pins(RUN) if pin.name == "segno"]
    wheel = wheel.rename(tmp_path / f"segno-{pin.version}-py3-none-any.whl")
    (tmp_path / "pins.txt").write_text(f"segno=={pin.version} --hash=sha256:{pin.hashes[0]}\n")
    options = ["--no-index", "--find-links", str(tmp_path), "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command = [sys.executable, "-m", "pip", "--isolated", "download", *options, "-d", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, "-r", str(tmp_path / "pins.txt")], capture_output=True, text=True, check=False, env=without_network()
    )
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr


def test_make_installs_only_what_is_pinned() -> None:
    makefile = Path(ROOT, "Makefile").read_text()
    [options] = re.findall(r"^INSTALL := (.*)$", makefile, re.M)
    assert {"--require-hashes", "--only-binary", "--no-deps"} <= set(options.split())
    assert len(re.findall(r"\$\(INSTALL\) pins/\w+\.txt", makefile)) == 6
    assert "pip install" not in makefile.replace(options, "")


# --- Licenses ---


def test_every_pinned_package_has_an_allowed_license() -> None:
    known, (run, dev) = licenses(), allowed()
    for path, permitted in ((RUN, run), (DEV, dev), (UV, dev), (SERVERS, dev)):
        pins = read_pins(path)
        assert {pin.name for pin in pins} <= set(known), "add its license to supply_chain/licenses.toml"
        assert {
            pin.name: known[pin.name].expression for pin in pins if known[pin.name].expression not in permitted
        } == {}


def test_installed_packages_have_the_licenses_that_are_listed() -> None:
    listed = licenses()
    assert {name: why for name, each in listed.items() if (why := contradiction(name, each))} == {}


def test_the_list_of_licenses_names_only_pinned_packages() -> None:
    pinned = {pin.name for path in PINS for pin in read_pins(path)}
    assert set(licenses()) - pinned == set()


# --- Vulnerabilities ---


def test_audit_without_its_database_fails_and_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "supply_chain.audit"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=without_network(),
    )
    assert done.returncode == audit.UNKNOWN
    assert "Nothing is known about the pinned packages." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("dependencies", "code", "told"),
    [
        (
            [{"name": "django", "version": "5", "vulns": []}, {"name": "idna", "version": "3", "vulns": []}],
            audit.SAFE,
            "2 packages, none",
        ),
        (
            [{"name": "django", "version": "5", "vulns": []}],
            audit.UNKNOWN,
            "1 of 2 packages could not be looked up, idna",
        ),
        (
            [{"name": "django", "version": "5", "vulns": []}, {"name": "idna", "skip_reason": "not found"}],
            audit.UNKNOWN,
            "idna",
        ),
        (
            [{"name": "django", "version": "5", "vulns": [{"id": "PYSEC-1", "fix_versions": ["5.1"]}]}],
            audit.VULNERABLE,
            "django 5: PYSEC-1, fixed in 5.1",
        ),
    ],
    ids=["all looked up", "one left out", "one skipped", "a vulnerability"],
)
def test_audit_passes_only_if_every_package_was_looked_up(dependencies: list[object], code: int, told: str) -> None:
    found, words = audit.judge({"dependencies": dependencies}, names={"django", "idna"})
    assert found == code
    assert told in words


def without_network() -> dict[str, str]:
    """Nobody listens on this port."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    return {**os.environ, **proxies, "NO_PROXY": "", "no_proxy": ""}


# --- Releases ---


def test_bill_of_materials_is_valid_and_names_every_package_with_hash_and_license() -> None:
    pins = read_pins(RUN)
    text = sbom(pins, made_at=datetime(2026, 3, 2, tzinfo=UTC))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    assert document["metadata"]["component"]["version"] == __version__
    assert len(document["components"]) == len(pins) > 40
    for component in document["components"]:
        assert component["licenses"][0]["expression"]
        assert component["externalReferences"][0]["hashes"][0]["alg"] == "SHA-256"
    needs = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    assert any(
        ref.startswith("pkg:pypi/asgiref@") for ref in needs[next(ref for ref in needs if "pypi/django@" in ref)]
    )


@pytest.mark.slow
def test_release_of_a_commit_is_the_same_bytes_from_two_clones(tmp_path: Path) -> None:
    made = [release(tmp_path / place, zone) for place, zone in (("here", "UTC"), ("over/there", "Asia/Tokyo"))]
    assert set(made[0]) == {f"aitpro-{__version__}.tar.gz", f"aitpro-{__version__}.cdx.json", "SHA256SUMS"}
    assert made[0] == made[1]
    check = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path / "here" / "dist", check=False)
    assert check.returncode == 0
    with tarfile.open(tmp_path / "here" / "dist" / f"aitpro-{__version__}.tar.gz") as archive:
        names = archive.getnames()
    assert f"aitpro-{__version__}/manage.py" in names
    assert all(name.startswith(f"aitpro-{__version__}") for name in names)


@pytest.mark.slow
def test_release_refuses_what_is_not_committed(tmp_path: Path) -> None:
    clone(tmp_path / "clone")
    (tmp_path / "clone" / "manage.py").write_text("changed")
    done = run_dist(tmp_path / "clone", "UTC")
    assert done.returncode == 1
    assert "manage.py" in done.stderr
    assert not (tmp_path / "clone" / "dist").exists()


def release(folder: Path, zone: str) -> dict[str, bytes]:
    clone(folder)
    assert run_dist(folder, zone).returncode == 0
    return {path.name: path.read_bytes() for path in (folder / "dist").iterdir()}


def clone(folder: Path) -> None:
    """The tracked files of this tree as a repository with one commit of a fixed time."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT).decode().split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
            (folder / name).chmod((ROOT / name).stat().st_mode)
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in WHO.items()}
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "tests: Commit."]):
        subprocess.run(["git", *command], cwd=folder, check=True, env={**os.environ, **who})


WHO = {"NAME": "Alice", "EMAIL": "alice@example.com", "DATE": "2026-03-02T12:00:00Z"}


def run_dist(folder: Path, zone: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TZ": zone, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "supply_chain.dist"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


# --- Updates ---


def test_dependabot_watches_every_kind_of_file_that_names_versions() -> None:
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    kinds = {"Dockerfile": "docker", "compose.yaml": "docker-compose", "requirements.txt": "pip"}
    expected = {(kinds[Path(name).name], f"/{Path(name).parent}") for name in tracked if Path(name).name in kinds}
    if any(name.startswith(".github/workflows/") for name in tracked):
        expected.add(("github-actions", "/."))
    config = yaml.safe_load(Path(ROOT, ".github/dependabot.yml").read_text())
    watched = {(each["package-ecosystem"], f"/{Path(each['directory'].strip('/'))}") for each in config["updates"]}
    assert ("pip", "/.") in watched
    assert expected <= watched
