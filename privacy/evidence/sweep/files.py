"""Sweeps files in DATA_DIR, including database files, and the logs in LOG_FILES."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import gunicorn
from django.apps import apps
from django.conf import settings
from django.db import connections, models

from privacy.registry.clear_text import PUBLIC, Sign, clear_text_of, model_fields

from .detectors import signs_in
from .random_rows import RANDOM
from .run import Sweep, part

BLOCK = 1 << 20  # bytes
WHOLE = 16 * BLOCK  # larger files are sampled at random places
PUBLIC_TEXTS = 2_000  # different ones of a column
PROMISES = {Sign.EMAIL: "encrypted", Sign.CARD: "paypal-only", Sign.NETWORK: "direct-visits-domain-only"}

_left_out: dict[Path, str] = {}


def leave_out(path: Path, *, because: str) -> None:
    """Excludes a folder or file in DATA_DIR. The report states the reason."""
    _left_out[path] = because


@part("encrypted", "paypal-only", "direct-visits-domain-only", share=4)
def files_and_logs_hold_nothing_readable(sweep: Sweep) -> None:
    _forget_words_of_the_program(sweep)
    _forget_what_is_public(sweep)
    for path, because in {**_left_out, **_outside()}.items():
        if path.exists():
            sweep.left(f"{path.name}: {because}")
    for path in _files(Path(settings.DATA_DIR)):
        _search(sweep, path, f"a file in {_folder(path)}")
    for pattern in settings.LOG_FILES:
        _search_logs(sweep, pattern)


def _forget_words_of_the_program(sweep: Sweep) -> None:
    """Ignores what stands in the schema of the databases, or in the program's source and therefore in its logs.

    Otherwise anybody could turn the evidence red by typing it into a form.
    """
    for connection in connections.all():
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
                for word, _ in sweep.words.find("\n".join(sql for (sql,) in cursor.fetchall()).encode()):
                    sweep.words.forget(word)
    for folder in (*(config.path for config in apps.get_app_configs()), *gunicorn.__path__):
        for path in Path(folder).rglob("*.py"):
            for word, _ in sweep.words.find(path.read_bytes()):
                if not word.names_somebody:
                    sweep.words.forget(word)


def _forget_what_is_public(sweep: Sweep) -> None:
    """Ignores what the site itself shows to everybody, texts and files, for the same reason: people quote it, and send
    it back to us."""
    for column, field in model_fields().items():
        if clear_text_of(column).kind is not PUBLIC:
            continue
        rows = field.model._base_manager.order_by()
        for text in rows.values_list(field.name, flat=True).distinct()[:PUBLIC_TEXTS]:
            for word, _ in sweep.words.find(str(text or "").encode()):
                if not word.names_somebody:
                    sweep.words.forget(word)
            if isinstance(field, models.FileField) and text and field.storage.exists(text):
                with field.storage.open(text) as file:
                    for word, _ in sweep.words.find(file.read(WHOLE)):
                        sweep.words.forget(word)


def _outside() -> dict[Path, str]:
    found = {Path(settings.STATIC_ROOT): "public files"}
    if folder := settings.MAILERS["default"].get("OPTIONS", {}).get("file_path"):
        found[Path(folder)] = "the demo's mailboxes"
    if settings.PAYPAL_MODE == "standin":
        found[settings.PAYPAL_TRUST_ROOTS.parent] = "data of the PayPal stand-in"
    return found


def _files(folder: Path) -> Iterator[Path]:
    outside = [*_left_out, *_outside()]
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(path.is_relative_to(each) for each in outside):
            yield path


def _folder(path: Path) -> str:
    """The file's folder and suffix only, because its name may be personal data."""
    relative = path.relative_to(settings.DATA_DIR).parts[:-1]
    return f"{'/'.join(('DATA_DIR', *relative[:1]))} ({path.suffix or 'no suffix'})"


def _search_logs(sweep: Sweep, pattern: str) -> None:
    """Searches logs. A missing or unreadable log counts as not tried."""
    base = Path(Path(pattern).anchor or settings.BASE_DIR)
    paths = [path for path in base.glob(pattern.removeprefix(str(base))) if path.is_file()]
    if not paths:
        sweep.not_tried(f"the log {pattern} doesn't exist")
    for path in paths:
        try:
            _search(sweep, path, f"the log {pattern}")
        except OSError:
            sweep.not_tried(f"the log {pattern} can't be read")


def _search(sweep: Sweep, path: Path, place: str) -> None:
    for word, spelling in sweep.words.find(path.name.encode()):
        sweep.breach("encrypted", f"{word.place} is in the name of {place} ({spelling})")
    is_text = None
    for block in _blocks(path, overlap=sweep.words.longest):
        # Decided by the first block; binary data matches anything.
        is_text = b"\0" not in block if is_text is None else is_text
        for promise in PROMISES.values():
            sweep.searched(promise)
        for word, spelling in sweep.words.find(block):
            sweep.breach("encrypted", f"{word.place} can be read in {place} ({spelling})")
        if is_text:
            for sign in {*signs_in(block.decode(errors="replace"))} & {*PROMISES}:
                sweep.breach(PROMISES[sign], f"{place} contains what looks like {sign}")
        if not sweep.has_time:
            sweep.left(f"the rest of {place}")
            return


def _blocks(path: Path, *, overlap: int) -> Iterator[bytes]:
    """The whole file, or its first, last and random blocks."""
    if path.suffix == ".gz":
        with gzip.open(path) as packed:
            while block := packed.read(BLOCK):
                yield block
        return
    size = path.stat().st_size
    starts = [*range(0, size, BLOCK)]
    if size > WHOLE:
        starts = [0, *sorted(RANDOM.sample(starts[1:-1], WHOLE // BLOCK - 2)), starts[-1]]
    with path.open("rb") as file:
        for start in starts:
            file.seek(start)
            yield file.read(BLOCK + overlap)
