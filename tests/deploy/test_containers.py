"""deploy/Dockerfile and deploy/compose.yaml: no root, nothing writable but what must be, pins, no secrets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.running_site import ROOT, free_port, wait_for

pytestmark = pytest.mark.one_database

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OWN = {"prepare", "web-1", "web-2", "worker", "clock"}


def test_compose_starts_the_whole_set() -> None:
    assert set(SERVICES) == OWN | {"postgresql", "redis", "nginx"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_container_is_sealed(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", sorted(set(SERVICES) - OWN))
def test_other_images_run_without_root_and_are_pinned(name: str) -> None:
    user, _, group = SERVICES[name]["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert re.fullmatch(r"\w+:\d+(\.\d+)?-bookworm", SERVICES[name]["image"])


def test_only_nginx_can_be_reached() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]


def test_own_containers_run_the_image_that_runs_without_root() -> None:
    assert {SERVICES[name]["image"] for name in OWN} == {"aitpro"}
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    users = re.findall(r"^USER (\S+)$", last_stage, re.MULTILINE)
    assert users == ["10001:10001"]
    assert "--uid 10001" in last_stage
    assert "--gid 10001" in last_stage
    assert not any("user" in SERVICES[name] for name in OWN)


def test_image_is_built_in_two_stages_from_pinned_packages() -> None:
    assert len(re.findall(r"^FROM ", DOCKERFILE, re.MULTILINE)) == 2
    assert "--require-hashes" in DOCKERFILE
    assert ":latest" not in DOCKERFILE
    assert "requirements-dev" not in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE


def test_no_secret_is_in_the_files() -> None:
    given = [*re.findall(r"^(?:ARG|ENV) (.+)$", DOCKERFILE, re.MULTILINE)]
    for service in SERVICES.values():
        environment = service.get("environment", {})
        given += [f"{name}={value}" for name, value in environment.items()]
    assert any("SECRET_KEY_FILE=/run/secrets/" in each for each in given)
    secret = re.compile(r"(SECRET|PASSWORD|_KEYS?|TOKEN|DATABASE_URL)(_FILE)?=")
    assert [each for each in given if secret.search(each) and "_FILE=/run/secrets/" not in each] == []
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())


def test_secrets_stay_out_of_image_and_repository() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert {".env", ".git", "var", "deploy/secrets", "deploy/certificates", "deploy/site.env"} <= set(ignored)
    for path in ("deploy/secrets/secret_key", "deploy/certificates/x", "deploy/site.env", "deploy/aitpro.conf"):
        assert subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False).returncode == 0, path


def test_the_nginx_of_the_containers_finds_what_its_configuration_names() -> None:
    site = re.sub(r"(?m)^#.*$", "", (DEPLOY / "nginx" / "aitpro.conf").read_text())
    mounted = [volume.split(":")[1] for volume in SERVICES["nginx"]["volumes"]]
    mounted += [entry.split(":")[0] for entry in SERVICES["nginx"]["tmpfs"]]
    named = re.findall(r"(?<=[ :])(/(?:run|srv|etc|var)/[\w./-]+)", site.replace("/var/www/html", "/srv/www/aitpro"))
    assert len(named) > 10
    assert [path for path in named if not any(path.startswith(where) for where in mounted)] == []
    sockets = {SERVICES[f"web-{number}"]["environment"]["BIND"] for number in (1, 2)}
    assert sockets == set(re.findall(r"server (unix:\S+) ", site))


@pytest.mark.slow
def test_health_check_follows_the_instance(tmp_path: Path) -> None:
    port = free_port()

    def check(bind: str) -> int:
        command = [sys.executable, "deploy/healthy.py"]
        return subprocess.run(command, cwd=ROOT, env={"BIND": bind}, capture_output=True, check=False).returncode

    assert check(f"0.0.0.0:{port}") == 1
    for bind in (f"127.0.0.1:{port}", f"unix:{tmp_path}/web.sock"):
        command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--bind", bind]
        server = subprocess.Popen([*command, "tests.site.http.process_id_app"], cwd=ROOT)
        try:
            wait_for(lambda bind=bind: check(bind) == 0, "a healthy answer")  # type: ignore[misc]
        finally:
            server.terminate()
            server.wait(30)
        assert check(bind) == 1
