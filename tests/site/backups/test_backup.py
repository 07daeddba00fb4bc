"""`backup`: what is in it, what never is, where it may go, and how long it stays."""

from __future__ import annotations

import base64
import io
import stat
import subprocess
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
import time_machine
from django.core.management import CommandError
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from affiliates.models import Affiliate, Click
from aitpro.backups.last_backup import last_backup
from privacy.keystore.clock import beat
from privacy.keystore.day_keys import KeyDestroyed, destroy_due_keys, key_of
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose
from tests import factories, programs

from .commands import run

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAVE = "dave.canary@example.org"
stored = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif("not os.environ.get('DATABASE_URL', '').startswith('postgres')")


def parts(backup: Path, private_key: Path) -> dict[str, bytes]:
    """Opened by age's own format and tar alone."""
    identity = pyrage.x25519.Identity.from_str(private_key.read_text().splitlines()[-1])
    plain = io.BytesIO()
    with backup.open("rb") as file:
        pyrage.decrypt_io(file, plain, [identity])
    plain.seek(0)
    with tarfile.open(fileobj=plain) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.fixture
def release(transactional_db: None) -> None:
    """A product with a file to download, and somebody who asked."""
    factories.release(factories.product(), b"PK the release")
    factories.inquiry(DAVE)


@pytest.mark.usefixtures("release")
def test_a_backup_has_the_database_and_the_product_files(folder: Path, private_key: Path) -> None:
    said = run("backup", "--to", str(folder), "--identity", str(private_key))
    assert "Read back, opened and checked." in said
    found = parts(only(folder), private_key)
    assert b"PK the release" in {content for name, content in found.items() if name.startswith("products/")}
    (database,) = (content for name, content in found.items() if name.startswith("database."))
    assert database.startswith(b"SQLite format 3" if connection.vendor == "sqlite" else b"PGDMP")
    assert list(found)[0] == "manifest.json"


@pytest.mark.usefixtures("release")
def test_a_backup_opens_with_the_program_age(folder: Path, private_key: Path) -> None:
    age = programs.program("age")
    run("backup", "--to", str(folder))
    opened = subprocess.run([age, "--decrypt", "-i", private_key, only(folder)], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(opened.stdout)) as tar:
        assert "manifest.json" in tar.getnames()


@pytest.mark.usefixtures("release")
def test_nothing_of_a_person_is_readable_in_a_backup_or_in_its_name(folder: Path, private_key: Path) -> None:
    run("backup", "--to", str(folder))
    path = only(folder)
    forms = [DAVE.encode(), base64.b64encode(DAVE.encode())[:-2], DAVE.encode().hex().encode(), b"Hello?"]
    opened = b"".join(parts(path, private_key).values())
    assert b"contacts_inquiry" in opened
    for form in forms:
        assert form not in path.read_bytes()
        assert form not in opened
    assert path.name.startswith("aitpro-127.0.0.1-2")


@stored
def test_a_backup_never_has_the_key_store_or_a_key(
    folder: Path,
    private_key: Path,
    settings: Settings,
) -> None:
    secret = key_of(timezone.now().date(), now=timezone.now()).secret
    run("backup", "--to", str(folder))
    opened = b"".join(parts(only(folder), private_key).values())
    assert b"privacy_keycheck" in opened
    for absent in (b'TABLE "keystore_', b"TABLE keystore_", secret, settings.ENCRYPTION_KEYS[9:].encode()):
        assert absent not in opened


@stored
def test_an_old_backup_shows_no_address_whose_day_key_is_destroyed(
    folder: Path, private_key: Path, alice: Affiliate, clock: time_machine.Traveller
) -> None:
    """With all root keys: the key of that day was never in it."""
    click = factories.click(alice)
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM affiliates_click")
        sealed = bytes(cursor.fetchone()[0])
    with acting_for(Purpose.REFERRAL_TRACKING):
        assert Click.objects.get(pk=click.pk).address == "203.0.113.77"
    run("backup", "--to", str(folder))
    clock.shift(timedelta(days=30))
    assert destroy_due_keys(now=timezone.now()) == 1
    if connection.vendor == "sqlite":  # pg_dump compresses
        assert sealed in parts(only(folder), private_key)["database.sqlite3"]
    with acting_for(Purpose.REFERRAL_TRACKING), pytest.raises(KeyDestroyed):
        _ = Click._base_manager.get(pk=click.pk).address


@stored
def test_a_key_store_in_the_main_database_stops_a_backup(folder: Path, private_key: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE keystore_daykey (day text)")
    try:
        with pytest.raises(CommandError, match="Give KEYSTORE_URL a database of its own"):
            run("backup", "--to", str(folder))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE keystore_daykey")
    assert list(folder.iterdir()) == []
    assert last_backup() is None


@stored
def test_a_backup_is_recorded_and_only_its_own_user_reads_it(folder: Path, private_key: Path) -> None:
    assert last_backup() is None
    begun = timezone.now()
    run("backup", "--to", str(folder))
    assert begun <= (last_backup() or begun - timedelta(days=1)) <= timezone.now()
    assert stat.S_IMODE(only(folder).stat().st_mode) == 0o600
    assert stat.S_IMODE(private_key.stat().st_mode) == 0o600


# --- Where it may go -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("private_key")
@pytest.mark.parametrize("place", ["static", "data", "products", "link"])
def test_a_folder_of_the_site_is_no_place_for_backups(place: str, settings: Settings, tmp_path: Path) -> None:
    places = {
        "static": settings.STATIC_ROOT,
        "data": settings.DATA_DIR,
        "products": Path(settings.DATA_DIR) / "products",
        "link": tmp_path / "link",
    }
    places["products"].mkdir(exist_ok=True)
    places["link"].symlink_to(settings.STATIC_ROOT)
    before = set(places[place].iterdir())
    with pytest.raises(CommandError, match="among the site's own files"):
        run("backup", "--to", str(places[place]))
    assert set(places[place].iterdir()) == before


@pytest.mark.usefixtures("private_key")
def test_a_missing_folder_is_not_created(tmp_path: Path) -> None:
    """It may be a disk that isn't mounted."""
    with pytest.raises(CommandError, match="not a folder"):
        run("backup", "--to", str(tmp_path / "disk"))
    assert not (tmp_path / "disk").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--make-key"),
        (["--recipient", "age1nonsense"], "public keys that begin with age1"),
        (["--recipient", "AGE-SECRET-KEY-1QQQ"], "public keys that begin with age1"),
    ],
)
def test_a_backup_needs_a_public_key(arguments: list[str], said: str, folder: Path) -> None:
    with pytest.raises(CommandError, match=said):
        run("backup", "--to", str(folder), *arguments)
    assert list(folder.iterdir()) == []


def test_a_private_key_is_never_overwritten_or_printed(private_key: Path, tmp_path: Path) -> None:
    secret = private_key.read_text()
    with pytest.raises(CommandError, match="never overwritten"):
        run("backup", "--make-key", str(private_key))
    assert private_key.read_text() == secret
    assert "AGE-SECRET-KEY" not in run("backup", "--make-key", str(tmp_path / "another.txt"))


# --- How long it stays -----------------------------------------------------------------------------------------------


def earlier(folder: Path, days: int, name: str = "aitpro-127.0.0.1-{:%Y%m%dT%H%M%SZ}.tar.age") -> Path:
    path = folder / name.format(NOW - timedelta(days=days))
    path.write_text("an earlier one")
    return path


@stored
@pytest.mark.usefixtures("private_key")
def test_older_backups_of_this_site_are_deleted_and_nothing_else(
    folder: Path,
    clock: time_machine.Traveller,
) -> None:
    kept = [earlier(folder, 6), earlier(folder, 50, "aitpro-other.example-{:%Y%m%dT%H%M%SZ}.tar.age")]
    kept += [earlier(folder, 50, "notes-{:%Y}.txt"), earlier(folder, 50, "aitpro-127.0.0.1-{:%Y}.tar.age")]
    old = earlier(folder, 8)
    assert f"Deleted: {old.name}" in run("backup", "--to", str(folder), "--keep-days", "7")
    assert {path.name for path in folder.iterdir()} == {
        *(path.name for path in kept),
        "aitpro-127.0.0.1-20260302T120000Z.tar.age",
    }


@stored
@pytest.mark.usefixtures("private_key")
def test_backups_of_a_former_address_that_are_too_old_are_counted(
    folder: Path,
    clock: time_machine.Traveller,
) -> None:
    earlier(folder, 91, "aitpro-other.example-{:%Y%m%dT%H%M%SZ}.tar.age")
    assert "1 backups of another site are older than 90 days" in run("backup", "--to", str(folder))


@pytest.mark.usefixtures("private_key")
@pytest.mark.parametrize("days", ["0", "-1", "91"])
def test_no_backup_is_kept_longer_than_erased_people_are_known(days: str, folder: Path) -> None:
    with pytest.raises(CommandError, match="1 to 90 days"):
        run("backup", "--to", str(folder), "--keep-days", days)


@stored
def test_a_failed_backup_deletes_nothing_and_leaves_nothing(
    folder: Path,
    private_key: Path,
    clock: time_machine.Traveller,
    tmp_path: Path,
) -> None:
    """It can't be opened with the key that the operator has."""
    old, other = earlier(folder, 50), tmp_path / "other.txt"
    run("backup", "--make-key", str(other))
    with pytest.raises(CommandError, match="encrypted to another one"):
        run("backup", "--to", str(folder), "--keep-days", "7", "--identity", str(other))
    assert list(folder.iterdir()) == [old]
    assert last_backup() is None


@stored
@pytest.mark.usefixtures("private_key")
def test_a_wrong_clock_deletes_no_backup(folder: Path, clock: time_machine.Traveller) -> None:
    old = earlier(folder, 1)
    beat(now=NOW)
    clock.shift(timedelta(days=3000))
    assert "No earlier backup was deleted" in run("backup", "--to", str(folder))
    assert old.exists()


@stored
@pytest.mark.usefixtures("private_key")
def test_what_a_killed_backup_left_is_removed_by_the_next(folder: Path) -> None:
    (folder / ".aitpro-127.0.0.1-20260302T120000Z.tar.age.partial").write_text("half")
    run("backup", "--to", str(folder))
    assert not list(folder.glob(".*"))


@stored
@pytest.mark.usefixtures("private_key")
def test_what_another_site_is_writing_into_the_same_folder_stays(folder: Path) -> None:
    theirs = folder / ".aitpro-other.example-20260302T120000Z.tar.age.partial"
    theirs.write_text("half")
    run("backup", "--to", str(folder))
    assert theirs.exists()


@stored
@pytest.mark.usefixtures("private_key")
@pytest.mark.parametrize("time", ["20260231T120000Z", "99999999T999999Z"])
def test_a_name_with_a_day_that_does_not_exist_stops_no_backup(time: str, folder: Path) -> None:
    strange = folder / f"aitpro-127.0.0.1-{time}.tar.age"
    strange.write_text("not ours")
    assert "Read back" in run("backup", "--to", str(folder))
    assert strange.exists()


# --- PostgreSQL's programs -------------------------------------------------------------------------------------------


def program(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)


@stored
@on_postgresql
@pytest.mark.usefixtures("private_key")
@pytest.mark.parametrize("found", ["found 9", "found none"])
def test_pg_dump_that_is_missing_or_too_old_is_named(
    found: str,
    folder: Path,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.PG_BIN_DIR = str(tmp_path / "bin")
    if found == "found 9":
        program(tmp_path / "bin" / "pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.24'")
        program(tmp_path / "bin" / "psql", "exit 1")
    with pytest.raises(CommandError, match=rf"pg_dump \d+ or newer is needed for this database \({found}\)"):
        run("backup", "--to", str(folder))
    assert list(folder.iterdir()) == []


@stored
@on_postgresql
@pytest.mark.usefixtures("private_key")
def test_the_password_of_the_database_is_on_no_command_line(
    folder: Path,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, seen = settings.PG_BIN_DIR, tmp_path / "seen"
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "s3cret-canary")
    for name in ("pg_dump", "pg_restore", "psql"):
        program(
            tmp_path / "bin" / name,
            f'echo "$0 $*" >> {seen}; [ "$PGPASSWORD" = s3cret-canary ] && echo by environment >> {seen}\n'
            f'exec {real}/{name} "$@"',
        )
    settings.PG_BIN_DIR = str(tmp_path / "bin")
    run("backup", "--to", str(folder))
    assert "pg_dump --format=custom" in seen.read_text()
    assert "by environment" in seen.read_text()
    assert "s3cret" not in seen.read_text()
