"""What the figures were measured on: machine, versions, and how the database keeps what it is told."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from django.db import connection

PACKAGES = ("Django", "gunicorn", "psycopg")
WAITS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")  # of PostgreSQL


def machine() -> dict[str, str]:
    """Names nothing that tells one machine of a kind from another."""
    wrk = shutil.which("wrk")
    told = subprocess.run([wrk, "--version"], capture_output=True, text=True).stdout if wrk else ""
    kibibytes = int(_found(r"^MemTotal:\s*(\d+)", "/proc/meminfo") or 0)
    return {
        "processor": _found(r"^model name\s*: (.*)$", "/proc/cpuinfo") or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{kibibytes / 2**20:.0f} GiB",
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "wrk": told.split()[1] if told else "not installed",
    }


def database() -> dict[str, str]:
    """The server's version and its settings for durability."""
    told = {"version": ".".join(map(str, connection.get_database_version()))}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in ("journal_mode", "synchronous"):
                told[name] = str(cursor.execute(f"PRAGMA {name}").fetchone()[0])
        else:
            for name in WAITS:
                cursor.execute(f"SHOW {name}")
                told[name] = str(cursor.fetchone()[0])
    return told


def _found(pattern: str, path: str) -> str:
    """The first group, or "" where the system has no such file or line."""
    file = Path(path)
    found = re.search(pattern, file.read_text(), re.MULTILINE) if file.exists() else None
    return found[1] if found else ""
