"""Looks up every pinned package among published vulnerabilities: `make audit`.

Fails for a vulnerability, and for a package that couldn't be looked up: silence must not look like safety.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from .pins import DEV, read_pins

SERVICES = ("pypi", "osv")  # the second, if the first can't look up all of them
SAFE, VULNERABLE, UNKNOWN = 0, 1, 2


def audit() -> tuple[int, str]:
    """The exit code, and what to print."""
    problem = ""
    for service in SERVICES:
        report, failure = _ask(service)
        code, told = judge(report, names={pin.name for pin in read_pins(DEV)})
        if code != UNKNOWN:
            return code, told
        problem += f"{service}: {failure or told}\n"
    told = "Nothing is known about the pinned packages. Is the database of vulnerabilities reachable?"
    return UNKNOWN, f"{told}\n{problem}"


def judge(report: dict[str, Any], *, names: set[str]) -> tuple[int, str]:
    """The exit code and the words for a report of pip-audit about these packages."""
    found = report.get("dependencies", [])
    vulnerable = [
        f"{each['name']} {each['version']}: {weak['id']}, fixed in {' or '.join(weak['fix_versions']) or 'none'}"
        for each in found
        for weak in each.get("vulns", [])
    ]
    missing = names - {each["name"].lower() for each in found if "vulns" in each}
    if vulnerable:
        return VULNERABLE, "\n".join(sorted(vulnerable))
    if missing:
        return UNKNOWN, f"{len(missing)} of {len(names)} packages could not be looked up, {min(missing)} among them"
    return SAFE, f"{len(names)} packages, none with a known vulnerability"


def _ask(service: str) -> tuple[dict[str, Any], str]:
    """The report, or an empty one and the last line of the error."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(DEV), "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--vulnerability-service", service]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if not done.stdout:
        return {}, (done.stderr.strip().splitlines() or ["no answer"])[-1]
    return json.loads(done.stdout), ""


if __name__ == "__main__":
    code, told = audit()
    sys.stdout.write(f"{told.strip()}\n")
    sys.exit(code)
