"""Reads the files in `pins/`, which `make pins` writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN, DEV, NEXT, UV, SERVERS = (ROOT / "pins" / f"{name}.txt" for name in ("run", "dev", "next", "uv", "servers"))

_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)(?:\[[^]]*\])?==(?P<version>[^ ;]+)(?: ; (?P<marker>[^\\]+))? \\$")
_HASH = re.compile(r"^    --hash=sha256:([0-9a-f]{64})(?: \\)?$")
_VIA = re.compile(r"^    # via (.+)$")


@dataclass(frozen=True)
class Pin:
    """One version of a package. `via` are the packages that need it; `hashes` are those of all its published files.

    A package that has two versions, for different versions of Python, is pinned twice; `marker` says which is whose.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    via: tuple[str, ...]


def read_pins(path: Path) -> list[Pin]:
    """Raises `ValueError` for a line that is neither a pin, nor a hash, nor a comment."""
    found: list[Pin] = []
    for line in path.read_text().splitlines():
        if pin := _PIN.match(line):
            found.append(Pin(pin["name"], pin["version"], (pin["marker"] or "").strip(), (), ()))
        elif found and (digest := _HASH.match(line)):
            found[-1] = _with(found[-1], hashes=(*found[-1].hashes, digest[1]))
        elif found and (via := _VIA.match(line)):
            names = tuple(name for name in via[1].split(", ") if not name.startswith("-"))
            found[-1] = _with(found[-1], via=names)
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"{path.name}: {line!r} is no pin: run make pins")
    return found


def _with(pin: Pin, *, hashes: tuple[str, ...] | None = None, via: tuple[str, ...] | None = None) -> Pin:
    return Pin(pin.name, pin.version, pin.marker, hashes or pin.hashes, via or pin.via)
