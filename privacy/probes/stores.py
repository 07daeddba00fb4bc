"""All stored data is searched for canaries: every table, cache and file."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.cache import caches

from privacy.evidence.rehearsal.canaries import Canary, CanaryKind, files_below
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal
from privacy.evidence.rehearsal.search import Search
from privacy.evidence.rehearsal.stolen_copy import as_text, columns

from .keys import watch_keys

OUTSIDE = {"mail", "paypal-standin", "static"}  # people's mailboxes, PayPal's own data, and public files
READABLE = {CanaryKind.NUMBER, CanaryKind.PUBLIC}  # stored in clear text on purpose
BROKEN_BY = {
    CanaryKind.DIRECT: "direct-visits-domain-only",
    CanaryKind.CARD: "paypal-only",
}  # all other kinds: encrypted
PROMISES = ("encrypted", *BROKEN_BY.values())


@probe(*PROMISES, stage=Stage.LOOK)
def no_table_or_file_holds_a_readable_word(rehearsal: Rehearsal) -> None:
    search_stores(rehearsal)


@probe(*PROMISES, stage=Stage.LAST)
def no_table_or_file_holds_a_readable_word_in_the_end(rehearsal: Rehearsal) -> None:
    search_stores(rehearsal)


def search_stores(rehearsal: Rehearsal) -> None:
    watch_keys(rehearsal)
    search = Search([canary for canary in rehearsal.canaries if canary.kind not in READABLE])
    for place, content in (*tables(), *cached(), *files(rehearsal)):
        for promise in PROMISES:
            rehearsal.searched(promise)
        for canary in search.found_in(content):
            rehearsal.breach(BROKEN_BY.get(canary.kind, "encrypted"), f"{_described(canary)} in {place}")


def _described(canary: Canary) -> str:
    return f"the {canary.what} of the {canary.owner}"


def tables() -> Iterator[tuple[str, bytes]]:
    """Each column of the live schema with its concatenated values."""
    for table, name, values in columns():
        yield f"{table}.{name}", b"\0".join(map(as_text, values))


def cached() -> Iterator[tuple[str, bytes]]:
    """Keys and values in the process's memory. The scratch copy has no Redis; its limits are in a table."""
    for alias in settings.CACHES:
        stored: dict[str, bytes] = getattr(caches[alias], "_cache", {})
        yield f"the cache {alias}", b"\0".join(key.encode() + b"\0" + bytes(value) for key, value in stored.items())


def files(rehearsal: Rehearsal) -> Iterator[tuple[str, bytes]]:
    """Each file in the data folder. File names are searched too, because they may contain personal data."""
    for path in files_below(rehearsal.folder):
        parts = path.relative_to(rehearsal.folder).parts
        if parts[0] not in OUTSIDE:
            kind = path.name if len(parts) == 1 else f"a file of {parts[0]}"
            yield kind, path.name.encode() + b"\0" + path.read_bytes()
