"""Every file that the site has written is searched for the canaries."""

from __future__ import annotations

from privacy.rehearsal.canaries import files_below, found_in
from privacy.rehearsal.probes import Stage, probe
from privacy.rehearsal.rehearsing import Rehearsal

OUTSIDE = {"mail", "paypal-standin", "static"}  # people's mailboxes, PayPal's own books, and what anybody may read


@probe("encrypted", stage=Stage.LOOK)
def nothing_is_readable_in_a_file(rehearsal: Rehearsal) -> None:
    for path in files_below(*(each for each in rehearsal.folder.iterdir() if each.name not in OUTSIDE)):
        _search(rehearsal, path.name, path.read_bytes())
    for path in rehearsal.folder.iterdir():
        if path.is_file():
            _search(rehearsal, path.name, path.read_bytes())


def _search(rehearsal: Rehearsal, name: str, content: bytes) -> None:
    rehearsal.searched("encrypted")
    for canary in rehearsal.canaries:
        if next(found_in(content, [canary.word, canary.word.rstrip("Ö")]), None):
            rehearsal.breach("encrypted", f"{canary.what} of a {canary.owner} in {name}")
