"""Programs that are no Python packages: nginx, Redis. Debian's names; `.ci/run` installs them."""

from __future__ import annotations

import os
import shutil

import pytest

PACKAGES = {"redis-cli": "redis-tools", "systemd-analyze": "systemd"}  # where its name is another
SYSTEM = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"])


def program(name: str) -> str:
    """Its path. Without it the test is skipped, or fails where all must run: under CI."""
    if found := shutil.which(name, path=SYSTEM):
        return found
    missing = f"{name} is not installed (Debian: apt-get install {PACKAGES.get(name, name)})"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
