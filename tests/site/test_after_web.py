"""What the demo starts once the site answers."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.paypal_standin.receiver import Receiver
from tests.running_site import free_port


def starting(port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "aitpro.processes.after_web", str(port), "echo", "started"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_command_runs_once_the_site_answers() -> None:
    site = Receiver()
    try:
        assert starting(site.server.server_port).communicate(timeout=60)[0] == "started\n"
    finally:
        site.close()


def test_command_waits_until_then() -> None:
    process = starting(free_port())
    time.sleep(1)
    assert process.poll() is None
    process.kill()
    process.communicate()
