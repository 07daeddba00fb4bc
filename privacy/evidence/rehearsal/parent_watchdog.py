"""What keeps a rehearsal from outliving the process that started it."""

import os
import signal
import sys
import threading


def end_with_the_starter() -> None:
    """Standard input is a pipe to which nothing is written: it ends when the process that holds it was killed."""
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    """With every process of the group: a server that a probe started, the pretend PayPal."""
    os.read(sys.stdin.fileno(), 1)
    os.killpg(0, signal.SIGKILL)
