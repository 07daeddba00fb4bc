"""The triggers that write running sums, on SQLite and on PostgreSQL: migrations use them as operations.

A later migration that alters the table of commissions or of the ledger builds it anew on SQLite, without its triggers:
repeat `keep_sums()` behind it. One that alters the attributions or the running sums, which the triggers name, is
refused by SQLite: put `stop_keeping_sums()` before it and `keep_sums()` behind it. `verify_ledger` notices either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import migrations

from privacy.append_only import columns_change, standing_triggers

LEDGER, COMMISSION = "affiliates_ledgerentry", "affiliates_commission"
_COLUMNS = "INSERT INTO affiliates_runningsum (affiliate_id, currency, what, number, amount_minor)"


class Trigger(NamedTuple):
    table: str
    action: str
    statements: tuple[str, ...]
    when: str = ""

    @property
    def name(self) -> str:
        return f"{self.table}_{self.action}_keeps_sums"


def _commission(row: str, sign: str) -> str:
    """Adds this version of a commission to the sum of its state, or takes it out."""
    remaining = f"({row}.amount_minor - {row}.reversed_minor)"
    return f"""
        {_COLUMNS} SELECT affiliate_id, {row}.currency, {row}.state, {sign}1, {sign}{remaining}
        FROM affiliates_attribution WHERE id = {row}.attribution_id;
    """  # noqa: S608 (the two versions of the row and the two signs below)


TRIGGERS = (
    Trigger(COMMISSION, "insert", (_commission("NEW", "+"),)),
    Trigger(
        COMMISSION,
        "update",
        (_commission("OLD", "-"), _commission("NEW", "+")),
        columns_change("state", "amount_minor", "reversed_minor", "currency", "attribution_id"),
    ),
    Trigger(
        LEDGER,
        "insert",
        (f"{_COLUMNS} VALUES (NEW.affiliate_id, NEW.currency, 'ledger', 1, NEW.amount_minor);",),
    ),
)


def keep_sums() -> migrations.RunPython:
    """From here on every change adds to the sums. Safe to repeat."""
    return migrations.RunPython(_create, _drop)


def stop_keeping_sums() -> migrations.RunPython:
    return migrations.RunPython(_drop, _create)


def missing_triggers(connection: Any) -> Iterator[Trigger]:
    """Those that don't stand or are switched off."""
    for trigger in TRIGGERS:
        if trigger.name not in standing_triggers(connection, trigger.table):
            yield trigger


def _create(apps: Any, schema_editor: Any) -> None:
    _drop(apps, schema_editor)
    for trigger in TRIGGERS:
        for statement in _creation(schema_editor.connection.vendor, trigger):
            schema_editor.execute(statement, params=None)


def _drop(apps: Any, schema_editor: Any) -> None:
    for trigger in TRIGGERS:
        for statement in _removal(schema_editor.connection.vendor, trigger):
            schema_editor.execute(statement, params=None)


def _creation(vendor: str, trigger: Trigger) -> list[str]:
    when = f"WHEN ({trigger.when})" if trigger.when else ""
    head = f'CREATE TRIGGER "{trigger.name}" AFTER {trigger.action.upper()} ON "{trigger.table}" FOR EACH ROW {when}'
    body = "".join(trigger.statements)
    if vendor == "sqlite":
        return [f"{head} BEGIN {body} END"]
    return [
        f'CREATE OR REPLACE FUNCTION "{trigger.name}"() RETURNS trigger LANGUAGE plpgsql AS '
        f"$$ BEGIN {body} RETURN NULL; END $$",
        f'{head} EXECUTE FUNCTION "{trigger.name}"()',
    ]


def _removal(vendor: str, trigger: Trigger) -> list[str]:
    if vendor == "sqlite":
        return [f'DROP TRIGGER IF EXISTS "{trigger.name}"']
    return [
        f'DROP TRIGGER IF EXISTS "{trigger.name}" ON "{trigger.table}"',
        f'DROP FUNCTION IF EXISTS "{trigger.name}"()',
    ]
