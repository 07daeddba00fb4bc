"""Writes a release to `dist/`: `make dist`. The same commit gives the same bytes, wherever and whenever it is made."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from pathlib import Path

from aitpro import __version__

from .pins import ROOT, RUN, read_pins
from .sbom import committed_at, sbom

NAME = f"aitpro-{__version__}"
# The user's own settings change nothing: line ends, permissions, attributes.
_OPTIONS = ("core.autocrlf=false", "tar.umask=0022", "core.attributesFile=/dev/null")
GIT = ["git", "-C", str(ROOT), *(each for option in _OPTIONS for each in ("-c", option))]


class NotCommitted(Exception):
    """The release would lack what isn't committed."""


def write_release(folder: Path) -> list[Path]:
    """Writes the archive of the checked-out commit, the software bill of materials and their hashes. Raises
    `NotCommitted`."""
    if changed := _git("status", "--porcelain").decode():
        raise NotCommitted(f"Commit or remove these changes first; a release is what is committed.\n{changed}")
    folder.mkdir(parents=True, exist_ok=True)
    archive, materials, sums = folder / f"{NAME}.tar.gz", folder / f"{NAME}.cdx.json", folder / "SHA256SUMS"
    archive.write_bytes(gzip.compress(_git("archive", "--format=tar", f"--prefix={NAME}/", "HEAD"), 9, mtime=0))
    materials.write_text(sbom(read_pins(RUN), made_at=committed_at()))
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in (archive, materials))
    sums.write_text("".join(lines))
    return [archive, materials, sums]


def _git(*arguments: str) -> bytes:
    return subprocess.check_output([*GIT, *arguments])  # noqa: S603


if __name__ == "__main__":
    try:
        for path in write_release(ROOT / "dist"):
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    except NotCommitted as problem:
        sys.exit(str(problem))
