"""With real money in view, no process starts without its credentials: the one that is missing is named."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.running_site import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.one_database]

CREDENTIALS = {
    "PAYPAL_CLIENT_ID": "the-client",
    "PAYPAL_CLIENT_SECRET": "the-s3cret",
    "PAYPAL_WEBHOOK_ID": "the-webhook",
}


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """The first step of every process: site, worker, scheduler and commands."""
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "aitpro.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("mode", ["sandbox", "live"])
@pytest.mark.parametrize("missing", CREDENTIALS)
def test_a_missing_credential_stops_the_start(mode: str, missing: str) -> None:
    done = start(**{**CREDENTIALS, "PAYPAL_MODE": mode, missing: ""})
    assert done.returncode != 0
    assert f"{missing} is missing" in done.stderr
    assert "the-s3cret" not in done.stderr


def test_with_all_of_them_it_starts() -> None:
    done = start(**CREDENTIALS, PAYPAL_MODE="live")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_mode_stops_the_start() -> None:
    done = start(**CREDENTIALS, PAYPAL_MODE="production")
    assert done.returncode != 0
    assert "PAYPAL_MODE must be one of: live, sandbox, standin" in done.stderr
