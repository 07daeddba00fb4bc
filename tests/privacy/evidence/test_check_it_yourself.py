"""What the page says an outsider can check is checked here, with the very commands that it prints."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from privacy.audit.trail import record
from privacy.encryption.keys import RootKey
from privacy.evidence.outside_verification import check_commands

pytestmark = pytest.mark.one_database

PAGE, JSON, KEY = "/privacy/evidence/", "/privacy/evidence.json", "/privacy/evidence.pem"


class Shell:
    """An outsider's, in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def published(client: Client, shell: Shell, db: None) -> bytes:
    """The files that the first two commands make, without a network."""
    cache.clear()
    answer = client.get(JSON)
    lines = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    (shell.folder / "headers.txt").write_text("HTTP/1.1 200 OK\r\n" + lines, newline="")
    (shell.folder / "evidence.json").write_bytes(answer.content)
    (shell.folder / "evidence.pem").write_bytes(client.get(KEY).content)
    assert shell(check_commands()["signature"]).returncode == 0
    return answer.content


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_three_commands_of_the_page_verify_its_json(
    live_server: LiveServer, settings: Settings, client: Client, shell: Shell
) -> None:
    cache.clear()
    settings.SITE_URL = live_server.url.replace("localhost", "127.0.0.1")
    page = BeautifulSoup(client.get(PAGE).content, "html.parser")
    commands = [each.get_text() for each in page.select("section[aria-labelledby=check] ol .copy-box")]
    assert len(commands) == 3
    results = [shell(command) for command in commands]
    assert [result.returncode for result in results] == [0, 0, 0], results
    assert "Signature Verified Successfully" in results[-1].stdout
    assert json.loads((shell.folder / "evidence.json").read_text())["schema"] == 2


def test_a_changed_file_is_not_verified(published: bytes, shell: Shell) -> None:
    assert shell(check_commands()["verify"]).returncode == 0
    (shell.folder / "evidence.json").write_bytes(published.replace(b'"kept": true', b'"kept": false', 1))
    assert shell(check_commands()["verify"]).returncode != 0


def test_another_sites_signature_is_not_verified(
    published: bytes, shell: Shell, client: Client, settings: Settings
) -> None:
    settings.ENCRYPTION_KEYS = RootKey(b"fore", b"f" * 32).written_out()
    (shell.folder / "evidence.pem").write_bytes(client.get(KEY).content)
    assert shell(check_commands()["verify"]).returncode != 0


def test_the_fingerprint_of_the_page_is_that_of_the_key(published: bytes, shell: Shell, client: Client) -> None:
    calculated = shell(check_commands()["fingerprint"]).stdout.split()[-1]
    assert len(calculated) == 64
    assert calculated in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("kept", "new", "verdict"),
    [
        ((9, "a"), (9, "a"), "The log was not truncated."),
        ((9, "a"), (12, "b"), "The log was not truncated."),
        ((9, "a"), (8, "a"), "The log was rewritten."),
        ((9, "a"), (9, "b"), "The log was rewritten."),
    ],
)
def test_a_kept_file_shows_a_log_that_was_cut_off(
    kept: tuple[int, str], new: tuple[int, str], verdict: str, shell: Shell
) -> None:
    for name, (number, text) in {"kept.json": kept, "evidence.json": new}.items():
        (shell.folder / name).write_text(json.dumps({"audit_head": {"number": number, "hash": text}}))
    assert shell(check_commands()["compare"]).stdout.strip() == verdict


def test_a_kept_file_is_checked_against_the_whole_log(published: bytes, shell: Shell) -> None:
    kept = shell.folder / "evidence.json"
    record(action="tests.thing.done", about=None, actor=None)
    call_command("verify_audit", "--head", str(kept))
    document = json.loads(published)
    document["audit_head"]["number"] = 9
    kept.write_text(json.dumps(document))
    with pytest.raises(CommandError, match="signature"):
        call_command("verify_audit", "--head", str(kept))


def test_an_old_key_leads_to_the_new_one_by_the_published_file(
    published: bytes, shell: Shell, client: Client, settings: Settings
) -> None:
    """As `docs/evidence.md` says it: nothing but OpenSSL, Python and the two files."""
    (shell.folder / "evidence.pem").rename(shell.folder / "kept.pem")
    settings.ENCRYPTION_KEYS = f"{RootKey(b'newk', b'n' * 32).written_out()},{settings.ENCRYPTION_KEYS}"
    cache.clear()
    (shell.folder / "evidence.json").write_bytes(client.get(JSON).content)
    commands = _commands_in_docs("After a key change", settings)
    results = [shell(command) for command in commands]
    assert [result.returncode for result in results] == [0, 0], results
    assert "Signature Verified Successfully" in results[-1].stdout
    assert (shell.folder / "evidence.pem").read_bytes() == client.get(KEY).content


def _commands_in_docs(heading: str, settings: Any) -> list[str]:
    section = (Path(settings.BASE_DIR) / "docs" / "evidence.md").read_text().split(f"### {heading}\n")[1]
    return [block.strip() for block in section.split("\n## ")[0].split("```")[1::2]]
