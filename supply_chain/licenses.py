"""The licenses of all pinned packages (`licenses.toml`), and what the installed packages say of themselves."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path

LIST = Path(__file__).with_name("licenses.toml")

# What older metadata calls a license → its SPDX identifier.
_SPDX = {
    "apache 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "mit": "MIT",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl-2.0": "MPL-2.0",
    "psf-2.0": "PSF-2.0",
    "psfl": "PSF-2.0",
    "sil ofl v1.1": "OFL-1.1",
    "the unlicense (unlicense)": "Unlicense",
    "unlicense": "Unlicense",
}


@dataclass(frozen=True)
class License:
    """An SPDX expression. `read` is the version whose license a person has read, if its metadata say too little."""

    expression: str
    read: str = ""


def licenses() -> dict[str, License]:
    listed = tomllib.loads(LIST.read_text())
    return {
        **{name: License(expression) for name, expression in listed["packages"].items()},
        **{name: License(each["license"], each["version"]) for name, each in listed["read"].items()},
    }


def allowed() -> tuple[frozenset[str], frozenset[str]]:
    """The expressions that the site may depend on, and those that only development may."""
    listed = tomllib.loads(LIST.read_text())["allowed"]
    return frozenset(listed["run"]), frozenset((*listed["run"], *listed["dev"]))


def contradiction(package: str, listed: License) -> str:
    """How the installed package contradicts the list; empty if it doesn't, or isn't installed."""
    try:
        said, installed = metadata(package), version(package)
    except PackageNotFoundError:
        return ""
    if listed.read:
        return (
            "" if listed.read == installed else f"its license was read in {listed.read}, but {installed} is installed"
        )
    claims = [claim for key in ("License-Expression", "License") for claim in said.get_all(key) or ()]
    claims += [each.rpartition(" :: ")[2] for each in said.get_all("Classifier") or () if each.startswith("License")]
    known = {_SPDX.get(claim.lower(), claim) for claim in claims}
    return "" if listed.expression in known else f"it says {sorted(known)}, the list {listed.expression}"
