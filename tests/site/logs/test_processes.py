"""What reaches the error output of a process past the log: uncaught errors, threads, warnings, broken lines."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from privacy.encryption.keys import RootKey

CANARY = "canary7f3a"
SECRETS = {"SECRET_KEY": "only-for-tests-" + "x" * 50, "ENCRYPTION_KEYS": RootKey(b"test", b"k" * 32).written_out()}
PROGRAM = """
import gc, logging, sys, threading, warnings
from aitpro.logs.processes import install_hooks
install_hooks()
word = "canary" + "7f3a"
if "{settings}":
    import django
    django.setup()
def fail():
    raise ValueError(word + "@example.com")
class Unraisable:
    def __del__(self):
        fail()
thread = threading.Thread(target=fail)
thread.start()
thread.join()
warnings.warn("from " + word, UserWarning)
logging.getLogger("shop").warning("%d", word)
logging.getLogger("third.party").error("mail to %s@example.com, from 203.0.113.77", word)
Unraisable()
gc.collect()
try:
    fail()
except ValueError as error:
    raise RuntimeError(word) from error
"""


@pytest.mark.parametrize(("read", "log_format"), [("settings", "plain"), ("settings", "json"), ("", "plain")])
def test_no_message_reaches_the_error_output(read: str, log_format: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{settings}", read)],
        cwd=Path(settings.BASE_DIR),
        env={
            **SECRETS,
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "aitpro.settings",
            "LOG_FORMAT": log_format,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    for line in (
        "a thread ends with an error",
        "builtins.UserWarning in <string>, line ",
        "a line can't be written: <string>, line ",
        "mail to [removed], from [removed]",
        "an error could not be raised",
        "the process ends with an error",
        "builtins.RuntimeError",
    ):
        assert line in done.stderr, line
    for secret in (CANARY, "203.0.113.77", "Traceback"):
        assert secret not in done.stderr
    assert done.stdout == ""
