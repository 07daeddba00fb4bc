"""Every response is searched for other people's canaries.

People may see their own canaries and those they sent. Staff may see canaries in tables that their role can access, and
each other's names. Nobody else may see any: a violation breaks a promise by kind of canary (`BROKEN_BY`), or
`encrypted` if a thief got it with a key from a stolen database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db import models

from privacy.evidence.rehearsal.canaries import Canary, CanaryKind
from privacy.evidence.rehearsal.personal_data_map import Column, stored_canaries
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SeenResponse
from privacy.evidence.rehearsal.search import Search

THIEF = "thief"  # prefix of `who` in unauthorized-access probes
BROKEN_BY = {
    CanaryKind.DIRECT: "direct-visits-domain-only",
    CanaryKind.CARD: "paypal-only",
    CanaryKind.VISIT: "referral-for-commission-only",
}  # all other kinds: correspondence-private
PROMISES = ("correspondence-private", "encrypted", *BROKEN_BY.values())
KEPT = "columns in which each canary is or was stored"
JUDGED = "number of searched responses"
KNOWN = "canaries that each person has sent"


@probe(*PROMISES, stage=Stage.LOOK)
def nobody_was_shown_what_belongs_to_others(rehearsal: Rehearsal) -> None:
    judge(rehearsal)


@probe(*PROMISES, stage=Stage.END)
def nobody_was_shown_what_belongs_to_others_before_the_end(rehearsal: Rehearsal) -> None:
    judge(rehearsal)


@probe(*PROMISES, stage=Stage.LAST)
def nobody_was_ever_shown_what_belongs_to_others(rehearsal: Rehearsal) -> None:
    judge(rehearsal)


def judge(rehearsal: Rehearsal) -> None:
    """Searches all responses since the last time."""
    search = Search(rehearsal.canaries)
    kept = where_kept(rehearsal, search)
    known: dict[str, set[Canary]] = rehearsal.things.setdefault(KNOWN, defaultdict(set))
    colleagues = {seen.who for seen in rehearsal.seen if seen.user and seen.user.is_staff}
    for seen in rehearsal.seen[rehearsal.things.get(JUDGED, 0) :]:
        known[seen.who] |= search.found_in(seen.sent, thorough=False)
        for promise in PROMISES:
            rehearsal.searched(promise)
        for canary in read_in(seen, search) - known[seen.who]:
            if not may_see(seen, canary, kept, colleagues):
                rehearsal.breach(promise_of(seen, canary), f"the {canary.what} of the {canary.owner}, {_where(seen)}")
    rehearsal.things[JUDGED] = len(rehearsal.seen)


def where_kept(rehearsal: Rehearsal, search: Search) -> dict[Canary, set[Column]]:
    """Columns of each canary, including deleted rows."""
    kept: dict[Canary, set[Column]] = rehearsal.things.setdefault(KEPT, defaultdict(set))
    for canary, columns in stored_canaries(search).items():
        kept[canary] |= columns
    return kept


def read_in(seen: SeenResponse, search: Search) -> set[Canary]:
    """Canaries in headers and body, searched separately because an archive starts at its first byte."""
    return search.found_in(f"{seen.headers}".encode()) | search.found_in(seen.body, thorough=not seen.is_html)


def may_see(seen: SeenResponse, canary: Canary, kept: dict[Canary, set[Column]], colleagues: set[str]) -> bool:
    if canary.kind is CanaryKind.PUBLIC or canary.owner == seen.who:
        return True
    if not (seen.user and seen.user.is_staff) or canary.kind in BROKEN_BY:
        return False
    return canary.kind is CanaryKind.NUMBER or canary.owner in colleagues or opens(seen.user, kept[canary])


def opens(user: Any, columns: set[Column]) -> bool:
    """Whether a staff member has a permission on one of the tables, or on a table whose rows they are shown with, as
    documents are with messages, and an affiliate's account with the affiliate."""
    rights = user.get_all_permissions()
    return any(
        right.startswith(f"{model._meta.app_label}.") and right.endswith(f"_{model._meta.model_name}")
        for kept_in, _ in columns
        for model in (kept_in, *_goes_with(kept_in))
        for right in rights
    )


def _goes_with(model: Any) -> Iterator[Any]:
    for field in model._meta.concrete_fields:
        if field.is_relation and field.remote_field.on_delete is models.CASCADE:
            yield field.related_model
    for relation in model._meta.related_objects:
        if relation.one_to_one:
            yield relation.related_model


def promise_of(seen: SeenResponse, canary: Canary) -> str:
    if seen.who.startswith(THIEF):
        return "encrypted"
    return BROKEN_BY.get(canary.kind, "correspondence-private")


def _where(seen: SeenResponse) -> str:
    return f"shown to {seen.who} at {seen.route or 'an unknown URL'} ({seen.method}, {seen.status})"
