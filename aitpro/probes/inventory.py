"""No way in is left out: what there is, is compared with what the rehearsal reached, when everything else is done."""

from __future__ import annotations

from privacy.evidence.rehearsal.cast import OWNER
from privacy.evidence.rehearsal.entry_points import all_entry_points, column, inputs, reached_addresses, reasons
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal
from privacy.probes.pages import KEPT


@probe("encrypted", stage=Stage.LAST)
def no_entry_point_is_left_out(rehearsal: Rehearsal) -> None:
    asked, sent = inputs(rehearsal.seen)
    filled = {column(*place) for places in rehearsal.things[KEPT].values() for place in places}
    ways = all_entry_points()
    reached = ways & (rehearsal.reached | filled | reached_addresses(rehearsal.seen, to_all=OWNER))
    rehearsal.report.ways = len(reached) + len(asked & sent)
    rehearsal.searched("encrypted", len(ways))
    for way in sorted(ways - reached - reasons().keys()):
        rehearsal.not_tried(f"{way}: no probe, and no reason why not")
