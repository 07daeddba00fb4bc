"""Runs a program until the process that started it ends, even if that was killed.

`python -m tests.ends_with_starter manage.py run_demo`, or `… -m package`. The program gets SIGINT when its standard
input closes: a pipe, to which nothing is written.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def main(arguments: list[str]) -> None:
    threading.Thread(target=_wait_and_interrupt, daemon=True).start()
    sys.path[0] = os.getcwd()  # noqa: PTH109  (as for a program that is started itself)
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def _wait_and_interrupt() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    main(sys.argv[1:])
