"""One stylesheet per area of the site, so that a first visit waits for one file.

`static/aitpro/areas/<area>.css` names its parts with `@import`. Browsers follow that as it stands, in tests and with
`DEBUG`; `collectstatic` replaces each `@import` with the part (ADR 51).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.storage import Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

AREAS = "aitpro/areas/"
_IMPORT = re.compile(r'^@import url\("([^"]+)"\);\n', re.MULTILINE)


class AreaStylesheetStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            for name in [name for name in paths if name.startswith(AREAS)]:
                Path(self.path(name)).write_text(with_parts(*paths[name]))
                paths[name] = (self, name)
        yield from super().post_process(paths, dry_run, **options)


def with_parts(source: Storage, name: str) -> str:
    """The area's stylesheet with its parts. They lie in a folder beside it: addresses in them stay right."""

    def part(match: re.Match[str]) -> str:
        return read(source, posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1])))

    return _IMPORT.sub(part, read(source, name))


def read(source: Storage, name: str) -> str:
    with source.open(name) as file:
        return str(file.read().decode())
