"""Everything that production consists of, started on this machine. See `tests.production`."""

from __future__ import annotations

import email
import grp
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default as MODERN
from pathlib import Path

from privacy.encryption.keys import RootKey
from tests.programs import program
from tests.running_site import ROOT, free_port, wait_for
from tests.visitor import Visitor

from . import certificates, nginx
from .parts import Guard, Part, answers_on, is_healthy, restart_what_ends
from .postgresql import PostgreSQL

RESTART_AFTER = 1.0  # seconds; RestartSec in deploy/systemd
BACKLOG = 2048  # requests that wait at a web instance's socket
PREPARE = ("migrate", "migrate --database keystore", "publish_static {public}")


class Production:
    """`database` is postgresql or sqlite. `further` are variables of the site's environment."""

    def __init__(
        self,
        folder: Path,
        *,
        database: str = "postgresql",
        port: int = 0,
        housekeeping_every: int = 60,
        requests_per_second: int = 20,
        **further: str,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.public = Path(tempfile.mkdtemp(prefix="aitpro-www-"))  # what nginx's own user may enter
        self.public.chmod(0o755)
        self.guard = Guard()
        self.addresses = nginx.Addresses(port or free_port(), free_port(), free_port())
        self.smtp_port, self.redis_port, self.standin_port = free_port(), free_port(), free_port()
        self.url = f"https://localhost:{self.addresses.https}"
        self.standin_url = f"http://127.0.0.1:{self.standin_port}"
        self.ca = certificates.issue(self.public, "localhost", "other.localhost", "127.0.0.1", "::1")
        self.output: list[str] = []
        self.visitors: list[Visitor] = []
        self.parts: dict[str, Part] = {}
        self.keeper: threading.Thread | None = None
        self.stopped = threading.Event()
        if database == "postgresql":
            self._add(PostgreSQL(folder, self.guard))
        self.environment = self._environment() | further
        self._declare_services()
        self._declare_site(housekeeping_every)
        self._declare_nginx(requests_per_second)

    def __getitem__(self, name: str) -> Part:
        """postgresql, redis, smtp, paypal, web-1, web-2, worker, clock, nginx."""
        return self.parts[name]

    def of_kind(self, *kinds: str) -> list[Part]:
        """Of `web`, web-1 and web-2; of `worker`, the worker of each host."""
        return [part for name, part in self.parts.items() if name.partition("-")[0] in kinds]

    def _add(self, part: Part) -> None:
        self.parts[part.name] = part

    def _environment(self) -> dict[str, str]:
        """What stands in /etc/aitpro/environment, and a stand-in instead of PayPal."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PG_BIN_DIR") if name in os.environ}
        return {
            **kept,
            **self._databases(),
            "SITE_URL": self.url,
            "TRUSTED_PROXIES": "127.0.0.1/32",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ENCRYPTION_KEYS": RootKey.generate().written_out(),
            "DATA_DIR": str(self.data_dir),
            "CACHE_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "PAYPAL_STANDIN_PORT": str(self.standin_port),
            "STAFF_SECOND_FACTOR": "true",
            "REHEARSE_NIGHTLY": "false",
            "DEMO_DAYS": "0",
            "LOG_FILES": f"{self.public}/*.log,{self.folder}/*.log",
        }

    def _databases(self) -> dict[str, str]:
        postgresql = self.parts.get("postgresql")
        if not isinstance(postgresql, PostgreSQL):
            return {}
        return {"DATABASE_URL": postgresql.url("aitpro"), "KEYSTORE_URL": postgresql.url("keystore")}

    def _declare_services(self) -> None:
        redis = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(self.redis_port), "--save", ""]
        self._declare("redis", redis, answers_on(self.redis_port))
        sink = ["-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{self.smtp_port}", "-c", "aiosmtpd.handlers.Mailbox"]
        self._declare("smtp", [sys.executable, *sink, str(self.mail_folder)], answers_on(self.smtp_port))
        standin = ["--port", str(self.standin_port), "--data-dir", str(self.data_dir / "paypal-standin")]
        standin += ["--webhook-url", f"{self.url}/paypal/webhook/"]
        self._declare("paypal", [sys.executable, "-m", "paypal_standin", *standin], answers_on(self.standin_port))
        self["paypal"].environment = {"PATH": os.environ["PATH"], "REQUESTS_CA_BUNDLE": str(self.ca)}

    def _declare_site(self, housekeeping_every: int) -> None:
        for number in (1, 2):
            socket_path = self.sockets[number - 1]
            command = [sys.executable, "-m", "gunicorn", "aitpro.wsgi"]
            listener = _listen(socket_path)
            self._declare(f"web-{number}", command, is_healthy(socket_path, "localhost"), listener=listener)
        manage = [sys.executable, "manage.py"]
        self._declare("worker", [*manage, "db_worker", "--interval", "0.5", "--no-reload"])
        self._declare("clock", [*manage, "housekeeping", "--every", str(housekeeping_every)])

    def _upstreams(self) -> dict[str, str]:
        return nginx.on_sockets(self.sockets)

    def _declare_nginx(self, requests_per_second: int) -> None:
        self.configuration = nginx.write_configuration(
            self.public,
            user=nginx.worker_user(),
            addresses=self.addresses,
            upstreams=self._upstreams(),
            requests_per_second=requests_per_second,
        )
        command = [program("nginx"), "-e", "stderr", "-c", str(self.configuration)]
        self._declare("nginx", command, answers_on(self.addresses.https))

    def _declare(
        self,
        name: str,
        command: list[str],
        is_ready: Callable[[], bool] = lambda: True,
        listener: socket.socket | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        part = Part(
            name,
            command,
            guard=self.guard,
            folder=self.folder,
            environment=environment or self.environment,
            is_ready=is_ready,
            listener=listener,
        )
        self._add(part)

    @property
    def sockets(self) -> list[Path]:
        return [self.public / "web-1.sock", self.public / "web-2.sock"]

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def mail_folder(self) -> Path:
        return self.folder / "mail"

    # --- all of it ---

    @contextmanager
    def running(self) -> Iterator[Production]:
        """Started, with demo data, and ended with the block."""
        try:
            self.start()
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        services = ("postgresql", "redis", "smtp", "paypal")
        for name in services:
            if name in self.parts:
                self[name].start()
        self._prepare()
        for part in self.parts.values():
            part.start(wait=False)
        for part in self.parts.values():
            part.wait_until_ready()

    def _prepare(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda command: self.command(*command.format(public=self.public).split()), PREPARE))
        self.command("seed_demo")

    def stop(self) -> None:
        """The outer parts first, as on a machine that is shut down."""
        self.stopped.set()
        if self.keeper is not None:
            self.keeper.join()
        for visitor in self.visitors:
            visitor.session.close()
        try:
            for part in reversed(self.parts.values()):
                part.stop()
        finally:
            self.guard.dismiss()
            for part in self.parts.values():
                if part.listener is not None:
                    part.listener.close()
            shutil.rmtree(self.public)

    def keep_running(self) -> None:
        """From now on, starts again what ends by itself or by a signal to its process."""
        arguments = (list(self.parts.values()), self.stopped, RESTART_AFTER)
        self.keeper = threading.Thread(target=restart_what_ends, args=arguments, daemon=True)
        self.keeper.start()

    def command(
        self,
        *arguments: str,
        stdin: str = "",
        expect: int = 0,
        code: Path = ROOT,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """`manage.py …` of the release in the folder `code`, in the site's environment or another one; returns what it
        printed, warnings last."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=code,
            env=environment or self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        self.output += done.stdout.splitlines()
        return done.stdout + done.stderr

    # --- its users ---

    def visitor(self) -> Visitor:
        """A browser that trusts our certificate authority and no other."""
        visitor = Visitor(self.url)
        visitor.session.verify = str(self.ca)
        visitor.session.trust_env = False
        self.visitors.append(visitor)
        return visitor

    def sign_in_of(self, role: str) -> tuple[str, str]:
        """Address and password that `seed_demo` printed: of `staff` or `affiliate`."""
        line = next(line for line in self.output if line.startswith(f"{role}: ") and "@" in line)
        _, address, password = line.split()
        return address, password

    def mails(self, to: str = "") -> list[EmailMessage]:
        """What the mail server has taken; all of it, or what went to this address."""
        found = []
        for path in sorted((self.mail_folder / "new").glob("*"), key=lambda path: path.stat().st_mtime_ns):
            message = email.message_from_bytes(path.read_bytes(), policy=MODERN)
            assert isinstance(message, EmailMessage)
            if to in message["X-RcptTo"]:
                found.append(message)
        return found

    def mail(self, to: str, subject: str) -> str:
        """The text of the newest mail to this address whose subject has these words; waits for the worker."""

        def newest() -> str | None:
            found = [mail for mail in self.mails(to) if subject in mail["Subject"]]
            body = found[-1].get_body(("plain",)) if found else None
            return str(body.get_content()) if body else None

        return wait_for(newest, f"a mail {subject!r} to {to}")


def _listen(path: Path) -> socket.socket:
    """As the .socket units: it outlives the instance, and only the site and nginx may connect."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(BACKLOG)
    path.chmod(0o660)
    if os.geteuid() == 0:
        os.chown(path, -1, grp.getgrnam(nginx.worker_user()).gr_gid)
    return listener
