"""The command as a mail server starts it: behind LMTP and SMTP, without its database, and killed in between."""

from __future__ import annotations

import mailbox
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP
from django.conf import settings

from contacts.models import IncomingMail, Inquiry, SeenMessage
from tests.running_site import free_port

from .arriving import DAVE, arriving

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
State = IncomingMail.State
COMMAND = [sys.executable, "manage.py", "receive_mail"]
DIES = """
import os, signal, sys
import django
django.setup()
from django.db.backends.utils import CursorWrapper
execute, left = CursorWrapper.execute, int(sys.argv[1])
def dies(self, sql, params=None):
    global left
    if sql.lstrip().split(" ")[0] in ("INSERT", "UPDATE", "DELETE"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(self, sql, params)
CursorWrapper.execute = dies
from django.core.management import call_command
call_command("receive_mail", "--maildir", sys.argv[2])
"""


class Pipe:
    """What a mail server does with a message for a pipe: it starts the command, and answers by how that ends."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (the library's name)
        environment = {**self.environment, "ORIGINAL_RECIPIENT": envelope.rcpt_tos[0]}
        done = subprocess.run(COMMAND, cwd=settings.BASE_DIR, env=environment, input=envelope.content, check=False)
        return {0: "250 OK", 75: "451 Try again later"}.get(done.returncode, "554 Refused")


class Listener(Controller):
    protocol: type[SMTP] = SMTP

    def factory(self) -> Any:
        return self.protocol(self.handler, hostname="mx.ait-pro.com")


class LmtpListener(Listener):
    protocol = LMTP


@contextmanager
def listening(listener: type[Listener], environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    controller = listener(Pipe(environment), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.hostname, controller.port
    finally:
        controller.stop()


@pytest.mark.parametrize(("listener", "client"), [(Listener, smtplib.SMTP), (LmtpListener, smtplib.LMTP)])
def test_a_message_comes_through_the_mail_server(
    environment: dict[str, str], listener: type[Listener], client: type[smtplib.SMTP]
) -> None:
    with listening(listener, environment) as (host, port), client(host, port) as server:
        server.sendmail(DAVE, ["info+1@ait-pro.com"], arriving())
        server.sendmail(DAVE, ["info+1@ait-pro.com"], arriving())  # its first answer was lost on the way
    assert Inquiry.objects.get().email == DAVE
    assert IncomingMail.objects.get().state == State.FILED


@pytest.mark.parametrize("missing", ["DATABASE_URL", "ENCRYPTION_KEYS"])
def test_the_mail_server_keeps_a_message_while_the_site_can_not_store_it(
    environment: dict[str, str], missing: str
) -> None:
    broken = {**environment, missing: {"DATABASE_URL": "sqlite:////nowhere/at-all"}.get(missing, "not a key")}
    with (
        listening(Listener, broken) as (host, port),
        smtplib.SMTP(host, port) as server,
        pytest.raises(smtplib.SMTPDataError) as refusal,
    ):
        server.sendmail(DAVE, ["info@ait-pro.com"], arriving())
    assert refusal.value.smtp_code == 451
    assert not IncomingMail.objects.exists()


@pytest.mark.parametrize("writes", [0, 2, 5, 9])
def test_a_maildir_is_finished_after_a_kill(environment: dict[str, str], tmp_path: Path, writes: int) -> None:
    box = mailbox.Maildir(tmp_path / "inbox")
    for number in range(2):
        box.add(arriving(message_id=f"<{number}@example.org>", sender=f"dave{number}@example.org"))
    killed = subprocess.run(
        [sys.executable, "-c", DIES, str(writes), str(tmp_path / "inbox")],
        cwd=settings.BASE_DIR,
        env=environment,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    subprocess.run([*COMMAND, "--maildir", str(tmp_path / "inbox")], cwd=settings.BASE_DIR, env=environment, check=True)
    assert SeenMessage.objects.count() == IncomingMail.objects.count() == 2
    assert [message.get_flags() for message in box] == ["S", "S"]
    IncomingMail.objects.filter(state=State.RECEIVED).update(tried_at=None)  # ten minutes later
    subprocess.run([sys.executable, "manage.py", "housekeeping"], cwd=settings.BASE_DIR, env=environment, check=True)
    assert {mail.state for mail in IncomingMail.objects.all()} == {State.FILED}
    assert Inquiry.objects.count() == 2
