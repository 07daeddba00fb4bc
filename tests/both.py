"""The whole suite on both databases at once, a core for each. Each line says which one it comes from.

`python -m tests.both`, with what pytest takes. Exits with 1 when either fails.
"""

from __future__ import annotations

import subprocess
import sys
import threading

# A browser is no Python package (`make browser-tests`), and rehearsals with holes take long (`make evidence`).
PYTEST = ["-m", "pytest", "-m", "not browser and not holes"]
RUNS = {"sqlite": PYTEST, "postgresql": ["-m", "tests.postgres", *PYTEST]}


def main(arguments: list[str]) -> int:
    processes = {name: _start([*command, *arguments]) for name, command in RUNS.items()}
    readers = [threading.Thread(target=_tell, args=item) for item in processes.items()]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return int(any(process.wait() for process in processes.values()))


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )


def _tell(name: str, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        print(f"{name:<10} | {line}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
