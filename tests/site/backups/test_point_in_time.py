"""Point-in-time recovery, step by step as `docs/backups.md` has it, with a PostgreSQL server of its own."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.running_site import wait_for

from .installation import Site

pytestmark = [pytest.mark.slow, pytest.mark.skipif("not os.environ.get('DATABASE_URL', '').startswith('postgres')")]
ERIN = """
from contacts.models import Inquiry
Inquiry.objects.create(email="erin@example.org", message="x", reference="ERIN")
"""


class Server:
    """A folder with a cluster, its base backup and its archive. PostgreSQL refuses to run as root."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.archive = folder, folder / "data", folder / "archive"
        self.user = "pgserver" if os.geteuid() == 0 else None  # of the package that brings the programs
        self.archive.mkdir()
        if self.user:
            for path in (folder, self.archive):
                os.chown(path, pwd.getpwnam(self.user).pw_uid, -1)

    def run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [Path(settings.PG_BIN_DIR) / name, *arguments],
            user=self.user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if name != "pg_ctl" else subprocess.DEVNULL,  # its server would hold the pipe
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    def configure(self, data: Path, **further: str) -> None:
        options = {"listen_addresses": "", "unix_socket_directories": str(self.folder), "fsync": "off", **further}
        with (data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in options.items())

    def start(self, data: Path) -> None:
        self.run("pg_ctl", "--pgdata", str(data), "--wait", "--log", str(self.folder / "log"), "start")

    def stop(self, data: Path) -> None:
        self.run("pg_ctl", "--pgdata", str(data), "--wait", "--mode", "immediate", "stop")

    @property
    def url(self) -> str:
        return f"postgresql://aitpro@/postgres?host={self.folder}"

    def query(self, text: str) -> str:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return str(connection.execute(text).fetchone()[0])  # type: ignore[index]


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="aitpro-pitr-") as folder:
        server = Server(Path(folder))
        server.run("initdb", "--pgdata", str(server.data), "--auth", "trust", "--username", "aitpro")
        server.configure(
            server.data,
            archive_mode="on",
            archive_command=f"test ! -f {server.archive}/%f && cp %p {server.archive}/%f",
        )
        server.start(server.data)
        try:
            yield server
        finally:
            for data in (server.data, server.folder / "recovered"):
                if (data / "postmaster.pid").exists():
                    server.stop(data)


def test_the_minute_before_an_accident_comes_back_and_the_erased_stay_erased(server: Server, tmp_path: Path) -> None:
    site = Site(tmp_path / "site", {"DATABASE_URL": server.url})
    for alias in ("default", "keystore"):
        site.run("migrate", "--database", alias, "--verbosity", "0")
    server.run("pg_basebackup", "--pgdata=base", f"--host={server.folder}", "--username=aitpro", "--checkpoint=fast")
    site.run("shell", "-c", ERIN)
    before_accident = server.query("SELECT clock_timestamp()")
    site.run("erase_person", "erin@example.org")
    server.query("DELETE FROM privacy_keycheck RETURNING 1")
    closed = server.query("SELECT pg_walfile_name(pg_switch_wal())")
    wait_for(lambda: (server.archive / closed).exists(), "the archived write-ahead log")
    server.stop(server.data)

    recovered = server.folder / "recovered"
    (server.folder / "base").rename(recovered)
    server.configure(
        recovered,
        restore_command=f"cp {server.archive}/%f %p",
        recovery_target_time=before_accident,
        recovery_target_action="promote",
    )
    (recovered / "recovery.signal").touch()
    server.start(recovered)
    wait_for(lambda: server.query("SELECT NOT pg_is_in_recovery()") == "True", "the end of the recovery")

    assert server.query("SELECT count(*) FROM contacts_inquiry WHERE reference = 'ERIN'") == "1"
    assert server.query("SELECT count(*) FROM privacy_keycheck") == "1"
    assert "lacks 1 erasures. Run `manage.py restore_check`" in site.run("housekeeping", code=1)
    assert "Erased again: 1." in site.run("restore_check")
    assert server.query("SELECT count(*) FROM contacts_inquiry WHERE reference = 'ERIN' AND email IS NOT NULL") == "0"
    assert "failed" not in site.run("housekeeping")
