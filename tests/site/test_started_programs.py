"""What a test starts ends with it, even if the test was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.one_database

PROGRAM = """
import signal, sys
print("running", flush=True)
signal.pause()
"""


@pytest.mark.slow
def test_a_program_gets_ctrl_c_when_its_starter_is_gone(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "tests.ends_with_starter", str(program)]
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "running\n"
        process.stdin.close()
        assert "KeyboardInterrupt" in process.stderr.read()
        assert process.wait(timeout=60) != 0
