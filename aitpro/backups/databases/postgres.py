"""PostgreSQL: copied by `pg_dump`, restored by `psql` in one transaction."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

from privacy.encryption.models import uuid7
from privacy.erasure.restored import RESTORED

from ..problems import BackupProblem
from .main_database import DatabaseContent, MainDatabase
from .postgres_programs import PostgresPrograms, failure, fitting_programs

PATIENCE = 5  # seconds
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
# Everything in the schema but what belongs to an extension. The schema stays: it may belong to somebody else.
EMPTY = b"""
SET client_min_messages = warning;
SET lock_timeout = '10s';
DO $do$ DECLARE command text; BEGIN
FOR command IN
  SELECT format('DROP %s IF EXISTS public.%I CASCADE',
    CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
    relname)
  FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  ORDER BY relkind = 'S'  -- the sequences of identity columns go with their tables
LOOP EXECUTE command; END LOOP;
FOR command IN
  SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
  FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
LOOP EXECUTE command; END LOOP;
END $do$;
"""
TRANSACTION_TIMEOUT = b"SET transaction_timeout = 0;\n"  # pg_restore 17 writes it, and servers before 17 refuse it


class PostgresDatabase(MainDatabase):
    kind = "postgresql"
    file_name = "database.dump"

    def __init__(self) -> None:
        self.work_folder = Path(settings.DATA_DIR)

    @cached_property
    def _version(self) -> int:
        connections["default"].ensure_connection()
        return int(connections["default"].connection.info.server_version)

    @property
    def _major(self) -> int:
        return self._version // 10000

    @cached_property
    def _programs(self) -> PostgresPrograms:
        return fitting_programs(self._major)

    def dump(self, target: Path) -> DatabaseContent:
        """The rows are counted in the transaction whose state `pg_dump` copies."""
        programs = self._programs
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
            programs.run(
                "pg_dump",
                *("--format=custom", "--no-owner", "--no-privileges", "--no-password", "--lock-wait-timeout=60000"),
                *(f"--snapshot={snapshot}", f"--file={target}"),
            )
            return DatabaseContent(self._row_counts(), self._version)

    def _row_counts(self) -> dict[str, int]:
        counts = {}
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
            for (table,) in cursor.fetchall():
                cursor.execute(sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table)))
                (counts[table],) = cursor.fetchone()
        return counts

    def check(self, dump: Path, tables: dict[str, int]) -> None:
        """`pg_restore` reads every block and writes the statements to nowhere."""
        self._programs.run("pg_restore", "--file=/dev/null", str(dump))
        with self._programs.start("pg_restore", "--list", str(dump), stdout=subprocess.PIPE) as process:
            listed, _ = process.communicate()
        has_data = {line.split()[6] for line in listed.decode().splitlines() if " TABLE DATA public " in line}
        if has_data != tables.keys():
            raise BackupProblem("The copy of the database has other tables than its manifest says.")

    def require_to_fit(self, version: int) -> None:
        if version // 10000 > self._major:
            raise BackupProblem(
                f"The backup is from PostgreSQL {version // 10000}, and this server is version {self._major}. Restore"
                " it on a server that is as new."
            )

    def require_unused(self) -> None:
        """Waits a little for processes that are ending."""
        for _ in range(PATIENCE):
            with connections["default"].cursor() as cursor:
                cursor.execute(OTHERS)
                (others,) = cursor.fetchone()
                if not others:
                    return
                cursor.execute("SELECT pg_sleep(1)")
        raise BackupProblem(
            f"The database is in use ({others} other connections). Stop the web, worker and clock processes first."
        )

    def has_rows(self, tables: set[str]) -> bool:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for table in tables & {name for (name,) in cursor.fetchall()}:
                cursor.execute(sql.SQL("SELECT 1 FROM public.{} LIMIT 1").format(sql.Identifier(table)))
                if cursor.fetchone():
                    return True
        return False

    def replace(self, dump: Path, *, restored_at: datetime) -> None:
        """`psql` commits at the end, or nothing has happened: also if it or this process is killed."""
        programs = self._programs
        connections["default"].close()
        name = connections["default"].settings_dict["NAME"]
        with programs.start(
            *("psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-", str(name)),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as psql:
            with suppress(BrokenPipeError):  # psql says why
                self._send(programs, dump, psql, restored_at)
            _, errors = psql.communicate()
        if psql.returncode:
            raise BackupProblem(failure("psql", errors))

    def _send(self, programs: PostgresPrograms, dump: Path, psql: Any, restored_at: datetime) -> None:
        psql.stdin.write(b"BEGIN;\n" + EMPTY)
        with programs.start(
            *("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(dump)), stdout=subprocess.PIPE
        ) as restoring:
            statements: Any = restoring.stdout
            head = statements.read(1 << 16)
            psql.stdin.write(head.replace(TRANSACTION_TIMEOUT, b"", 1) if self._major < 17 else head)
            shutil.copyfileobj(statements, psql.stdin, 1 << 20)
        if restoring.returncode:
            raise BackupProblem("pg_restore failed.")  # without a COMMIT, psql takes everything back
        psql.stdin.write(_mark(restored_at) + b"COMMIT;\n")


def _mark(restored_at: datetime) -> bytes:
    return (
        f"DELETE FROM public.privacy_heartbeat WHERE name = '{RESTORED}';\n"  # noqa: S608
        "INSERT INTO public.privacy_heartbeat (id, name, at)"
        f" VALUES ('{uuid7()}', '{RESTORED}', '{restored_at.isoformat()}');\n"
    ).encode()
