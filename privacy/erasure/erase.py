"""Erasure: applies the registry's rule to each row about a data subject, in one transaction, and reports the result.

A tombstone in the key store survives restoring a backup (`privacy.erasure.tombstones`), and an opt-out prevents
further contact. Pending mail to the person is deleted too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction
from django.utils import timezone

from privacy.audit.trail import record
from privacy.consent.opt_outs import suppress
from privacy.models import PrivacyRequest, Suppression
from privacy.models.request import RECORD_LIFE
from privacy.registry.declarations import Erasure, PersonalData, personal_models
from privacy.registry.purpose_binding import upkeep

from . import tombstones

Found = list[tuple[PersonalData, list[Any]]]


AT_ONCE = 500  # rows per statement; SQLite limits the number of parameters


@dataclass(frozen=True)
class ErasureLine:
    """The result for one kind of row: the rule, the number of rows, and the reason if they are kept.

    Of kept rows, `added` are those that the erasure itself created or anonymized.
    """

    label: str
    rule: Erasure
    rows: int
    reason: str = ""
    added: int = 0

    def __str__(self) -> str:
        done = {Erasure.DELETE: "deleted", Erasure.REDACT: "anonymized", Erasure.KEEP: "kept"}
        because = f", because {self.reason}" if self.reason else ""
        return f"{self.label}: {self.rows} {done[self.rule]}{because}"


@upkeep
@transaction.atomic
def erase_person(*, email: str, keep_usable: bool = False, actor: AbstractBaseUser | None = None) -> list[ErasureLine]:
    """Deletes, redacts or keeps every row about the person with this address, as the registry declares.

    With `keep_usable`, purchases keep working: license keys stay, without a name. What others
    wrote in this person's conversations stays theirs (`ByOthers`). If nothing was stored about the
    address, the report is empty and no tombstone or opt-out is created.
    """
    # Find all rows before erasing any: redacting an order would hide rows that are found through it.
    found = _find(email)
    if not found:
        return []
    now = timezone.now()
    # Open requests can no longer be answered, so they end and lose their deadline.
    PrivacyRequest.objects.open().of_address(email).update(
        state=PrivacyRequest.State.ANSWERED,
        outcome=PrivacyRequest.Outcome.ENDED,
        answered_at=now,
        keep_until=now + RECORD_LIFE,
    )
    with tombstones.record_tombstone(email, keep_usable=keep_usable) as mark:
        report = list(_changes(found, keep_usable))
        kept = {line.label: line for line in _kept(found)}
        for declaration, rows in found:
            apply_rule(declaration, _rule(declaration, keep_usable), rows)
            if declaration.ended and not keep_usable:
                _end(declaration, [row.pk for row in rows])
        suppress(email, source=Suppression.Source.ERASURE)
        now_kept = {line.label: line for line in _kept(_find(email))}
        report += (
            replace(line, added=line.rows - kept[line.label].rows if line.label in kept else line.rows)
            for line in {**kept, **now_kept}.values()
        )
        record(action="privacy.person.erased", about=mark, actor=actor)
    return report


@upkeep
def plan_erasure(*, email: str, keep_usable: bool = False) -> list[ErasureLine]:
    """What `erase_person` would report now. Changes nothing."""
    found = _find(email)
    return [*_changes(found, keep_usable), *_kept(found)]


def _find(email: str) -> Found:
    found = [(declaration, list(declaration.own_rows_of(email))) for declaration in personal_models()]
    return [(declaration, rows) for declaration, rows in found if rows]


def _rule(declaration: PersonalData, keep_usable: bool) -> Erasure:
    return Erasure.KEEP if keep_usable and declaration.kept_usable else declaration.erasure


def _changes(found: Found, keep_usable: bool) -> Iterator[ErasureLine]:
    """Rows that will be deleted or redacted."""
    for declaration, rows in found:
        rule = _rule(declaration, keep_usable)
        if rule is not declaration.erasure:
            yield ErasureLine(declaration.label, rule, len(rows), declaration.kept_usable)
            continue
        if rule is Erasure.REDACT:
            rows = [row for row in rows if _is_still_personal(declaration, row)]
        if rows and rule is not Erasure.KEEP:
            yield ErasureLine(declaration.label, rule, len(rows), declaration.kept_because)


def _kept(found: Found) -> Iterator[ErasureLine]:
    """Rows that are kept unchanged, and those that were redacted earlier."""
    for declaration, rows in found:
        if declaration.erasure is Erasure.REDACT:
            rows = [row for row in rows if not _is_still_personal(declaration, row)]
        if rows and declaration.erasure is not Erasure.DELETE:
            yield ErasureLine(declaration.label, Erasure.KEEP, len(rows), declaration.kept_because)


def _is_still_personal(declaration: PersonalData, row: models.Model) -> bool:
    return any(getattr(row, name) is not None for name in declaration.emptied)


def apply_rule(declaration: PersonalData, rule: Erasure, rows: Iterable[models.Model]) -> None:
    """Deletes or redacts rows. Shared by erasure and retention."""
    if rule is Erasure.DELETE:
        _delete(declaration, [row.pk for row in rows])
    elif rule is Erasure.REDACT:
        for row in rows:
            _redact(declaration, row)


def _delete(declaration: PersonalData, keys: list[Any]) -> None:
    for start in range(0, len(keys), AT_ONCE):
        declaration.model._base_manager.filter(pk__in=keys[start : start + AT_ONCE]).delete()


def _end(declaration: PersonalData, keys: list[Any]) -> None:
    for start in range(0, len(keys), AT_ONCE):
        declaration.model._base_manager.filter(pk__in=keys[start : start + AT_ONCE]).update(**declaration.ended)


def _redact(declaration: PersonalData, row: Any) -> None:
    if not declaration.redacted and not _is_still_personal(declaration, row):
        return  # most rows of a long history contain no personal text
    changes = {**dict.fromkeys(declaration.emptied), **declaration.redacted}
    for name, value in changes.items():
        setattr(row, name, value() if callable(value) else value)
    # Save only these columns: an order may be paid between reading and redacting it.
    row.save(update_fields=list(changes))
