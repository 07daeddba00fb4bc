"""The whole suite on both databases at once, on all cores. Each line says which one it comes from.

Tests that are marked `one_database` run on SQLite alone.

`python -m tests.both`, with what pytest takes. Exits with 1 when either fails, and repeats at the end what failed.
SIGINT and SIGTERM end both.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading

# A browser is no Python package (`make browser-tests`); rehearsals with holes (`make evidence`) and chaos take long.
PYTEST, SELECTED = ["-m", "pytest", "-m"], "not browser and not holes and not chaos"
# The tests of a file share what they start. Each database has a worker for each core: many tests wait for a process.
WORKERS = ["--numprocesses", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
ENDED_BADLY = re.compile(r"(FAILED|ERROR) tests/|=+ .*(failed|error).* in ")  # lines of pytest's summary
RUNS = {
    "sqlite": [*PYTEST, SELECTED, *WORKERS],
    "postgresql": ["-m", "tests.postgres", *PYTEST, f"{SELECTED} and not one_database", *WORKERS],
}


def main(arguments: list[str]) -> int:
    processes = {name: _start([*command, *arguments]) for name, command in RUNS.items()}

    def interrupt(*_: object) -> None:
        for process in processes.values():
            process.send_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    failures: list[str] = []
    readers = [threading.Thread(target=_print_lines, args=(*item, failures)) for item in processes.items()]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    print("".join(failures), end="")
    codes = [process.wait() for process in processes.values()]
    return int(any(codes))


def _start(command: list[str]) -> subprocess.Popen[str]:
    """In a session of its own: Ctrl-C reaches it once, from here."""
    return subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        start_new_session=True,
    )


def _print_lines(name: str, process: subprocess.Popen[str], failures: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        print(f"{name:<10} | {line}", end="", flush=True)
        if ENDED_BADLY.match(line):
            failures.append(f"{name:<10} | {line}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
