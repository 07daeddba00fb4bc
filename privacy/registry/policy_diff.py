"""Differences between two policy snapshots, in plain words, and whether they require notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .declarations import Erasure
from .policy_snapshot import Snapshot, purpose_label
from .purposes import Audience

Column = dict[str, Any]

# Needed to send notices. Changes are announced, but never blocked, or nobody could be notified.
TELLING = ("privacy_outgoingmail.", "policy_policynotice.", "purpose:policy_notice")
# Needed to sign in. Never blocked either, or nobody could sign in to write the next version.
SIGNING_IN = ("accounts_session.", "accounts_linkrequest.", "accounts_authenticator.", "accounts_recoverycode.")


@dataclass(frozen=True)
class PolicyDifference:
    """`place` is `table.column`, `purpose:name` or `use:table:purpose:audience`.

    `widens`: data is used in a new way, so affected people are notified first. `closes`: the new use is blocked until
    then. `held`: it affects data that is already stored.
    """

    place: str
    text: str
    widens: bool = False
    closes: bool = False
    held: bool = False


def differences(before: Snapshot, after: Snapshot) -> list[PolicyDifference]:
    return [
        *_of_columns(before["columns"], after["columns"]),
        *_of_purposes(before, after),
        *_of_uses(before, after),
        *_of_text(before, after),
    ]


def _of_columns(before: dict[str, Column], after: dict[str, Column]) -> Iterator[PolicyDifference]:
    for place in sorted({*before, *after}):
        if place not in before:
            yield _new(place, after[place])
        elif place not in after:
            yield PolicyDifference(place, f"No longer stored: {_named(before[place])}.")
        else:
            yield from _changed(place, before[place], after[place])


def _new(place: str, column: Column) -> PolicyDifference:
    text = f"New: {_named(column)}, for {purpose_label(column['purpose'])}. Kept: {column['kept']}."
    return _widening(place, text)


def _named(column: Column) -> str:
    return f"{column['what']} (in “{column['rows']}”)"


def _changed(place: str, old: Column, new: Column) -> Iterator[PolicyDifference]:
    """Changes of one column. A change counts as wider unless it is provably narrower."""
    named = _named(new)
    if old["purpose"] != new["purpose"]:
        was, is_now = purpose_label(old["purpose"]), purpose_label(new["purpose"])
        yield _widening(place, f"New purpose for {named}: {is_now} instead of {was}.", held=True)
    if old["recipients"] != new["recipients"]:
        text = f"New recipients of {named}: {new['recipients']} instead of {old['recipients']}."
        yield _widening(place, text, held=True)
    if old["after_deletion"] != new["after_deletion"] and new["after_deletion"]:
        text = f"Kept if you request deletion: {named}, because {new['after_deletion']}."
        yield _widening(place, text, held=True)
    yield from _changed_retention(place, old, new)
    if any(old[name] != new[name] for name in ("rows", "what", "source")):
        yield PolicyDifference(place, f"New wording: {named}, from {new['source']}.")


def _widening(place: str, text: str, *, held: bool = False, closes: bool = True) -> PolicyDifference:
    return PolicyDifference(
        place, text, widens=True, closes=closes and not place.startswith(TELLING + SIGNING_IN), held=held
    )


def _changed_retention(place: str, old: Column, new: Column) -> Iterator[PolicyDifference]:
    if all(old[name] == new[name] for name in ("kept", "days", "since")):
        return
    told = f"{_named(new)}: {new['kept']} instead of {old['kept']}."
    if is_longer(old, new):
        # Rows that erasure keeps protect the person (opt-outs, tombstones), so they are announced but never blocked.
        protects = new["erasure"] == Erasure.KEEP
        yield _widening(place, f"New retention: {told}", held=True, closes=not protects)
    elif new["days"] < old["days"]:
        yield PolicyDifference(place, f"Shorter retention: {told}")
    else:
        yield PolicyDifference(place, f"New wording of retention: {told}")


def is_longer(old: Column, new: Column) -> bool:
    """Retention in days from the same event is compared; anything else counts as longer."""
    if old["since"] == new["since"] and old["days"] and new["days"]:
        return bool(new["days"] > old["days"])
    return True


def _of_purposes(before: Snapshot, after: Snapshot) -> Iterator[PolicyDifference]:
    for name in sorted({*after["purposes"]} - {*before["purposes"]}):
        yield _widening(f"purpose:{name}", f"A new purpose: {purpose_label(name)}.")
    for name in sorted({*before["purposes"]} - {*after["purposes"]}):
        yield PolicyDifference(f"purpose:{name}", f"No longer a purpose: {purpose_label(name)}.")


def _of_uses(before: Snapshot, after: Snapshot) -> Iterator[PolicyDifference]:
    """A new use of an existing table. The uses of a new table are announced with its columns.

    Snapshots from before uses were recorded can't be compared; the first one with uses sets the baseline.
    """
    if "uses" not in before:
        if before["columns"]:
            yield PolicyDifference("uses", "From now on this page also lists additional uses of each kind of data.")
        return
    known = {_table(place) for place in before["uses"]}
    for place, use in sorted(after["uses"].items()):
        earlier = before["uses"].get(place)
        if earlier is None and _table(place) in known:
            yield _widening(place, f"A new use: {_used(use)}.", held=True)
        elif earlier is not None and _is_wider(earlier, use):
            yield _widening(place, f"A wider use: {_used(use)}.", held=True)
    for place in sorted({*before["uses"]} - {*after["uses"]}):
        yield PolicyDifference(place, f"No longer a use: {_used(before['uses'][place])}.")


def _table(place: str) -> str:
    return place.split(":")[1]


def _used(use: dict[str, Any]) -> str:
    audience = Audience(use["audience"]).label if use["audience"] in Audience.values else use["audience"]
    what = use["told"] or f"for {purpose_label(use['purpose'])}, seen by {audience}"
    return f"“{use['rows']}”, {what}"


def _is_wider(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """An empty list of columns means all columns."""
    if not old["columns"]:
        return False
    return not new["columns"] or not {*new["columns"]} <= {*old["columns"]}


def _of_text(before: Snapshot, after: Snapshot) -> Iterator[PolicyDifference]:
    old, new = ({promise["id"]: promise for promise in snapshot["promises"]} for snapshot in (before, after))
    for name in sorted({*old, *new}):
        if name not in old:
            yield PolicyDifference(f"promise:{name}", f"A new promise: {new[name]['sentence']}")
        elif name not in new:
            yield PolicyDifference(
                f"promise:{name}", f"No longer promised: {old[name]['sentence']}", widens=True, held=True
            )
        elif old[name] != new[name]:
            yield PolicyDifference(f"promise:{name}", f"New wording of a promise: {new[name]['sentence']}")
