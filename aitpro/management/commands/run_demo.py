import os
import shlex
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import locks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS
from django.urls import reverse
from honcho.manager import Manager

from aitpro.file_permissions import restrict_permissions
from privacy.databases.migrations import pending_migrations

MANAGE = [sys.executable, "manage.py"]
PAGES = {
    "site": "site:home",
    "shop": "/products/bps-pro/",
    "contact": "contacts:contact",
    "privacy": "privacy:policy",
    "affiliate link": "/go/DEMO/products/bps-pro/",
    "portal": "affiliates:portal",
    "staff": "admin:index",
}


class Command(BaseCommand):
    help = "Runs the demo: web, worker, clock and the local PayPal stand-in, until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        self._check_ports()
        Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
        # One copy prepares at a time: a second one on other ports shares the folder.
        with (Path(settings.DATA_DIR) / "preparing.lock").open("w") as file:
            locks.lock(file, locks.LOCK_EX)
            restrict_permissions()
            self._prepare()
        self.stdout.write("\nCtrl-C ends everything.\n")
        self.stdout.flush()
        sys.exit(self._run())

    def _prepare(self) -> None:
        others = [name for name in settings.DATABASES if name != DEFAULT_DB_ALIAS and pending_migrations(name)]
        with ExitStack() as beside:  # it waits for them
            commands = ([*MANAGE, "migrate", "--database", name, "--verbosity", "0"] for name in others)
            processes = [beside.enter_context(subprocess.Popen(command)) for command in commands]
            call_command("migrate", verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
        if any(process.returncode for process in processes):
            raise CommandError(f"These databases could not be migrated: {', '.join(others)}")
        self._print_addresses()
        call_command("seed_demo", stdout=self.stdout)

    def _check_ports(self) -> None:
        for name in ("PORT", "PAYPAL_STANDIN_PORT"):
            port = getattr(settings, name)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    raise CommandError(f"Port {port} is taken. Choose another: make run {name}=…") from None

    def _print_addresses(self) -> None:
        for name, page in PAGES.items():
            path = page if page.startswith("/") else reverse(page)
            self.stdout.write(f"{name + ':':<16} {settings.SITE_URL}{path}")
        self.stdout.write(f"{'PayPal:':<16} {settings.PAYPAL_BASE_URL}/ (the local stand-in)")
        sent = settings.SITE_URL + reverse("site:mail") if settings.MAIL_PREVIEW else "sent by EMAIL_URL"
        self.stdout.write(f"{'sent email:':<16} {sent}\n\n")

    def _run(self) -> int:
        manager = Manager()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "DATA_DIR": str(settings.DATA_DIR)}
        for name, command in _processes().items():
            manager.add_process(name, command, env=environment)
        manager.loop()
        return manager.returncode or 0


def _processes() -> dict[str, str]:
    after_web = [sys.executable, "-m", "aitpro.processes.after_web", str(settings.PORT)]
    processes = {
        "web": [sys.executable, "-m", "gunicorn", "aitpro.wsgi", "--bind", f"127.0.0.1:{settings.PORT}"],
        "worker": [*after_web, *MANAGE, "db_worker", "--interval", "0.5", "--no-reload"],
        "clock": [*after_web, *MANAGE, "housekeeping", "--every", "60", "--clock-is-right"],
    }
    if settings.PAYPAL_MODE == "standin":
        processes["paypal"] = [sys.executable, "-m", "paypal_standin", *_standin_options()]
    return {name: f"exec {shlex.join(command)}" for name, command in processes.items()}


def _standin_options() -> list[str]:
    return [
        *("--port", str(settings.PAYPAL_STANDIN_PORT)),
        *("--data-dir", str(settings.PAYPAL_TRUST_ROOTS.parent)),
        *("--webhook-url", f"{settings.SITE_URL}/paypal/webhook/"),
    ]
