"""Mail leaves in one place: no other code of this project could send any."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.own_apps import OWN_APPS

ROOT = Path(settings.BASE_DIR)
SENDER = ROOT / "privacy" / "mail" / "sending.py"
TRANSPORT = ROOT / "privacy" / "mail" / "smtp.py"  # the backend that the sender uses
# Whoever imports this class from Python's library reads mail with it; Django's, which sends, has another module.
PARSED = {"email.message.EmailMessage", "EmailMessage"}

MODULES = ("django.core.mail", "smtplib", "aiosmtplib", "email.mime", "django.utils.log.AdminEmailHandler")
NAMES = {
    "send_mail", "send_mass_mail", "mail_admins", "mail_managers", "email_user", "send_messages", "sendmail",
    "EmailMessage", "EmailMultiAlternatives", "PasswordResetForm", "PasswordResetView", "AdminEmailHandler",
}  # fmt: skip


def ways_to_send(source: str) -> Iterator[str]:
    """Imports and calls that could send mail past the gate."""
    for node in ast.walk(ast.parse(source)):
        imported = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            imported = [f"{node.module}.{name}" for name in imported]
        yield from (name for name in imported if name.startswith(MODULES) or name.rpartition(".")[2] in NAMES)
        if isinstance(node, (ast.Attribute, ast.Name)):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            yield from [name] * (name in NAMES)


@pytest.mark.parametrize(
    "source",
    [
        "from django.core.mail import send_mail",
        "from django.core import mail\nmail.send_mail('s', 't', None, [])",
        "import django.core.mail",
        "import smtplib",
        "user.email_user('s', 't')",
        "from django.contrib.auth.forms import PasswordResetForm",
        "getattr(m, 'x')\nconnection.send_messages([])",
    ],
)
def test_each_way_to_send_would_be_seen(source: str) -> None:
    assert list(ways_to_send(source))


def test_the_sender_is_seen() -> None:
    assert set(ways_to_send(SENDER.read_text())) >= {"django.core.mail.EmailMultiAlternatives", "send_messages"}


def test_nothing_else_sends() -> None:
    files = [path for app in OWN_APPS for path in (ROOT / app).rglob("*.py") if path not in {SENDER, TRANSPORT}]
    assert len(files) > 100
    found = {str(path.relative_to(ROOT)): list(ways_to_send(path.read_text())) for path in files}
    readers = {path for path, ways in found.items() if "email.message.EmailMessage" in ways}
    assert {"privacy/probes/mails.py", "privacy/mail/bounces.py"} <= readers
    assert {path: ways for path, ways in found.items() if set(ways) - (PARSED if path in readers else set())} == {}


def test_errors_are_not_mailed_to_anybody() -> None:
    """Django's default logging would mail errors to these."""
    assert settings.ADMINS == settings.MANAGERS == []
