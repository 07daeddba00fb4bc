"""What the audit's tests share: entries to look at, and the verdict of `verify_audit`."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from privacy.audit.trail import record

from .guards import _flush_past_the_guards  # noqa: F401  (a fixture for all tests here)

SmtpReply = Callable[..., str]


@pytest.fixture
def ten_entries(bob: User) -> None:
    """Bob did ten things, each with his own account."""
    for number in range(1, 11):
        record(action=f"tests.thing.done_{number}", about=bob, actor=bob)


@pytest.fixture
def verdict(tmp_path: Path) -> SmtpReply:
    """What `verify_audit` says, good or bad, against a published head or without one."""

    def ask(*options: str, head: Any = None) -> str:
        if head is not None:
            (tmp_path / "head.json").write_text(json.dumps(head))
            options = (*options, "--head", str(tmp_path / "head.json"))
        out = StringIO()
        try:
            call_command("verify_audit", *options, stdout=out)
        except CommandError as error:
            assert error.returncode == 1
            assert "\n" not in str(error)
            return str(error)
        return out.getvalue().strip()

    return ask
