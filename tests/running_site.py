"""The demo as `make run` starts it, on ports, data and a database of its own."""

from __future__ import annotations

import atexit
import email
import email.policy
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import requests

from privacy.encryption.keys import RootKey

from .visitor import Visitor

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")
ENCRYPTION_KEYS = RootKey.generate().written_out()
PREPARE = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
call_command("migrate", database="keystore", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
call_command("seed_demo")
"""
END_OF_MAIL = b"-" * 79 + b"\n"  # Django may write mails of the same second to one file


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 180) -> T:
    """What `look` finds, as soon as it finds it. A missing thing fails with its name."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {seconds} seconds")


def environment_of_site(data_dir: Path, database_url: str | None) -> dict[str, str]:
    """All but its ports."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": "e2e-" + "x" * 60,
        "ENCRYPTION_KEYS": ENCRYPTION_KEYS,
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "REHEARSE_NIGHTLY": "false",
        "DEMO_DAYS": "0",
        "ORDER_LIMIT_PER_NETWORK": "2000",  # all tests of a module buy from one network, and as few buyers
        "ORDER_LIMIT_PER_ADDRESS": "2000",
        **({"DATABASE_URL": database_url} if database_url else {}),
    }


class RunningSite:
    """The started demo: its addresses, its sign-ins, its mails."""

    def __init__(self, data_dir: Path, database_url: str | None, **further: str) -> None:
        self.data_dir = data_dir
        self.port, self.standin_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.standin_url = f"http://127.0.0.1:{self.standin_port}"
        own = {"PORT": str(self.port), "PAYPAL_STANDIN_PORT": str(self.standin_port)}
        self.environment = environment_of_site(data_dir, database_url) | own | further
        self.output: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.ends_with_starter", "manage.py", "run_demo"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            umask=0o022,  # as most systems have it, whatever the tests' own process has
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.output.extend(line.rstrip() for line in lines)

    def wait_until_ready(self) -> None:
        wait_for(lambda: self._answers(self.url + "/healthz") and self._answers(self.standin_url), "the site", 240)

    def _answers(self, address: str) -> bool:
        if self.process.poll() is not None:
            raise AssertionError("the site ended: " + "\n".join(self.output))
        try:
            return requests.get(address, timeout=5).status_code == 200
        except (requests.ConnectionError, requests.Timeout):  # not yet, or on a busy machine
            return False

    def sign_in_of(self, role: str) -> tuple[str, str]:
        """Address and password as printed at the start."""
        line = next(line for line in self.output if line.startswith(f"{role}: ") and "@" in line)
        _, address, password = line.split()
        return address, password

    def visitor(self, address: str = "203.0.113.77") -> Visitor:
        """Somebody at this network address, behind the proxy that the site trusts."""
        return Visitor(self.url, **{"X-Forwarded-For": address})

    def signed_in(self, role: str) -> Visitor:
        visitor = self.visitor()
        visitor.open("/accounts/login/")
        address, password = self.sign_in_of(role)
        visitor.submit("Sign in", email=address, password=password)
        return visitor

    def command(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def database_content(self) -> bytes:
        """SQLite's files as they lie on the disk; on PostgreSQL, every row of every table as text."""
        if "DATABASE_URL" not in self.environment:
            return b"".join(path.read_bytes() for path in self.data_dir.glob("aitpro.sqlite3*"))
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            rows = [connection.execute(f'SELECT t::text FROM "{table}" t').fetchall() for (table,) in tables]
        return str(rows).encode()

    # --- mail ---

    def mails(self, to: str) -> list[EmailMessage]:
        return [mail for mail in self._all_mails() if to in mail["To"]]

    def _all_mails(self) -> Iterator[EmailMessage]:
        for path in sorted((self.data_dir / "mail").glob("*"), key=lambda path: path.stat().st_mtime_ns):
            for content in path.read_bytes().split(END_OF_MAIL)[:-1]:
                message = email.message_from_bytes(content, policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                yield message

    def mail(self, to: str, subject: str) -> str:
        """The text of the newest mail to this address whose subject has these words; waits for the worker."""

        def newest() -> str | None:
            texts = [_text_of(mail) for mail in self.mails(to) if subject in mail["Subject"]]
            return texts[-1] if texts else None

        return wait_for(newest, f"a mail {subject!r} to {to}")

    def link_in(self, mail: str) -> str:
        found = re.search(re.escape(self.url) + r"\S+", mail)
        assert found, mail
        return found.group()

    def stop(self) -> int:
        """Ctrl-C, as the terminal sends it: to the whole process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(timeout=90)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.reader.join(timeout=10)
        return code


def _text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@contextmanager
def running_site(data_dir: Path, *, from_nothing: bool = False, **further: str) -> Iterator[RunningSite]:
    """Starts the demo on the database that the tests run on: SQLite in its folder, or a new PostgreSQL database.

    It goes on with a copy of a site that was migrated and seeded once in this process of the tests; `from_nothing`, as
    on a new machine. `further` are variables of its environment.
    """
    prepared = None if from_nothing or "DEMO_DAYS" in further else _prepared()
    with _database(prepared.database if prepared else None) as database_url:
        if prepared:
            shutil.copytree(prepared.folder, data_dir, dirs_exist_ok=True)
        site = RunningSite(data_dir, database_url, **further)
        try:
            if prepared:
                site.output.extend(prepared.sign_ins)
            site.wait_until_ready()
            yield site
        finally:
            site.stop()


@dataclass(frozen=True)
class Prepared:
    """What a first start leaves: the folder, the name of the PostgreSQL database, and the sign-ins that it prints."""

    folder: Path
    database: str | None
    sign_ins: list[str]


@cache
def _prepared() -> Prepared:
    folder = Path(tempfile.mkdtemp(prefix="aitpro-tests-prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database_url = _create_database()
    environment = {**environment_of_site(folder, database_url), "DJANGO_SETTINGS_MODULE": "aitpro.settings"}
    done = subprocess.run(
        [sys.executable, "-c", PREPARE], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Prepared(folder, urlsplit(database_url).path.strip("/") if database_url else None, done.stdout.splitlines())


@contextmanager
def _database(template: str | None) -> Iterator[str | None]:
    url = _create_database(template)
    yield url
    if url is not None:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{urlsplit(url).path.strip("/")}" WITH (FORCE)')


def _create_database(template: str | None = None) -> str | None:
    """On the PostgreSQL server that the tests run on, if they do. Returns its address."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        return None
    name = f"site_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template or "template1"}"')
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
