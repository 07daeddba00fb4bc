"""Ends what a test started if the test itself is killed: `python -m tests.production.guard`.

Standard input has a line for each process group, `+PID` when it starts and `-PID` when it has ended. When it closes,
the remaining groups get SIGKILL.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the starter, which closes the pipe
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        (groups.add if line.startswith("+") else groups.discard)(group)
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
