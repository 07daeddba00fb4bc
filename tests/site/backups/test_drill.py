"""The drill: a site of its own and its operator's commands as processes, from the backup to a site that can start."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from tests.running_site import wait_for

from .installation import Site

PAIRS = """
import itertools, time
from django.db import transaction
from contacts.models import Inquiry
for number in itertools.count(int(time.time()) % 10_000 * 1000):
    with transaction.atomic():
        Inquiry.objects.create(name="Pat", message="one", reference=f"={number}")
        Inquiry.objects.create(name="Pat", message="two", reference=f"+{number}")
    print(number, flush=True)
"""
LATER = "from contacts.models import Inquiry; Inquiry.objects.create(message='x', reference='LATER')"
NEW_DAY_KEY = """
from privacy.keystore.day_keys import *
key_of(datetime.now(UTC).date(), now=datetime.now(UTC))
"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def databases() -> Iterator[dict[str, str]]:
    """Empty: SQLite in the folder, or a new PostgreSQL database. The key store is always on SQLite."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield {}
        return
    name = f"drill_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield {"DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{name}"))}
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, databases: dict[str, str]) -> Site:
    """With twenty days of sales, and a backup. The tests share it, in any order."""
    site = Site(tmp_path_factory.mktemp("site"), databases)
    for alias in ("default", "keystore"):
        site.run("migrate", "--database", alias, "--verbosity", "0")
    site.run("seed_demo")
    said = site.run("backup", "--make-key", str(site.private_key))
    site.environment["BACKUP_RECIPIENTS"] = said.split()[0].partition("=")[2]
    site.run("backup", "--to", str(site.backups))
    return site


@contextmanager
def writing(site: Site) -> Iterator[None]:
    """While another process writes, which has begun."""
    with site.start("shell", "--verbosity", "0", "-c", PAIRS) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.strip().isdigit():
                break
        else:
            pytest.fail("".join(said))
        try:
            yield
        finally:
            process.terminate()
            process.stdout.read()


def paid(site: Site) -> int:
    return site.count("SELECT count(*) FROM shop_order WHERE state = 'paid'")


def test_drill(site: Site) -> None:
    """Backup under writers, an erasure, total loss, restore: all that was paid is there, the person is not."""
    before = paid(site)
    assert before > 3
    ledger = site.run("verify_ledger")
    with writing(site):
        made = site.run("backup", "--to", str(site.backups), "--identity", str(site.private_key))
        written = site.count("SELECT count(*) FROM contacts_inquiry")
        wait_for(lambda: site.count("SELECT count(*) FROM contacts_inquiry") > written, "more of the writer's rows")
    assert "Read back, opened and checked." in made
    site.run("erase_person", "quinn@example.org")
    site.lose()

    said = site.restore()

    assert "Erased again: 1." in said
    assert "Restored in " in said
    assert paid(site) == before
    pairs = [site.count(f"SELECT count(*) FROM contacts_inquiry WHERE reference LIKE '{half}%'") for half in ("=", "+")]
    assert pairs[0] == pairs[1] > 2
    assert len(list(site.data.glob("products/*/*.zip"))) == 1
    assert site.run("verify_ledger") == ledger
    assert "all unchanged" in site.run("verify_audit")
    assert "failed" not in site.run("housekeeping")


def test_a_database_with_people_in_it_is_not_replaced_unasked(site: Site) -> None:
    before = paid(site)
    assert "The database is not empty" in site.restore(code=1)
    assert paid(site) == before


def test_a_database_in_use_is_not_replaced(site: Site) -> None:
    with writing(site):
        assert "The database is in use" in site.restore("--replace", code=1)


@pytest.mark.parametrize(
    ("line", "is_new"), [pytest.param("opened and checked:", False, marks=pytest.mark.chaos), ("database:", True)]
)
def test_a_killed_restore_leaves_one_database_or_the_other_and_can_be_repeated(
    line: str, is_new: bool, site: Site
) -> None:
    """The old one may be served. The new one must not before `restore_check`."""
    site.run(
        "shell", "-c", "from contacts.models import Inquiry; Inquiry.objects.create(message='x', reference='LATER')"
    )
    arguments = ["restore", str(site.newest_backup()), "--identity", str(site.private_key), "--replace"]
    with site.start(*arguments) as process:
        assert process.stdout is not None
        printed = []
        for said in process.stdout:
            printed.append(said)
            if said.startswith(line):
                process.kill()
                break
        else:
            pytest.fail("".join(printed))
    assert site.count("SELECT count(*) FROM contacts_inquiry WHERE reference = 'LATER'") == (not is_new)
    if is_new:
        assert "Run `manage.py restore_check` first" in site.run("housekeeping", code=1)
    assert "Restored in " in site.restore("--replace")
    assert site.count("SELECT count(*) FROM contacts_inquiry WHERE reference = 'LATER'") == 0
    assert site.count("SELECT count(*) FROM privacy_heartbeat WHERE name = 'restored'") == 0


def test_a_full_disk_fails_a_backup_in_one_line_and_leaves_nothing(site: Site) -> None:
    """A limit on the size of files stands for the disk: the kernel refuses the same calls."""
    before = sorted(site.backups.iterdir())
    limit = 300_000 if site.environment.get("DATABASE_URL") else 1_000_000
    said = site.run(
        "backup",
        *("--to", str(site.backups)),
        code=1,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert said.startswith("CommandError: ")
    assert said.count("\n") == 1
    assert sorted(site.backups.iterdir()) == before
    assert not list(site.data.glob(".backup-work"))


def test_a_restore_with_another_key_store_is_refused_unless_that_is_lost(site: Site) -> None:
    """Deletions since the backup would be forgotten."""
    site.run(
        "shell",
        "-c",
        "from privacy.keystore.day_keys import *; key_of(datetime.now(UTC).date(), now=datetime.now(UTC))",
    )
    site.run("backup", "--to", str(site.backups))
    for path in site.data.glob("keystore.sqlite3*"):
        path.unlink()
    site.lose()
    assert "The key store is not the one" in site.restore(code=1)
    said = site.restore("--without-key-store")
    assert "The key store is new" in said
    site.run("backup", "--to", str(site.backups))  # the other tests go on with one that fits the new key store
